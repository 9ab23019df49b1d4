"""Mutation testing: change the code in one small place at a time, and see whether a test fails.

    python scripts/mutate_code.py                           # all of MODULES
    python scripts/mutate_code.py steps --minutes 10 --resume mutants.ndjson
    python scripts/mutate_code.py --sample 5 --seed 7       # some of each module

The mutants come from mutmut's operators, and from a few of our own that find code without effect. mutmut's own runner skips
everything with a decorator, which is half of this code, and cosmic-ray starts Python for each mutant, which takes longer than
most tests. So the tests are collected once, in a copy of the checkout, and each mutant is a fork in which the mutated module
replaces the real one. For the few modules that make the schemas before any test runs, pytest starts again. Nothing is written to
the checkout.

`mutants.json`, beside this script, has the mutants that no test can catch, each with its reason. The exit code is 1 if another
mutant survives, or if a mutant with a reason does not.
"""

import argparse
import contextlib
import difflib
import gc
import importlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import coverage
import libcst
import pytest
from libcst import metadata
from mutmut.mutation.mutators import mutation_operators, operator_string

CHECKOUT = Path(__file__).resolve().parent.parent
REASONS = Path(__file__).with_name("mutants.json")
#: Tests over all categories are limited to these: a simple ad that becomes a vehicle, and one that is converted as it is.
FEW = {"moped", "car"}
#: A test with another folder of schemas.
EXTENSION = "test_extension.py::test_a_new_category_and_a_new_edition_work_in_the_library"
COMMAND = ["test_cli", "test_cli_convert", "test_cli_files", "test_cli_normalise"]
HTTP = ["test_openapi", "test_http_check", "test_http"]
STRATEGIES = ["test_strategy_cases", "test_strategies"]
#: The tests of each module with logic, by its name within the package.
MODULES = {
    "spelling": ["test_report", "test_validator", "test_normaliser"],
    "document.edit": ["test_source_map", "test_normaliser", "test_convert"],
    "document.json_value": ["test_report", "test_validator", "test_normaliser", "test_convert"],
    "document.pointer": ["test_report", "test_privacy", "test_validator", "test_normaliser"],
    "document.positions": ["test_reading", "test_privacy"],
    "document.rewrite": ["test_rewrite", "test_cli_normalise"],
    "document.source_map": ["test_source_map", "test_normaliser", "test_convert"],
    "findings.report": ["test_report", "test_validator"],
    "dialect.assertions": ["test_strategy_cases", "test_comparison", "test_schemas"],
    "dialect.engines": ["test_engines"],
    "dialect.fields": ["test_schemas", "test_comparison", "test_validator", "test_contract", "test_examples"],
    "dialect.flatten": ["test_provenance", "test_schemas", "test_validator", "test_contract", "test_examples"],
    "dialect.keywords": ["test_keywords", "test_comparison", "test_validator", "test_contract", "test_cli"],
    "dialect.patterns": ["test_patterns"],
    "catalogue.__init__": ["test_catalogue", "test_schemas", "test_validator", "test_cli"],
    "catalogue.editions": ["test_catalogue", "test_convert", "test_cli"],
    "catalogue.field_names": ["test_validator", "test_normaliser", "test_examples"],
    "catalogue.messages": ["test_validator", "test_messages", "test_report"],
    "catalogue.plausibility": ["test_provenance", "test_validator", "test_examples"],
    "catalogue.privacy": ["test_privacy"],
    "catalogue.provenance": ["test_provenance"],
    "catalogue.quantities": ["test_normaliser", "test_validator", "test_schemas", "test_examples"],
    "catalogue.vocabulary": ["test_normaliser", "test_schemas", "test_examples"],
    "reading.identify": ["test_validator", "test_normaliser", "test_reading"],
    "reading.layout": ["test_reading", "test_limits"],
    "reading.parsing": ["test_reading", "test_limits"],
    "reading.reader": ["test_reading", "test_limits"],
    "reading.syntax_errors": ["test_reading", "test_messages"],
    "validation.diagnosis": ["test_validator", "test_contract", "test_engines", "test_messages", "test_examples"],
    "validation.validator": ["test_validator", "test_examples", "test_report", "test_catalogue", EXTENSION],
    "normalisation.normaliser": ["test_normaliser", "test_examples", "test_values", EXTENSION],
    "normalisation.quantity_steps": ["test_normaliser", "test_convert", "test_examples"],
    "normalisation.relocation": ["test_convert", "test_preflight", "test_examples"],
    "normalisation.renaming": ["test_normaliser", "test_convert", "test_examples"],
    "normalisation.steps": ["test_normaliser", "test_examples", "test_mapping", "test_schemas"],
    "normalisation.transform": ["test_normaliser", "test_preflight", "test_convert", "test_examples"],
    "preparation": ["test_preflight", "test_normaliser"],
    "conversion.comparison": ["test_comparison"],
    "conversion.converter": ["test_convert", "test_examples", "test_mapping"],
    "conversion.mappings": ["test_mapping", "test_convert", EXTENSION],
    "conversion.migration": ["test_convert", "test_examples"],
    "conversion.questions": ["test_convert", "test_question_sheet"],
    "conversion.receipts": ["test_receipts", "test_convert"],
    "conversion.restore": ["test_convert", "test_receipts"],
    "conversion.result": ["test_convert", "test_receipts", "test_values"],
    "conversion.run": ["test_convert", "test_cli_convert", "test_examples"],
    "lint": ["test_cli", "test_openapi", "test_extension"],
    "feed.__init__": ["test_reading", "test_preflight", "test_rewrite", "test_cli", "test_cli_files", "test_cli_convert"],
    "feed.answer_sheet": ["test_question_sheet", "test_cli_convert"],
    "feed.formula_guard": ["test_question_sheet"],
    "feed.keyed_queue": ["test_question_sheet", "test_cli_convert", "test_receipts"],
    "feed.question_sheet": ["test_question_sheet", "test_cli_convert"],
    "feed.receipt_file": ["test_receipts", "test_cli_convert"],
    "feed.result": ["test_report", "test_rewrite", "test_cli", "test_cli_convert"],
    "feed.summary": ["test_cli", "test_cli_normalise", "test_cli_convert"],
    "feed.temporary": ["test_staging", "test_cli_convert"],
    "output.formats": ["test_report", "test_cli", "test_terminal"],
    "output.line_diff": ["test_diff"],
    "output.listing": ["test_cli", "test_comparison", "test_provenance"],
    "output.staging": ["test_staging", "test_cli_files"],
    **{
        f"openapi.{name}": HTTP
        for name in (
            *("api_errors", "check", "description", "guard", "httpx", "requests", "routing", "schema_validators", "wsgi"),
        )
    },
    **{
        f"strategies.{name}": STRATEGIES
        for name in (
            *("domains", "feeds_and_requests", "kind_strategies", "kit", "narrowing", "near_miss"),
            *("regular_languages", "respellings", "sampling"),
        )
    },
    **{
        f"cli.{name}": [*COMMAND, "test_terminal"]
        for name in (
            *("clashes", "convert", "normalise", "outputs", "placement", "reports", "shared_options", "shutdown", "terminal"),
            *("validate", "write_ads"),
        )
    },
    "cli.completion": ["test_cli"],
    "cli.diff": ["test_cli", "test_comparison"],
    "cli.explain": ["test_cli"],
    "cli.openapi": ["test_openapi"],
    "cli.settings": ["test_cli"],
    "cli.show": ["test_cli", "test_extension", "test_provenance"],
}
#: Modules without logic: entry points, names, errors and types.
IDLE = {"__init__", "__main__", "_version", "errors", "extras", "normalisation.step"} | {
    f"{package}.__init__"
    for package in (
        *("cli", "conversion", "dialect", "document", "findings", "normalisation", "openapi", "output", "reading"),
        *("strategies", "validation"),
    )
}
#: Modules that make the schemas before any test runs: for a mutant of these, pytest starts again.
AFRESH = {
    *("document.pointer", "dialect.assertions", "dialect.engines", "dialect.fields", "dialect.flatten", "dialect.keywords"),
    *("dialect.patterns", "catalogue.__init__", "catalogue.editions", "catalogue.plausibility", "catalogue.quantities"),
    *("catalogue.vocabulary", "lint", "cli.settings"),
}
#: The modules whose caches contain only the schemas and what is compiled from them.
KEEPING = {"v4schema.catalogue", "v4schema.dialect.engines"}
#: Tests that take longer, in seconds, are not run on mutants that are known to survive.
SLOW = 0.3
#: How many examples Hypothesis draws for each test, unless --all is given.
EXAMPLES = 3
#: Limits of a mutant: seconds for a test, as a multiple of the time without the mutant, and bytes of memory.
LEAST_TIME, TIMES, MEMORY = 5.0, 20, 4 * 2**30
#: The exit codes of a fork, which give the result of its mutant unless a signal ends the fork.
SURVIVED, KILLED = 0, 10


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A module with one change: its name, the function, the lines, and the new code of the module."""

    module: str
    within: str
    before: str
    after: str
    lines: range = field(compare=False)
    code: str = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """The identity of the mutant, which does not change when lines move."""
        return json.dumps([self.module, self.within, self.before, self.after], ensure_ascii=False)

    def __str__(self) -> str:
        changes = [f"  - {line}" for line in self.before.splitlines()] + [f"  + {line}" for line in self.after.splitlines()]
        return "\n".join([f"{self.module}:{self.lines.start} {self.within}", *changes])


def our_operators(node: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    """Yield a node without a part of it: a condition or half of one, a filter, a return value."""
    if isinstance(node, libcst.BooleanOperation):
        yield from (side.with_changes(lpar=node.lpar, rpar=node.rpar) if node.lpar else side for side in (node.left, node.right))
    elif isinstance(node, libcst.If | libcst.While):
        bracketed = node.test.with_changes(lpar=[libcst.LeftParen()], rpar=[libcst.RightParen()])
        yield node.with_changes(test=libcst.UnaryOperation(libcst.Not(), bracketed))
    elif isinstance(node, libcst.CompIf):
        yield node.with_changes(test=libcst.Name("True"))
    elif isinstance(node, libcst.Return) and node.value is not None and not node.value.deep_equals(libcst.Name("None")):
        yield node.with_changes(value=libcst.Name("None"))


class _Visitor(libcst.CSTVisitor):
    """Finds what can be changed in a module, except for types, docstrings and decorators."""

    METADATA_DEPENDENCIES = (metadata.PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[str, libcst.CSTNode, libcst.CSTNode, range]] = []
        self._within: list[str] = []

    def on_visit(self, node: libcst.CSTNode) -> bool:
        docstring = isinstance(node, libcst.Expr) and isinstance(node.value, libcst.SimpleString)
        if docstring or isinstance(node, libcst.Annotation | libcst.Decorator | libcst.Import | libcst.ImportFrom):
            return False
        if isinstance(node, libcst.FunctionDef | libcst.ClassDef):
            self._within.append(node.name.value)
        operators = [operator for kind, operator in mutation_operators if isinstance(node, kind)]
        if isinstance(node, libcst.Call) and isinstance(node.func, libcst.Name) and node.func.value in {"len", "isinstance"}:
            operators = []  # without an argument they raise
        elif isinstance(node, libcst.BooleanOperation):
            operators = []  # ours asks for more
        elif isinstance(node, libcst.BaseString):
            operators = [lambda node: itertools.islice(operator_string(node), 1)]  # the others differ in case alone
        for operator in (*operators, our_operators):
            for changed in operator(node):
                position = self.get_metadata(metadata.PositionProvider, node)
                lines = range(position.start.line, position.end.line + 1)
                self.found.append((".".join(self._within) or "module", node, changed, lines))
        return True

    def on_leave(self, original_node: libcst.CSTNode) -> None:
        if isinstance(original_node, libcst.FunctionDef | libcst.ClassDef):
            self._within.pop()


def mutants(module: str, source: str) -> list[Mutant]:
    """Return the mutants of a module, each once."""
    wrapper = metadata.MetadataWrapper(libcst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    made: dict[str, Mutant] = {}
    for within, node, changed, lines in visitor.found:
        whole = wrapper.module.deep_replace(node, changed)
        code = libcst.ensure_type(whole, libcst.Module).code
        with contextlib.suppress(SyntaxError):
            compile(code, module, "exec")
            diff = list(difflib.ndiff(source.splitlines(), code.splitlines()))
            before, after = ("\n".join(line[2:].strip() for line in diff if line.startswith(sign)) for sign in "-+")
            if before or after:
                made.setdefault(code, Mutant(module=module, within=within, before=before, after=after, lines=lines, code=code))
    return [*made.values()]


def swap(name: str, code: str, path: str) -> None:
    """Replace a loaded module by one that is made from other code, everywhere that its parts are referred to."""
    old = sys.modules[name]
    new = sys.modules[name] = ModuleType(name, old.__doc__)
    new.__file__, new.__package__, new.__spec__ = path, old.__package__, old.__spec__
    if hasattr(old, "__path__"):
        new.__path__ = old.__path__
        vars(new).update((key, value) for key, value in vars(old).items() if isinstance(value, ModuleType))
    exec(compile(code, path, "exec"), vars(new))  # noqa: S102  (our own code)
    parts = {id(value): vars(new)[key] for key, value in vars(old).items() if key in vars(new) and _created_here(value, name)}
    parts[id(old)] = new
    here = os.getcwd()
    spaces = [vars(module) for module in [*sys.modules.values()] if str(getattr(module, "__file__", "")).startswith(here)]
    for space in spaces:
        for key, value in [*space.items()]:
            if space is not vars(old) and id(value) in parts:
                space[key] = parts[id(value)]


def forget() -> None:
    """Clear the caches of modules, except for what depends on the schemas only."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("v4schema.") and name not in KEEPING:
            for value in [*vars(module).values()]:
                if getattr(value, "__module__", None) == name and hasattr(value, "cache_clear"):
                    value.cache_clear()


