"""Try the package in fresh environments: every Python there is, with the lowest and with the newest dependencies it admits.

For each Python and each choice of dependencies, this makes a virtual environment, installs the wheel of this checkout, and runs
tests. It prints a table, what could not be had, and ends with 1 if anything failed.

    python scripts/environments.py                          # a fast choice of tests
    python scripts/environments.py --tests tests            # all of them
    python scripts/environments.py --python /opt/python3.14t/bin/python3
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
#: The Pythons that are looked for: those that can be had, and those that are to come; "t" is a free-threaded build.
VERSIONS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t")
#: Tests that touch every dependency and take less than a minute.
FAST = [
    f"tests/test_{name}.py" for name in ("reading", "examples", "sheets", "receipts", "openapi", "http", "preflight", "engines")
]
#: What tests read beside the package.
_NEEDED = (
    "tests",
    "scripts",
    "examples",
    "docs",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "pyproject.toml",
    "schemas",
    ".pre-commit-hooks.yaml",
)
_BOUND = re.compile(r"([A-Za-z0-9_.-]+)\s*(?:>=\s*([0-9.]+))?")


class Row(NamedTuple):
    """What one environment has come to."""

    python: str
    dependencies: str
    outcome: str
    why: str = ""


def main() -> int:
    """Try all environments, and print what has come of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", default=[], help="an interpreter to try beside those that are found")
    parser.add_argument("--only", action="store_true", help="try no interpreters but those that are named with --python")
    parser.add_argument("--dependencies", choices=["lowest", "newest"], action="append", help="default: both")
    parser.add_argument("--tests", nargs="+", default=FAST, help="files or folders of tests")
    told = parser.parse_args()
    found = {} if told.only else dict(pythons())
    found |= {version(path): path for path in told.python}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for python, choice in itertools.product(found, told.dependencies or ["newest", "lowest"]):
            rows.append(tried(found[python], python, choice, told.tests, Path(folder, f"{python}-{choice}")))
            print(*rows[-1], sep=" | ", flush=True)
    missing = [] if told.only else [wanted for wanted in VERSIONS if not any(short(each) == wanted for each in found)]
    print(table([*rows, *(Row(wanted, "", "not to be had") for wanted in missing)]))
    return int(any(row.outcome != "passed" for row in rows))


def pythons() -> Iterator[tuple[str, str]]:
    """Yield the interpreters of this machine by their versions: on the path, of pyenv, and of uv."""
    managed = [*Path.home().glob(".pyenv/versions/*/bin"), *Path.home().glob(".local/share/uv/python/*/bin")]
    folders = [*map(Path, os.get_exec_path()), *managed]
    for wanted, folder in itertools.product(VERSIONS, folders):
        path = folder / f"python{wanted}"
        if path.exists() and short(version(str(path))) == wanted:
            yield version(str(path)), str(path)


def version(python: str) -> str:
    """Return the version of an interpreter, with a "t" if it is free-threaded; nothing if it does not run."""
    script = "import sys, sysconfig; print(sys.version.split()[0] + 't' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def short(told: str) -> str:
    """Return the version of a Python without its last number."""
    return re.sub(r"^([0-9]+[.][0-9]+)[^t]*", r"\1", told)


def tried(python: str, told: str, dependencies: str, tests: Sequence[str], folder: Path) -> Row:
    """Make an environment and run tests in it."""
    own = str(folder / "bin" / "python")
    admitted = lowest() if dependencies == "lowest" else []
    steps = [
        ("make", [python, "-m", "venv", str(folder)]),
        ("install", [own, "-m", "pip", "install", "--quiet", f"{CHECKOUT}[test]", *admitted]),
        ("check", [own, "-m", "pip", "check"]),
    ]
    for step, command in steps:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return Row(told, dependencies, f"cannot {step}", last(done.stderr or done.stdout))
    with tempfile.TemporaryDirectory() as apart:  # so that it is the wheel that is tested, and not the checkout
        for name in _NEEDED:
            source = CHECKOUT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(apart, name))
        done = subprocess.run(
            [own, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], capture_output=True, text=True, check=False, cwd=apart
        )
    why = "" if done.returncode == 0 else failures(done.stdout) or last(done.stdout + done.stderr)
    return Row(told, dependencies, "passed" if done.returncode == 0 else "failed", why or last(done.stdout))


def lowest() -> list[str]:
    """Return the lowest version of each dependency that `pyproject.toml` admits, as pip has it."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    several = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in ("openapi", "hypothesis", "test"))]
    bounds = (found.groups() for each in itertools.chain(*several) if (found := _BOUND.match(each)))
    return [f"{name}=={bound}" for name, bound in bounds if bound]


def failures(printed: str) -> str:
    """Return the tests that failed, the first of them by name."""
    failed = [line for line in printed.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return f"{len(failed)}: {'; '.join(failed[:5])}" if failed else ""


def last(text: str) -> str:
    """Return the last line of a text that is not blank."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def table(rows: Sequence[Row]) -> str:
    """Return rows as a table of Markdown."""
    lines = ["| Python | Dependencies | Outcome | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


if __name__ == "__main__":
    sys.exit(main())
