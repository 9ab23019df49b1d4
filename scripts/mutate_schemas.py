"""Mutation testing of schemas and mappings: remove or weaken one assertion or rule at a time, and see what notices.

    python scripts/mutate_schemas.py [--keep] [PART…]    all of schemas/, or the files whose names contain a PART

Each mutant has to fail an example in tests/examples or a check of the mappings. If it passes all of them, near misses are drawn
from the unchanged schemas; with --keep, one with other findings is written to tests/examples/kept.ndjson, which the tests read.
Mutants that nothing notices are listed. Those in scripts/mutants_of_schemas.json have a reason there; any other one is a gap in
the tests, and the script ends with 1.
Run it in an environment with the extra `test`.
"""

import argparse
import copy
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from v4schema import Kind, Level, catalogue, convert, migrate, preflight, revert, validate
from v4schema.catalogue import Catalogue
from v4schema.dialect.assertions import assertions
from v4schema.dialect.keywords import KEYWORDS, Role
from v4schema.errors import V4SchemaError
from v4schema.lint import check
from v4schema.strategies.kind_strategies import KindStrategies
from v4schema.strategies.near_miss import NearMiss, near_misses_of

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "tests" / "examples"
KEPT = EXAMPLES / "kept.ndjson"
EDITIONS = [edition.name for edition in catalogue.default().editions.values()]
EXPLAINED = CHECKOUT / "scripts" / "mutants_of_schemas.json"
FEW = settings(max_examples=10, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
#: By how much a bound is weakened.
LOOSER = {"minimum": -1, "exclusiveMinimum": -1, "minLength": -1, "minItems": -1, "x-years-back": 1}
LOOSER |= {"maximum": 1, "exclusiveMaximum": 1, "maxLength": 1, "maxItems": 1, "maxContains": 1, "x-years-ahead": 1}


@dataclass(frozen=True)
class Mutant:
    """A change to a file, its place, and the changed content."""

    file: str
    at: str
    change: str
    content: Any

    @property
    def name(self) -> str:
        """The mutant in one line."""
        return f"{self.file}{self.at} {self.change}"


def mutants(file: str, content: Any) -> Iterator[Mutant]:  # noqa: ANN401  (JSON)
    """Yield every mutant of a file of schemas, of a mapping or of the table of plausible numbers."""
    places = rules(content) if "-to-" in file else numbers(content) if "/" not in file else keywords(content)
    for path, change, value in places:
        changed = copy.deepcopy(content)
        *around, last = path
        inside = changed
        for token in around:
            inside = inside[token]
        if value is None:
            del inside[last]
        else:
            inside[last] = value
        yield Mutant(file, "#/" + "/".join(map(str, path)), change, changed)


def keywords(  # noqa: C901, PLR0912  (one branch for each sort of keyword)
    node: dict[str, Any], path: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Yield every assertion in a schema, removed and weakened."""
    for keyword, limit in node.items():
        here = (*path, keyword)
        if keyword in {"properties", "$defs"}:
            for name, below in limit.items():
                yield from keywords(below, (*here, name))
        elif keyword == "allOf":
            for index, below in enumerate(limit):
                yield from keywords(below, (*here, index))
        elif keyword in {"items", "then"}:
            yield from keywords(limit, here)
        elif keyword in LOOSER:
            yield here, "taken away", None
            yield here, "looser", limit + LOOSER[keyword]
        elif keyword == "required":
            for name in limit:
                yield here, f"without {name}", [each for each in limit if each != name]
        elif keyword == "enum":
            yield here, "taken away", None
        elif keyword == "type":
            yield here, "taken away", None
            yield here, "or null", sorted({"null", *([limit] if isinstance(limit, str) else limit)})
        elif keyword == "x-plausible":
            for which in limit.keys() & {"lowest", "highest"}:
                yield (*here, which), "taken away", None
        elif keyword in {"x-category", "x-unique"} or (keyword in KEYWORDS and KEYWORDS[keyword].role is Role.ASSERTION):
            yield here, "taken away", None


def numbers(table: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str, Any]]:  # noqa: ANN401
    """Yield every limit in the table of plausible numbers, removed and weakened."""
    for name, below in table.items():
        if isinstance(below, dict):
            yield from numbers(below, (*path, name))
        elif name in {"lowest", "highest"}:
            yield (*path, name), "taken away", None
            yield (*path, name), "looser", below + (1 if name == "highest" else -1)


def rules(mapping: Any) -> Iterator[tuple[tuple[Any, ...], str, Any]]:  # noqa: ANN401
    """Yield every rule of a mapping: removed, without its steps, and with another value."""
    for member in ("keep", "move", "fill", "drop", "ask"):
        for index, rule in enumerate(mapping.get(member, ())):
            yield (member, index), "taken away", None
            if isinstance(rule, dict) and "steps" in rule:
                yield (member, index), "without its steps", {name: value for name, value in rule.items() if name != "steps"}
            if isinstance(rule, dict) and "value" in rule:
                yield (member, index), "with another value", {**rule, "value": "zzz"}


def first_failure(mutant: Mutant, root: Path) -> str:
    """Return what notices a mutant: an example or a check of the mappings; "" if nothing does."""
    (root / mutant.file).write_text(json.dumps(mutant.content), "utf-8")
    catalogue = Catalogue(root)
    folder, _, category = mutant.file.removesuffix(".json").rpartition("/")
    try:
        for path in examples(folder, category):
            if not passes(path, catalogue):
                return str(path.relative_to(EXAMPLES))
        if "-to-" in folder:
            check(catalogue)
        for line in KEPT.read_text("utf-8").splitlines():
            if not replayed(json.loads(line), catalogue):
                return KEPT.name
    except (V4SchemaError, LookupError, TypeError, ValueError) as error:
        return type(error).__name__
    finally:
        shutil.copy(CHECKOUT / "schemas" / mutant.file, root / mutant.file)
    return ""


def examples(folder: str, category: str) -> list[Path]:
    """Return the examples that a file is about; those of its category, if it has one, come first."""
    editions = folder.split("-to-") if (EXAMPLES / folder.partition("-to-")[0]).is_dir() and folder else EDITIONS
    known = any((EXAMPLES / edition / category).is_dir() for edition in editions)
    verdicts = ("converted",) if "-to-" in folder else ("invalid", "valid", "converted", "normalised")
    found = [
        path
        for verdict in verdicts
        for version in editions
        for path in sorted(EXAMPLES.glob(f"{version}/{category if known else '*'}/{verdict}/*.json"))
    ]
    return sorted(found, key=lambda path: path.parent.parent.name != category)


def passes(path: Path, catalogue: Catalogue) -> bool:
    """Return whether an example is still valid, invalid, normalised or converted as its folder says."""
    case = json.loads(path.read_text("utf-8"))
    version, _, verdict, _ = path.relative_to(EXAMPLES).parts
    options: dict[str, Any] = {"version": version, "catalogue": catalogue}
    if verdict in {"valid", "invalid"}:
        report = validate(case["ad"], operation=case.get("operation", "create"), **options)
        found = [[finding.code, finding.at] for finding in report.findings if finding.level is not Level.NOTE]
        return bool(found == case.get("findings", []) and report.valid == (verdict == "valid"))
    if verdict == "normalised":
        report = preflight(case["ad"], operation=case.get("operation", "create"), **options, **case.get("settings", {}))
        return bool(report.ad == (case["becomes"] or case["ad"]))
    done = migrate(case["ad"], to=case["to"], answers=case.get("answers"), **options, **case.get("settings", {}))
    codes = [[finding.code, finding.at] for finding in done.findings if finding.code != "category.open"]
    back = convert(done.ad, to=version, receipt=done.receipt, catalogue=catalogue)
    return bool(codes == case["findings"] and done.ad == case["becomes"] and revert(done) == case["ad"] == back.ad)


def replayed(case: Any, catalogue: Catalogue) -> bool:  # noqa: ANN401
    """Return whether a kept near miss still has exactly its findings."""
    version, category = case["kind"].split("/")
    report = validate(case["ad"], version=version, category=category, operation=case["operation"], catalogue=catalogue)
    found = {(each.code, each.at) for each in report.findings if each.level is not Level.NOTE}
    return bool(found == {*map(tuple, case["findings"])})


def unnoticed_near_miss(mutant: Mutant, root: Path) -> dict[str, Any] | None:
    """Find a near miss of the unchanged schemas that has other findings with the mutant, in the first kind that differs."""
    (root / mutant.file).write_text(json.dumps(mutant.content), "utf-8")
    mutated, true = Catalogue(root), catalogue.default()
    try:
        for edition in true.editions.values():
            for operation in edition.operations:
                for category in edition.categories.values():
                    kind = Kind(version=edition.name, category=category.slug)
                    if category.schema and mutated.schema(kind, operation) != true.schema(kind, operation):
                        found = find_difference(KindStrategies(catalogue=true, kind=kind, operation=operation), mutated)
                        if found is not None:
                            return to_record(found, mutant)
                        break
    finally:
        shutil.copy(CHECKOUT / "schemas" / mutant.file, root / mutant.file)
    return None


def find_difference(ground: KindStrategies, catalogue: Catalogue) -> NearMiss | None:
    """Find a near miss of a schema that has other findings with another catalogue, among the rules that differ."""
    theirs = {*assertion_texts(catalogue.schema(ground.kind, ground.operation))}
    differing = {at for at, rule in assertion_texts(ground.schema) if (at, rule) not in theirs}
    options: dict[str, Any] = {"version": ground.kind.version, "category": ground.kind.category, "operation": ground.operation}

    def differs(miss: NearMiss) -> bool:
        findings = validate(miss.ad, **options, catalogue=catalogue).findings
        found = {(each.code, each.at) for each in findings if each.level is not Level.NOTE}
        return found != {(each.code, each.at) for each in miss.findings}

    for rule, violation in ground.violations.items():
        if violation.assertion.at in differing:
            try:
                return find(near_misses_of(ground, rule), differs, settings=FEW)
            except NoSuchExample:
                continue
    return None


def assertion_texts(schema: Any) -> Iterator[tuple[tuple[str, ...], str]]:  # noqa: ANN401
    """Yield each assertion of a flat schema with its place, its limit and its conditions."""
    for each in assertions(schema):
        node, parts = schema, [each.code, each.level, each.name]
        for step in each.keyword_at:
            parts += [node["if"]] if step == "then" else []
            node = node[step]
        yield each.at, json.dumps([*each.keyword_at[-1:], *parts, node], sort_keys=True)


def to_record(miss: NearMiss, mutant: Mutant) -> dict[str, Any]:
    """Return a near miss in the form in which it is kept."""
    return {
        "why": f"It tells {mutant.name}.",
        "kind": str(miss.kind),
        "operation": miss.operation,
        "findings": [[each.code, each.at] for each in miss.findings],
        "ad": miss.ad,
    }


def run_mutants(several: list[Mutant]) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Return the results of some mutants, in a separate folder."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "schemas"
        shutil.copytree(CHECKOUT / "schemas", root)
        results = []
        for mutant in several:
            by = first_failure(mutant, root)
            results.append((mutant.name, by, None if by else unnoticed_near_miss(mutant, root)))
        return results


def main() -> int:
    """Test every mutant, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--keep", action="store_true", help="keep a near miss for each mutant that no example notices")
    args = parser.parse_args()
    explained = {name: each["why"] for each in json.loads(EXPLAINED.read_text("utf-8")) for name in each["mutants"]}
    folders = {path.parent for stem in ("ad", "shared") for path in (CHECKOUT / "schemas").glob(f"*/{stem}.json")}
    files = sorted(path for folder in folders for path in folder.glob("*.json") if path.name != "openapi.json")
    names = [path.relative_to(CHECKOUT / "schemas").as_posix() for path in files] + ["plausibility.json"]
    every = [
        mutant
        for name in names
        if not args.parts or any(part in name for part in args.parts)
        for mutant in mutants(name, json.loads((CHECKOUT / "schemas" / name).read_text("utf-8")))
    ]
    table: Counter[tuple[str, str]] = Counter()
    alive: list[str] = []
    with ProcessPoolExecutor() as pool:
        done = 0
        for results in pool.map(run_mutants, [every[start : start + 20] for start in range(0, len(every), 20)]):
            for name, by, miss in results:
                fate = "by examples" if by else "by near misses" if miss else "explained" if name in explained else "alive"
                table[name.partition("/")[0], fate] += 1
                if fate == "alive":
                    alive.append(name)
                if miss and args.keep:
                    with KEPT.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(miss, ensure_ascii=False) + "\n")
            done += len(results)
            print(f"\r{done} of {len(every)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    fates = ("by examples", "by near misses", "explained", "alive")
    print(f"{'':<10}{'mutants':>10}" + "".join(f"{fate:>16}" for fate in fates))
    for folder in sorted({folder for folder, _ in table}):
        counts = [table[folder, fate] for fate in fates]
        print(f"{folder:<10}{sum(counts):>10}" + "".join(f"{count:>16}" for count in counts))
    print(*alive, sep="\n")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main())
