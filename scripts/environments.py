"""Test the package in fresh environments: with every Python on this machine, and the lowest and the newest dependencies.

For each Python and each choice of dependencies, this script makes a virtual environment, installs the wheel of this checkout, and
runs tests. It prints a table, which also lists the Pythons that are missing, and exits with 1 if anything failed.

    python scripts/environments.py                          # some fast tests
    python scripts/environments.py --tests tests            # all tests
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
#: The Pythons to look for, released or not; "t" is a free-threaded build.
VERSIONS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t")
#: Tests that use every dependency and take less than a minute.
FAST = [
    f"tests/test_{name}.py"
    for name in ("reading", "examples", "question_sheet", "receipts", "openapi", "http", "preflight", "engines")
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
    """The outcome of one environment."""

    python: str
    dependencies: str
    outcome: str
    details: str = ""


def main() -> int:
    """Test all environments, and print a table. Return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", default=[], help="another interpreter to test")
    parser.add_argument("--only", action="store_true", help="test only the interpreters named by --python")
    parser.add_argument("--dependencies", choices=["lowest", "newest"], action="append", help="default: both")
    parser.add_argument("--tests", nargs="+", default=FAST, help="files or folders of tests")
    args = parser.parse_args()
    found = {} if args.only else dict(pythons())
    found |= {version(path): path for path in args.python}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for python, choice in itertools.product(found, args.dependencies or ["newest", "lowest"]):
            rows.append(test_environment(found[python], python, choice, args.tests, Path(folder, f"{python}-{choice}")))
            print(*rows[-1], sep=" | ", flush=True)
    missing = [] if args.only else [wanted for wanted in VERSIONS if not any(short(each) == wanted for each in found)]
    print(table([*rows, *(Row(wanted, "", "missing") for wanted in missing)]))
    return int(any(row.outcome != "passed" for row in rows))


def pythons() -> Iterator[tuple[str, str]]:
    """Yield the version and the path of each interpreter on this machine: on PATH, of pyenv, and of uv."""
    managed = [*Path.home().glob(".pyenv/versions/*/bin"), *Path.home().glob(".local/share/uv/python/*/bin")]
    folders = [*map(Path, os.get_exec_path()), *managed]
    for wanted, folder in itertools.product(VERSIONS, folders):
        path = folder / f"python{wanted}"
        if path.exists() and short(version(str(path))) == wanted:
            yield version(str(path)), str(path)


def version(python: str) -> str:
    """Return the version of an interpreter, with a "t" if it is free-threaded; "" if it does not run."""
    script = "import sys, sysconfig; print(sys.version.split()[0] + 't' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def short(full: str) -> str:
    """Return the version of a Python without its last number."""
    return re.sub(r"^([0-9]+[.][0-9]+)[^t]*", r"\1", full)


def test_environment(python: str, full: str, dependencies: str, tests: Sequence[str], folder: Path) -> Row:
    """Make an environment and run tests in it."""
    interpreter = str(folder / "bin" / "python")
    pins = lowest() if dependencies == "lowest" else []
    steps = [
        ("make", [python, "-m", "venv", str(folder)]),
        ("install", [interpreter, "-m", "pip", "install", "--quiet", f"{CHECKOUT}[test]", *pins]),
        ("check", [interpreter, "-m", "pip", "check"]),
    ]
    for step, command in steps:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return Row(full, dependencies, f"cannot {step}", last(done.stderr or done.stdout))
    with tempfile.TemporaryDirectory() as apart:  # so that the tests use the wheel, not the checkout
        for name in _NEEDED:
            source = CHECKOUT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(apart, name))
        done = subprocess.run(
            [interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
            capture_output=True,
            text=True,
            check=False,
            cwd=apart,
        )
    details = "" if done.returncode == 0 else failures(done.stdout) or last(done.stdout + done.stderr)
    return Row(full, dependencies, "passed" if done.returncode == 0 else "failed", details or last(done.stdout))


def lowest() -> list[str]:
    """Return the lowest version of each dependency that `pyproject.toml` allows, as a requirement for pip."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in ("openapi", "hypothesis", "test"))]
    bounds = (found.groups() for each in itertools.chain(*groups) if (found := _BOUND.match(each)))
    return [f"{name}=={bound}" for name, bound in bounds if bound]


def failures(printed: str) -> str:
    """Return the number of failed tests, and the lines of the first five."""
    failed = [line for line in printed.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return f"{len(failed)}: {'; '.join(failed[:5])}" if failed else ""


def last(text: str) -> str:
    """Return the last line of a text that is not blank, or ""."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = ["| Python | Dependencies | Outcome | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


if __name__ == "__main__":
    sys.exit(main())
