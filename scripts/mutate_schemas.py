"""Remove or weaken each assertion of the schemas and each rule of the mappings in turn, and see whether an example notices.

    python scripts/mutate_schemas.py [--keep] [PART…]    all of schemas/, or the files whose names contain a PART

Each mutant is checked by the examples in tests/examples, and a mutated mapping also by `v4schema.lint`. If a mutant passes, near
misses are drawn from the unchanged schemas, to find an ad with other findings in the mutant. With --keep, such an ad is written
to tests/examples/kept.ndjson, which the tests read. The script lists the mutants that survive. scripts/mutants_of_schemas.json
explains some of them; any other means that a test is missing, and the exit code is then 1. Run it in an environment with the
extra `test`.
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

from v4schema import Kind, Level, convert, migrate, preflight, revert, validate
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.dialect.assertions import assertions
from v4schema.errors import V4SchemaError
from v4schema.lint import check
from v4schema.strategies.kind_strategies import KindStrategies
from v4schema.strategies.near_miss import NearMiss, near_misses_of

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "tests" / "examples"
KEPT = EXAMPLES / "kept.ndjson"
EXPLAINED = CHECKOUT / "scripts" / "mutants_of_schemas.json"
FEW = settings(max_examples=10, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
#: How much each bound is loosened.
LOOSER = {"minimum": -1, "exclusiveMinimum": -1, "minLength": -1, "minItems": -1, "x-years-back": 1}
LOOSER |= {"maximum": 1, "exclusiveMaximum": 1, "maxLength": 1, "maxItems": 1, "maxContains": 1, "x-years-ahead": 1}


@dataclass(frozen=True)
class Mutant:
    """A mutated file: its name, the place and the kind of the change, and its new content."""

    file: str
    at: str
    change: str
    content: Any

    @property
    def name(self) -> str:
        """The mutant, in one line."""
        return f"{self.file}{self.at} {self.change}"


def mutants(file: str, content: Any) -> Iterator[Mutant]:  # noqa: ANN401  (JSON)
    """Yield every mutant of a file of schemas or of a mapping."""
    places = rules(content) if "-to-" in file else keywords(content)
    for path, change, value in places:
        mutated = copy.deepcopy(content)
        *above, last = path
        parent = mutated
        for token in above:
            parent = parent[token]
        if value is None:
            del parent[last]
        else:
            parent[last] = value
        yield Mutant(file, "#/" + "/".join(map(str, path)), change, mutated)


def keywords(  # noqa: C901  (one branch for each kind of keyword)
    node: dict[str, Any], path: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Yield the path, the change and the new value (None: removed) of each mutation of an assertion."""
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
        elif keyword in {"const", "pattern", "not", "contains", "uniqueItems", "anyOf"}:
            yield here, "taken away", None


def rules(mapping: Any) -> Iterator[tuple[tuple[Any, ...], str, Any]]:  # noqa: ANN401
    """Yield the path, the change and the new value (None: removed) of each mutation of a rule."""
    for action in ("keep", "move", "fill", "drop", "ask"):
        for index, rule in enumerate(mapping.get(action, ())):
            yield (action, index), "taken away", None
            if isinstance(rule, dict) and "by" in rule:
                yield (action, index), "without its steps", {name: value for name, value in rule.items() if name != "by"}
            if isinstance(rule, dict) and "value" in rule:
                yield (action, index), "with another value", {**rule, "value": "zzz"}


def detected_by(mutant: Mutant, root: Path) -> str:
    """Return what detects a mutant: the name of an example or of an error; "" if nothing does."""
    (root / mutant.file).write_text(json.dumps(mutant.content), "utf-8")
    catalogue = Catalogue(root)
    folder, category = mutant.file.removesuffix(".json").split("/")
    try:
        for path in examples(folder, category):
            if not passes(path, catalogue):
                return str(path.relative_to(EXAMPLES))
        if "-to-" in folder:
            check(catalogue)
        for line in KEPT.read_text("utf-8").splitlines():
            if not passes_again(json.loads(line), catalogue):
                return KEPT.name
    except (V4SchemaError, LookupError, TypeError, ValueError) as error:
        return type(error).__name__
    finally:
        shutil.copy(CHECKOUT / "schemas" / mutant.file, root / mutant.file)
    return ""


def examples(folder: str, category: str) -> list[Path]:
    """Return the examples that use a file, those of its own category first."""
    has_examples = (EXAMPLES / folder / category).is_dir()
    verdicts = ("converted",) if "-to-" in folder else ("invalid", "valid", "converted", "normalised")
    found = [
        path
        for verdict in verdicts
        for version in folder.split("-to-")
        for path in sorted(EXAMPLES.glob(f"{version}/{category if has_examples else '*'}/{verdict}/*.json"))
    ]
    return sorted(found, key=lambda path: path.parent.parent.name != category)


def passes(path: Path, catalogue: Catalogue) -> bool:
    """Tell whether an example still has the result that its folder says."""
    case = json.loads(path.read_text("utf-8"))
    version, _, verdict, _ = path.relative_to(EXAMPLES).parts
    options: dict[str, Any] = {"version": version, "catalogue": catalogue}
    if verdict in {"valid", "invalid"}:
        report = validate(case["ad"], operation=case.get("operation", "create"), **options)
        found = [[finding.code, finding.at] for finding in report.findings if finding.level is not Level.NOTE]
        return bool(found == case.get("findings", []) and report.valid == (verdict == "valid"))
    if verdict == "normalised":
        report = preflight(case["ad"], operation=case.get("operation", "create"), **options, **case.get("said", {}))
        return bool(report.ad == (case["becomes"] or case["ad"]))
    done = migrate(case["ad"], to=case["to"], answers=case.get("answers"), **options, **case.get("said", {}))
    codes = [[finding.code, finding.at] for finding in done.findings if finding.code != "category.open"]
    back = convert(done.ad, to=version, receipt=done.receipt, catalogue=catalogue)
    return bool(codes == case["findings"] and done.ad == case["becomes"] and revert(done) == case["ad"] == back.ad)