def _created_here(value: object, name: str) -> bool:
    """Return whether a module created a value itself; of plain values, only those that no other module has by chance."""
    return getattr(value, "__module__", None) == name or isinstance(value, dict | set)


class Trial:
    """Replaces pytest's own loop: it runs the tests once without a mutant, and then against each mutant."""

    def __init__(self, module: str, several: Sequence[Mutant], *, source: str, args: argparse.Namespace, until: float) -> None:
        self.name = f"v4schema.{module}".removesuffix(".__init__")
        self.several, self.source, self.args, self.until = several, source, args, until
        self.reasons = reasons()
        self.verdicts: dict[str, str] = {}
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of a test."""
        self._reports.append(report)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Test all mutants, each in its own fork."""
        items = [item for item in session.items if self.args.all or _is_selected(item, FEW)]
        _shorten(items, None if self.args.all else EXAMPLES)
        self._path = str(importlib.import_module(self.name).__file__)
        times, lines = self._run_unchanged(items)
        gc.collect()
        gc.freeze()
        total = sum(times[item.nodeid] for item in items)
        print(f"\n{self.name}: {len(self.several)} mutants, {len(items)} tests, {total:.1f} s for all of them", flush=True)
        killers: dict[str, list[str]] = {}
        begun, counts = time.monotonic(), Counter[str]()
        for number, mutant in enumerate(self.several, 1):
            if time.monotonic() > self.until:
                break
            first = killers.setdefault(mutant.within, [])
            ordered = sorted(
                (item for item in items if not lines[item.nodeid].isdisjoint(mutant.lines)),
                key=lambda item: (first.index(item.nodeid) if item.nodeid in first else len(first), times[item.nodeid]),
            )
            if mutant.key in self.reasons:  # slow tests will not catch it either
                ordered = [item for item in ordered if times[item.nodeid] <= SLOW]
            verdict, by = self._run_mutant(mutant, ordered, times)
            self.verdicts[mutant.key] = verdict
            counts[verdict] += 1
            if by:
                first[:] = [by, *(each for each in first if each != by)][:5]
            if self.args.resume:
                with self.args.resume.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps({"key": mutant.key, "verdict": verdict, "by": by}, ensure_ascii=False) + "\n")
            if verdict != "killed":
                print(f"{verdict}: {mutant}", flush=True)
            if number % 50 == 0:
                print(f"  {number} of {len(self.several)}, {dict(counts)}, {time.monotonic() - begun:.0f} s", flush=True)
        return True

    def _run_unchanged(self, items: Sequence[pytest.Item]) -> tuple[dict[str, float], dict[str, set[int]]]:
        """Run the tests on the module as it is; return how long each takes, and which lines it comes by.

        In this process, so that what is compiled from the schemas need not be compiled again for every mutant.
        """
        measured = coverage.Coverage(data_file=None, config_file=False, include=[self._path])
        measured.start()
        swap(self.name, self.source, self._path)
        times = {}
        for item in items:
            forget()
            measured.switch_context(item.nodeid)
            self._run(item)
            times[item.nodeid] = sum(report.duration for report in self._reports)
            failed = [report.longreprtext for report in self._reports if report.failed]
            if failed:
                print(item.nodeid, *failed, sep="\n")
                raise pytest.exit("The tests fail without any mutant.", 1)
        measured.stop()
        lines: dict[str, set[int]] = {item.nodeid: set() for item in items}
        for line, tests in measured.get_data().contexts_by_lineno(self._path).items():
            for test in tests if all(tests) else lines:  # what has no context is run when the module is made
                lines[test].add(line)
        for item in items:
            if times[item.nodeid] <= 2 * SLOW:
                self._run(item)
                times[item.nodeid] = sum(report.duration for report in self._reports)
        forget()
        return times, lines

    def _run_mutant(self, mutant: Mutant, items: Sequence[pytest.Item], times: dict[str, float]) -> tuple[str, str]:
        """Return the result of a mutant, and which test caught it."""
        reading, writing = os.pipe()
        if not (child := os.fork()):
            status = KILLED
            os.close(reading)
            try:
                _silence()
                os.dup2(1, 2)
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.setitimer(signal.ITIMER_REAL, LEAST_TIME)
                swap(self.name, mutant.code, self._path)
                forget()
                status = SURVIVED
                for item in items:
                    signal.setitimer(signal.ITIMER_REAL, max(LEAST_TIME, TIMES * times[item.nodeid]))
                    self._run(item)
                    if any(report.failed for report in self._reports):
                        os.write(writing, item.nodeid.encode())
                        status = KILLED
                        break
            except BaseException:  # noqa: BLE001  (whatever a mutant does is its end)
                status = KILLED
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            by = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return ("timed out" if os.WTERMSIG(status) == signal.SIGALRM else "killed"), by
        return ("survived" if os.WEXITSTATUS(status) == SURVIVED else "killed"), by

    def _run(self, item: pytest.Item) -> None:
        self._reports.clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def _is_selected(item: pytest.Item, categories: set[str]) -> bool:
    """Return whether a test is for one of some categories, or for none in particular."""
    kind = getattr(item, "callspec", None) and item.callspec.id.rpartition("/")  # type: ignore[attr-defined]
    return not kind or kind[0] not in {"v3", "v4"} or kind[2] in categories


