"""What the tests share."""

import copy
import json
import os
import runpy
import signal
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from commands import Run
from coverage import Coverage
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis_profiles import PROFILES, is_thorough
from tables import coverage

from v4schema import Kind
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.cli import main

#: The folder of Hypothesis, removed after the run: tests leave no files behind.
KEPT = tempfile.TemporaryDirectory()
set_hypothesis_home_dir(KEPT.name)
for profile, number in PROFILES.items():
    settings.register_profile(
        profile,
        max_examples=number,
        database=None,
        deadline=None,
        report_multiple_bugs=False,  # one is enough, and the search for others takes long
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("usual")

#: The folder with the tests, the examples and the README; the package may be elsewhere.
CHECKOUT = Path(__file__).resolve().parent.parent
OFFLINE = CHECKOUT / "tests" / "offline"
runpy.run_path(str(OFFLINE / "sitecustomize.py"))
#: How much processor time one test may take, in seconds.
MAX_TEST_TIME = 60


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of slow tests."""
    config.addinivalue_line("markers", "slow: takes more than about two seconds; not part of the quick check.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Do not measure coverage in tests that draw: the result would depend on luck, and measuring halves their speed.

    Measured tests run first, before the others have filled any cache.
    """
    for item in items:
        is_doctest = item.name.startswith("v4schema.strategies")  # doctests that search for the smallest ad
        if is_doctest or getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")
        if is_doctest:
            item.add_marker("slow")
    items.sort(key=lambda item: item.get_closest_marker("no_cover") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which assertions were violated, if the tests about them ran."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    tables = [rows for report in reports for name, rows in report.user_properties if name == "assertion_counts"]
    if tables:
        terminalreporter.section("assertions violated by near misses, by schema and keyword")
        for line in coverage(chain.from_iterable(tables)):
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True, scope="session")
def _offline() -> None:
    """Neither a test nor a Python process that it starts reaches a network other than loopback."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))


@pytest.fixture(autouse=True, scope="session")
def _signals_are_received() -> None:
    """Let processes that tests start receive signals even if this run ignores them, as under `nohup` or with ``&``.

    A child inherits ignored signals but no handlers, so this process gets handlers that do nothing.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that takes too much processor time, because on a busy machine it would seem to hang.

    In a test without coverage, stop the measurement that coverage starts in every child process, such as a worker of
    pytest-xdist.
    """
    unmeasured = item.config.pluginmanager.hasplugin("_cov") and item.get_closest_marker("no_cover")
    while unmeasured and (also := Coverage.current()):
        also.stop()
    before = _processor_time()
    yield
    if not is_thorough() and (taken := _processor_time() - before) > MAX_TEST_TIME:
        pytest.fail(f"{item.nodeid} took {taken:.0f} s of processor time; a test may take {MAX_TEST_TIME} s.")


def _processor_time() -> float:
    """The processor time of this process and of the children that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Hide the caller's own variables from the tests, and those of coverage from the children of tests without coverage."""
    unmeasured = request.node.get_closest_marker("no_cover") is not None
    for name in [*os.environ]:
        if name.startswith("COVERAGE_") and unmeasured:
            monkeypatch.delenv(name)
        if name.startswith("V4SCHEMA_") or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}:
            monkeypatch.delenv(name)


@pytest.fixture
def checkout() -> Path:
    """The folder that contains the tests, the examples and the README."""
    return CHECKOUT


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The catalogue of the schemas that come with the package."""
    return catalogues.default()


@pytest.fixture(scope="session")
def kinds(catalogue: Catalogue) -> list[Kind]:
    """Every kind of ad that has a schema."""
    return [
        Kind(version=edition.name, category=category.slug)
        for edition in catalogue.editions.values()
        for category in edition.categories.values()
        if category.schema
    ]


@pytest.fixture
def schemas() -> Path:
    """The folder of the schemas of the installed package."""
    package = Path(catalogues.__file__).parent.parent
    return next(folder for folder in (package / "schemas", package.parent / "schemas") if folder.is_dir())


@pytest.fixture
def guide() -> Callable[[str], dict[str, Any]]:
    """The ads of the API's implementation guide, by name; each call gives a new copy."""

    def load(name: str) -> dict[str, Any]:
        ad: dict[str, Any] = json.loads((CHECKOUT / "examples" / f"{name}.json").read_text("utf-8"))
        return ad

    return load


@pytest.fixture
def clean(guide: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The guide's moped, with what its warnings ask for."""
    ad = copy.deepcopy(guide("moped"))
    ad["dealer_code"] = "dealer-123"
    ad["price"][0]["amount"] = 3500000
    return ad


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new folder, which is the current one during a test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(in_empty_folder: Path) -> Run:
    """Run the command in an empty folder."""

    def run(*args: str, stdin: bytes | str | None = None, env: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(main, args, input=stdin, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    assert in_empty_folder
    return run


@pytest.fixture
def good(clean: dict[str, Any], in_empty_folder: Path) -> str:
    """The name of a file without findings."""
    (in_empty_folder / "good.json").write_text(json.dumps(clean), "utf-8")
    return "good.json"


@pytest.fixture
def bad(clean: dict[str, Any], in_empty_folder: Path) -> str:
    """The name of a file with an error and a warning in it."""
    fields = clean["category_fields"]
    fields["year"] = fields.pop("model_year")
    clean["body"] = "Fin <b>moped</b> från Växjö"
    (in_empty_folder / "bad.json").write_text(json.dumps(clean, indent=2, ensure_ascii=False), "utf-8")
    return "bad.json"