def passes_again(case: Any, catalogue: Catalogue) -> bool:  # noqa: ANN401
    """Tell whether a kept near miss still has exactly its findings."""
    version, category = case["kind"].split("/")
    report = validate(case["ad"], version=version, category=category, operation=case["operation"], catalogue=catalogue)
    found = {(each.code, each.at) for each in report.findings if each.level is not Level.NOTE}
    return bool(found == {*map(tuple, case["findings"])})


def find_near_miss(mutant: Mutant, root: Path) -> dict[str, Any] | None:
    """Find a near miss of the unchanged schemas that has other findings in the mutant, in the first kind that differs."""
    (root / mutant.file).write_text(json.dumps(mutant.content), "utf-8")
    mutated, unchanged = Catalogue(root), catalogues.default()
    try:
        for edition in unchanged.editions.values():
            for operation in edition.operations:
                for category in edition.categories.values():
                    kind = Kind(version=edition.name, category=category.slug)
                    if category.schema and mutated.schema(kind, operation) != unchanged.schema(kind, operation):
                        strategies = KindStrategies(catalogue=unchanged, kind=kind, operation=operation)
                        miss = distinguishing_miss(strategies, mutated)
                        if miss is not None:
                            return to_case(miss, mutant)
                        break
    finally:
        shutil.copy(CHECKOUT / "schemas" / mutant.file, root / mutant.file)
    return None


def distinguishing_miss(strategies: KindStrategies, mutated: Catalogue) -> NearMiss | None:
    """Find a near miss that has other findings in a mutated catalogue, among the places whose assertions differ."""
    kind, operation = strategies.kind, strategies.operation
    remaining = {*written_assertions(mutated.schema(kind, operation))}
    differing = {at for at, text in written_assertions(strategies.schema) if (at, text) not in remaining}
    options: dict[str, Any] = {"version": kind.version, "category": kind.category, "operation": operation}

    def differs(miss: NearMiss) -> bool:
        findings = validate(miss.ad, **options, catalogue=mutated).findings
        found = {(each.code, each.at) for each in findings if each.level is not Level.NOTE}
        return found != {(each.code, each.at) for each in miss.findings}

    for assertion_id, violation in strategies.violations.items():
        if violation.assertion.at in differing:
            try:
                return find(near_misses_of(strategies, assertion_id), differs, settings=FEW)
            except NoSuchExample:
                continue
    return None


def written_assertions(schema: Any) -> Iterator[tuple[tuple[str, ...], str]]:  # noqa: ANN401
    """Yield the place of each assertion of a flat schema, and a text with its keyword, its value and its conditions."""
    for each in assertions(schema):
        node, parts = schema, [each.code, each.level, each.name]
        for step in each.keyword_at:
            parts += [node["if"]] if step == "then" else []
            node = node[step]
        yield each.at, json.dumps([*each.keyword_at[-1:], *parts, node], sort_keys=True)


def to_case(miss: NearMiss, mutant: Mutant) -> dict[str, Any]:
    """Return a near miss as an entry of tests/examples/kept.ndjson."""
    return {
        "why": f"It detects {mutant.name}.",
        "kind": str(miss.kind),
        "operation": miss.operation,
        "findings": [[each.code, each.at] for each in miss.findings],
        "ad": miss.ad,
    }


def check_mutants(batch: list[Mutant]) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Return the name of each mutant, what detects it, and else a near miss for it; uses a temporary copy of the schemas."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "schemas"
        shutil.copytree(CHECKOUT / "schemas", root)
        results = []
        for mutant in batch:
            by = detected_by(mutant, root)
            results.append((mutant.name, by, None if by else find_near_miss(mutant, root)))
        return results


def main() -> int:
    """Check every mutant, and print a table and the survivors. Return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--keep", action="store_true", help="keep a near miss for each mutant that no example detects")
    args = parser.parse_args()
    reasons = {name: each["why"] for each in json.loads(EXPLAINED.read_text("utf-8")) for name in each["mutants"]}
    files = sorted(path for path in (CHECKOUT / "schemas").glob("v*/*.json") if path.name != "openapi.json")
    names = [path.relative_to(CHECKOUT / "schemas").as_posix() for path in files]
    all_mutants = [
        mutant
        for name in names
        if not args.parts or any(part in name for part in args.parts)
        for mutant in mutants(name, json.loads((CHECKOUT / "schemas" / name).read_text("utf-8")))
    ]
    table: Counter[tuple[str, str]] = Counter()
    alive: list[str] = []
    with ProcessPoolExecutor() as pool:
        done = 0
        for results in pool.map(check_mutants, [all_mutants[start : start + 20] for start in range(0, len(all_mutants), 20)]):
            for name, by, miss in results:
                fate = "by examples" if by else "by near misses" if miss else "explained" if name in reasons else "alive"
                table[name.partition("/")[0], fate] += 1
                if fate == "alive":
                    alive.append(name)
                if miss and args.keep:
                    with KEPT.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(miss, ensure_ascii=False) + "\n")
            done += len(results)
            print(f"\r{done} of {len(all_mutants)}", end="", file=sys.stderr, flush=True)
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