def _shorten(items: Sequence[pytest.Item], most: int | None) -> None:
    """Let Hypothesis draw fewer examples and not shrink failures, because only the failure counts."""
    from hypothesis import HealthCheck, Phase, settings  # pytest wants to import it itself

    for item in items:
        test = getattr(item, "obj", None)
        if hasattr(test, "hypothesis"):
            present = getattr(test, "_hypothesis_internal_use_settings", None) or settings()
            few = settings(
                present,
                phases=[Phase.explicit, Phase.generate],
                max_examples=min(most or present.max_examples, present.max_examples),
                suppress_health_check=[*HealthCheck],
            )
            vars(test)["_hypothesis_internal_use_settings"] = few


def _silence() -> None:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def run_mutants(module: str, args: argparse.Namespace, until: float) -> tuple[list[Mutant], dict[str, str]]:
    """Test the mutants of a module, in the current folder; return them, and the result of each that was tested."""
    path = Path("v4schema", *module.split(".")).with_suffix(".py")
    source = path.read_text("utf-8")
    several = mutants(module, source)
    kept = args.resume.read_text("utf-8").splitlines() if args.resume and args.resume.exists() else ()
    killed = {line["key"] for line in map(json.loads, kept) if line["verdict"] == "killed"}
    left = [mutant for mutant in several if mutant.key not in killed]
    if args.sample:
        random.Random(args.seed).shuffle(left)  # noqa: S311  (nothing secret)
        left = left[: args.sample]
    if module in AFRESH:
        return several, {
            **dict.fromkeys(killed & {mutant.key for mutant in several}, "killed"),
            **run_in_processes(path, left, args, until),
        }
    trial = Trial(module, left, source=source, args=args, until=until)
    if left:
        options = ["-q", "--no-header", "-p", "no:cacheprovider", "--capture=no"]
        options += [] if args.all else ["-m", "not slow"]
        tests = dict.fromkeys([*MODULES[module], *args.also])
        status = pytest.main(
            [*options, *(f"tests/{name}" if "::" in name else f"tests/{name}.py" for name in tests)], plugins=[trial]
        )
        if status not in {0, 5}:
            raise SystemExit(status)
    return several, {**{mutant.key: "killed" for mutant in several if mutant.key in killed}, **trial.verdicts}


