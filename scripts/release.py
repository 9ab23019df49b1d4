"""Make a release up to the upload: check, build, try the wheel, tag. `--dry-run` does all but the tag.

docs/releasing.md says what to do before and after. It needs the extra `dev`.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator, Sequence
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: The heading of a version in the changelog: the version, and the day it is released on.
_HEADING = re.compile(r"^## \[([^\]]+)\](?: - ([0-9]{4}-[0-9]{2}-[0-9]{2}))?$", re.MULTILINE)


def obstacles(*, version: str, changelog: str, changed: str, tags: Sequence[str]) -> Iterator[str]:
    r"""Yield what prevents a release, from its version, the changelog, the uncommitted changes, and the tags.

    >>> log = "## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n- New.\n"
    >>> [*obstacles(version="1.2.0", changelog=log, changed="", tags=["v1.1.0"])]
    []
    """
    if changed:
        yield f"The work tree is not clean:\n{changed}"
    if f"v{version}" in tags:
        yield f"The tag v{version} exists already: raise the version."
    sections = _HEADING.split(changelog)[1:]
    pending = sections[2].strip() if len(sections) > 2 and sections[0] == "Unreleased" else None  # noqa: PLR2004
    if pending is None:
        yield "CHANGELOG.md does not begin with the heading [Unreleased]."
    elif pending:
        yield f"CHANGELOG.md has changes under [Unreleased]: move them below ## [{version}] - YYYY-MM-DD."
    elif sections[3:4] != [version] or sections[4] is None:
        yield f"Below [Unreleased], CHANGELOG.md does not go on with ## [{version}] - YYYY-MM-DD."


def metadata(wheel: Path) -> Iterator[str]:
    """Yield what is wrong with a wheel: missing metadata that an index requires, and missing data of the package."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        described = Parser().parsestr(archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode())
    for field in ("Name", "Version", "Summary", "License-Expression", "Requires-Python", "Description-Content-Type"):
        if not described.get(field):
            yield f"The wheel has no {field}."
    for needed in ("v4schema/py.typed", "v4schema/schemas/catalogue.json", "licenses/LICENSE"):
        if not any(name.endswith(needed) for name in names):
            yield f"The wheel has no {needed}."
    foreign = sorted({name.partition("/")[0] for name in names} - {"v4schema"})
    if len(foreign) != 1 or not foreign[0].endswith(".dist-info"):
        yield f"The wheel holds more than the package: {', '.join(foreign)}."


def _run(*args: str | Path, cwd: Path = ROOT) -> str:
    """Run a command, and return what it prints."""
    return subprocess.run([str(word) for word in args], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def _build(folder: Path) -> tuple[str, Path]:
    """Build an sdist and a wheel from it, check them as an index would, and return the version and the wheel."""
    _run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    print(_run(sys.executable, "-m", "twine", "check", "--strict", *sorted(folder.iterdir())), end="")
    wrong = [*metadata(wheel)]
    if wrong:
        sys.exit("\n".join(wrong))
    return wheel.name.split("-")[1], wheel


def _try(wheel: Path, version: str) -> None:
    """Install a wheel into a new environment, and validate an ad with it, without access to the source."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder, "Scripts" if sys.platform == "win32" else "bin")
        _run(programs / "python", "-m", "pip", "install", "--quiet", wheel)
        printed = _run(programs / "v4schema", "--version", cwd=Path(folder)).strip()
        if printed != f"v4schema {version}":
            sys.exit(f"The wheel of {version} says it is {printed}.")
        print(_run(programs / "v4schema", "validate", *sorted((ROOT / "examples").glob("moped.json")), cwd=Path(folder)), end="")


def main() -> None:
    """Make a release."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--dry-run", action="store_true", help="do everything except the tag, even if something prevents a release"
    )
    options.add_argument("--outdir", type=Path, default=ROOT / "dist", help="an empty or new folder for sdist and wheel")
    args = options.parse_args()
    if args.outdir.exists() and [*args.outdir.iterdir()]:
        sys.exit(f"{args.outdir} is not empty.")
    version, wheel = _build(args.outdir)
    left = [
        *obstacles(
            version=version,
            changelog=(ROOT / "CHANGELOG.md").read_text("utf-8"),
            changed=_run("git", "status", "--porcelain"),
            tags=_run("git", "tag").split(),
        )
    ]
    for obstacle in left:
        print(obstacle)
    if left and not args.dry_run:
        sys.exit(1)
    _try(wheel, version)
    if args.dry_run:
        print(f"v{version} builds and runs; nothing was tagged.")
        return
    _run("git", "tag", "--annotate", f"v{version}", "--message", f"v4schema {version}")
    print(f"Tagged v{version}. To publish:\n  git push origin v{version}\n  {sys.executable} -m twine upload {args.outdir}/*")


if __name__ == "__main__":
    main()