def run_in_processes(path: Path, several: Sequence[Mutant], args: argparse.Namespace, until: float) -> dict[str, str]:
    """Test mutants in separate processes: each is written into the copy of the checkout, which is restored afterwards."""
    names = [name if "::" in name else f"{name}.py" for name in [*MODULES[several[0].module], *args.also]] if several else []
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "--hypothesis-profile", "quick", "-m", "not slow"]
    command = [sys.executable, "-m", "pytest", *options, *(f"tests/{name}" for name in names)]
    source, verdicts, known = path.read_text("utf-8"), dict[str, str](), reasons()
    begun = time.monotonic()
    if several and subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        print("The tests fail without any mutant.")
        raise SystemExit(1)
    most = max(LEAST_TIME, 5 * (time.monotonic() - begun))
    print(f"\n{several[0].module if several else path.stem}: {len(several)} mutants, {most / 5:.1f} s for all tests", flush=True)
    for mutant in several:
        if time.monotonic() > until:
            break
        if mutant.key in known:
            verdicts[mutant.key] = "survived"
            continue
        try:
            path.write_text(mutant.code, "utf-8")
            done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=most)
            verdicts[mutant.key] = "killed" if done.returncode else "survived"
        except subprocess.TimeoutExpired:
            verdicts[mutant.key] = "timed out"
        finally:
            path.write_text(source, "utf-8")
        if args.resume:
            with args.resume.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps({"key": mutant.key, "verdict": verdicts[mutant.key], "by": ""}, ensure_ascii=False) + "\n")
        if verdicts[mutant.key] != "killed":
            print(f"{verdicts[mutant.key]}: {mutant}", flush=True)
    return verdicts


def reasons() -> dict[str, str]:
    """Return why no test can catch a mutant, by its key."""
    return {
        json.dumps([each["module"], each["within"], before, after], ensure_ascii=False): each["why"]
        for each in json.loads(REASONS.read_text("utf-8"))
        for before, after in each["mutants"]
    }


def copy_checkout(folder: Path) -> None:
    """Copy the checkout, so that it can be edited during the run."""
    hidden = shutil.ignore_patterns(".*", "__pycache__", "dist")
    shutil.copytree(CHECKOUT, folder, ignore=hidden)
    shutil.copy(CHECKOUT / ".gitignore", folder)


def main(args: argparse.Namespace) -> int:
    """Test the mutants of all chosen modules, each module in a separate process, and print a table."""
    until, known = time.monotonic() + args.minutes * 60, reasons()
    begun, rows, wrong = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory() as name:
        copy_checkout(Path(name, "copy"))
        for module in args.modules:
            result = Path(name, f"{module}.json")
            if not (child := os.fork()):
                _run_module(module, args, until, Path(name, "copy"), result)
            if os.waitpid(child, 0)[1]:
                return 2
            verdicts, places = json.loads(result.read_text("utf-8"))
            made = Counter(verdicts.values())
            survived = [key for key, verdict in verdicts.items() if verdict == "survived"]
            for key in survived:
                if key not in known:
                    wrong += 1
                    print(f"SURVIVED {places[key]}")
            idle = [key for key in known if json.loads(key)[0] == module and verdicts.get(key, "left") in {"killed", "timed out"}]
            idle += [key for key in known if json.loads(key)[0] == module and key not in places]
            for key in idle:
                wrong += 1
                print(f"EXPLAINED, but no survivor: {key}")
            explained = sum(key in known for key in survived)
            rows.append(
                [
                    module,
                    len(places),
                    made["killed"],
                    len(survived) - explained,
                    explained,
                    made["timed out"],
                    len(places) - len(verdicts),
                ]
            )
    rows.append(["all", *(sum(column) for column in itertools.islice(zip(*rows, strict=True), 1, None))])
    print(f"\n{'module':24}{'made':>8}{'killed':>8}{'survived':>10}{'explained':>11}{'timed out':>11}{'left':>6}")
    for row in rows:
        print(f"{row[0]:24}{row[1]:8}{row[2]:8}{row[3]:10}{row[4]:11}{row[5]:11}{row[6]:6}")
    print(f"{time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


def _run_module(module: str, args: argparse.Namespace, until: float, folder: Path, result: Path) -> None:
    """Test the mutants of one module, write the results, and end the process."""
    status = 1
    try:
        os.chdir(folder)
        os.environ.update(CI="true", PYTHONDONTWRITEBYTECODE="1")
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(folder))
        several, verdicts = run_mutants(module, args, until)
        result.write_text(json.dumps([verdicts, {mutant.key: str(mutant) for mutant in several}]), "utf-8")
        status = 0
    except BaseException:  # noqa: BLE001  (a fork that raised would go on as its parent)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"{', '.join(MODULES)}; default: all")
    parser.add_argument("--minutes", type=float, default=120, help="how long to go on (default: %(default)s)")
    parser.add_argument("--sample", type=int, help="how many mutants of each module, drawn at random (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="which are drawn (default: %(default)s)")
    parser.add_argument("--all", action="store_true", help="try every category, and draw as many examples as the tests ask for")
    parser.add_argument("--also", nargs="+", default=[], metavar="TEST", help="other test files to try, such as test_feed")
    parser.add_argument(
        "--resume", type=lambda name: Path(name).resolve(), help="a file that keeps what was caught: not tried again"
    )
    args = parser.parse_args()
    package = CHECKOUT / "v4schema"
    there = {".".join(path.relative_to(package).with_suffix("").parts) for path in package.rglob("*.py")}
    if there != MODULES.keys() | IDLE:
        parser.error(
            f"MODULES and IDLE differ from the modules of the package: {', '.join(sorted(there ^ (MODULES.keys() | IDLE)))}."
        )
    args.modules = args.modules or [*MODULES]
    if unknown := {*args.modules} - {*MODULES}:
        parser.error(f"There is nothing to try on {', '.join(sorted(unknown))}.")
    raise SystemExit(main(args))
