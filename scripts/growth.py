"""Measure how the time of every command grows with its input: lists, texts, names, depth, ads, rows and receipts.

The cases come from the schemas: every array and every text that they describe. Each case runs at one, two, four and eight times a
size, in this process, by the functions that the commands use, and the exponent of its growth is fitted: 1 is linear, 2 quadratic.
A case above the bound is measured again before it counts, because machines are noisy. The script prints a table, the highest
exponent first, and exits with 1 if a case is above the bound.
"""

import argparse
import json
import math
import re
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from v4schema import Kind, convert, feed
from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.conversion.mappings import mappings_for
from v4schema.dialect.engines import ENGINES
from v4schema.dialect.fields import Schema, example, types, walk
from v4schema.document import pointer
from v4schema.document.edit import with_value
from v4schema.feed.answer_sheet import AnswerSheet
from v4schema.feed.question_sheet import QuestionSheet
from v4schema.feed.receipt_file import ReceiptFile
from v4schema.output import formats

#: The highest exponent that is allowed; sorting and full caches raise that of a linear run above 1.
BOUND = 1.35
#: The sizes of a case, as multiples of the smallest.
STEPS = (1, 2, 4, 8)
#: Pieces of texts that are hard for regular expressions.
PIECES = (
    *(" ", " \t\u00a0\n", "1", "1 ", "1.000,5 ", "-", ".", "a", "ab ", "a-", "a.", "/a.b", "://", "a@b.", '"\\', "<[{"),
    *("e\u0301", "\u0301\u0316", "\u00e5", "\ufb03\u0130", "\U0001f600"),
)
#: The keywords that affect how long a value of a field takes.
TIMED_KEYWORDS = {
    "type",
    "properties",
    "items",
    "allOf",
    "if",
    "then",
    "not",
    "contains",
    "pattern",
    "uniqueItems",
    "maxItems",
} | {
    "x-normalise",
    "x-private",
    "additionalProperties",
}
#: The deepest nesting of values; the parser refuses deeper ones.
DEEPEST = 190

Ad = dict[str, Any]
#: Makes the input of a case, for a size.
Make = Callable[[int], Any]
#: Makes an item or a name, by its number.
Item = Callable[[int], Any]
Run = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A function to run, and how to make its input; `largest` is the largest useful size, `group` the kind of case."""

    name: str
    group: str
    make: Make
    run: Run
    largest: int = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A measurement: the exponent, the seconds at the largest size, and that size."""

    case: Case
    exponent: float
    seconds: float
    size: int


def run_validate(text: bytes, *, edition: str, engine: str) -> None:
    """Do what ``validate`` does."""
    summary = feed.Summary()
    for write in formats.FORMATS.values():
        for _ in write(
            summary.counted(feed.check([("ads", text)], version=edition, engine=engine)),
            summary,
            formats.RenderOptions(rich=True),
        ):
            pass


def show(result: feed.Result) -> None:
    """Locate the findings in an ad, and write its diff."""
    result.located()
    after = result.after()
    if after != result.before:
        for _ in formats.diff("ads", result.before, after, context=3, headed=True, on_terminal=False):
            pass


def run_normalise(text: bytes, *, edition: str) -> None:
    """Do what ``normalise --diff`` does."""
    for result in feed.prepare([("ads", text)], version=edition, price_unit="kr"):
        show(result)


def run_convert(text: bytes, *, edition: str, to: str) -> None:
    """Do what ``convert --diff --questions --receipts`` does."""
    with QuestionSheet(catalogues.default()) as sheet:
        for result in feed.convert([("ads", text)], version=edition, to=to, price_unit="kr"):
            show(result)
            if result.conversion and sheet.add(result.conversion) is not None:
                json.dumps(result.conversion.receipt)
        for _ in sheet.lines():
            pass


def run_convert_with_answers(files: tuple[bytes, bytes], *, to: str) -> None:
    """Do what ``convert --answers`` does."""
    for _ in feed.convert([("ads.ndjson", files[0])], to=to, answers=AnswerSheet(files[1], to=to)):
        pass


def run_convert_back(files: tuple[bytes, bytes]) -> None:
    """Do what ``convert --back`` does."""
    receipt_file = ReceiptFile(files[1], name="receipts.ndjson")
    for result in feed.restore([("ads.ndjson", files[0])], receipt_file):
        result.after()


def runs(catalogue: Catalogue, edition: str) -> Iterator[tuple[str, Run]]:
    """Yield the name and the function of each thing that is done with ads of an edition."""
    for engine in ENGINES:
        yield f"validate {edition} by {engine}", partial(run_validate, edition=edition, engine=engine)
    yield f"normalise {edition}", partial(run_normalise, edition=edition)
    for path in catalogue.edition_paths.values():
        if path.version == edition and not path.back:
            yield f"convert {edition}", partial(run_convert, edition=edition, to=path.to)


def kinds(catalogue: Catalogue, edition: str) -> Iterator[tuple[Schema, Ad]]:
    """Yield the schema and an ad of every category of an edition."""
    for slug, category in catalogue.edition(edition).categories.items():
        schema = catalogue.schema(Kind(version=edition, category=slug))
        if category.schema:
            yield schema, example(schema)


def timed_part(node: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Return the part of a schema that affects time."""
    if isinstance(node, dict):
        kept = {key: timed_part(value) for key, value in node.items() if key in TIMED_KEYWORDS}
        return kept | {name: timed_part(below) for name, below in node.items() if name not in kept and isinstance(below, dict)}
    return [timed_part(each) for each in node] if isinstance(node, list) else node


def fields(catalogue: Catalogue, edition: str, wanted: str) -> Iterator[tuple[Ad, tuple[str, ...], Schema]]:
    """Yield every field of a type, once for each way that it is described, with an ad to put it in."""
    seen = set()
    for schema, ad in kinds(catalogue, edition):
        for at, node in walk(schema):
            text = json.dumps(timed_part(node), sort_keys=True)
            if wanted in types(node) and at and text not in seen:
                seen.add(text)
                yield ad, at, node


def put(ad: Ad, at: Sequence[str], value: object) -> Ad:
    """Return an ad with a value at a place; in an array, it is the only item."""
    first = at.index("*") if "*" in at else len(at)
    inner = [put({}, at[first + 1 :], value)] if first < len(at) - 1 else [value] if first < len(at) else value
    return dict(with_value(ad, at[:first], inner))


def to_json(value: object, indent: int | None = None) -> bytes:
    """Write a document."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


def items(node: Schema, names: Sequence[str]) -> Iterator[tuple[str, Item]]:
    """Yield functions that make the items of an array from their number: valid items, and items wrong in one way.

    `names` are wrong names of members.
    """
    good = example(node.get("items", {}))
    yield "all equal", lambda _: good
    yield "of other types", lambda number: [number, [number], {"a": number}, None, True, f"{number}"][number % 6]
    if isinstance(good, str):
        yield "different", lambda number: f"{good}{number}"
        yield "respelled", lambda number: f" {good}{number} "
        yield "repeated and respelled", lambda number: f" {good}{number // 2} "
    if isinstance(good, dict):
        for name in good:
            rest = {key: each for key, each in good.items() if key != name}
            yield f"with {name} as text", lambda number, name=name: {**good, name: f" {number} "}  # type: ignore[misc]
            yield f"without {name}", lambda _, rest=rest: rest  # type: ignore[misc]
            for wrong in (name.upper(), f"{name}s", *names):
                yield f"with {wrong} for {name}", lambda number, rest=rest, wrong=wrong: {**rest, wrong: number}  # type: ignore[misc]


def ad_with_items(size: int, *, ad: Ad, at: Sequence[str], item: Item, indent: int | None) -> bytes:
    """Write an ad with `size` items in an array."""
    return to_json(put(ad, at, [item(number) for number in range(size)]), indent)


def lists(catalogue: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield arrays that grow, written over several lines and on one."""
    for ad, at, node in fields(catalogue, edition, "array"):
        names = [name for name, right in catalogue.names.items() if right.at[: len(at) + 1] == (*at, "*")]
        for (kind, item), indent in product(items(node, names), (1, None)):
            name = f"{pointer.write(at)} {kind}{'' if indent else ', on one line'}"
            yield name, partial(ad_with_items, ad=ad, at=at, item=item, indent=indent)


def ad_with_texts(size: int, *, several: Sequence[tuple[Ad, tuple[str, ...]]], piece: str, ends: Sequence[str]) -> bytes:
    """Write an ad with long texts."""
    ad = several[0][0]
    for _, at in several:
        ad = put(ad, at, ends[0] + (piece * size)[:size] + ends[1])
    return to_json(ad)


def texts(catalogue: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield texts that grow: in each field, of each piece, alone, and after the example of the field and before other text."""
    for ad, at, node in fields(catalogue, edition, "string"):
        good = str(example(node) or "")
        pieces = [*PIECES, *(good.split(mark, maxsplit=1)[0] + mark for mark in sorted({*re.findall("[^0-9A-Za-z]", good)}))]
        for piece, ends in product(pieces, [("", ""), (good, " !")]):
            make = partial(ad_with_texts, several=[(ad, at)], piece=piece, ends=ends)
            yield f"{pointer.write(at)} {''.join(ends)!r} and {piece!r}", make


def texts_together(catalogue: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield texts that grow in all fields of one category at once, of each piece, which is faster than one field at a time."""
    schema, ad = max(kinds(catalogue, edition), key=lambda each: sum(1 for _ in walk(each[0])))
    several = [(ad, at) for at, node in walk(schema) if at and "string" in types(node)]
    for piece, ends in product(PIECES, [("", ""), ("a", " !")]):
        yield f"all texts {''.join(ends)!r} and {piece!r}", partial(ad_with_texts, several=several, piece=piece, ends=ends)


def ad_with_names(size: int, *, ad: Ad, at: Sequence[str], item: Item) -> bytes:
    """Write an ad with `size` more names in an object."""
    members = pointer.get(ad, at)
    return to_json(put(ad, at, {**(members if isinstance(members, dict) else {}), **{item(each): each for each in range(size)}}))


def names(catalogue: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield objects with more and more names: unknown, nearly right, right with extra underscores, wrong, and repeated."""
    schema, ad = next(kinds(catalogue, edition))
    right = [at[-1] for at, _ in walk(schema) if at and "*" not in at]
    wrong = [*catalogue.names]

    def underscored(among: Sequence[str], number: int) -> str:
        """Return a name with underscores that mean nothing, in other places for each number."""
        name = among[number % len(among)]
        return "".join(f"{letter}{'_' * (number >> 3 * place & 7)}" for place, letter in enumerate(name)).title()

    makers: dict[str, Item] = {
        "unknown": lambda number: f"xq{number}",
        "nearly right": lambda number: f"{right[number % len(right)]}{number}",
        "right with underscores": partial(underscored, right),
        "wrong": partial(underscored, wrong),
        "for one field": partial(underscored, right[-1:]),
    }
    for (kind, item), at in product(makers.items(), ((), catalogue.category_fields_at)):
        yield f"names in {pointer.write(at) or 'the ad'} {kind}", partial(ad_with_names, ad=ad, at=at, item=item)
    yield "a name", lambda size: to_json({**ad, "xq" * size: 1})
    yield "a name of accents", lambda size: to_json({**ad, "\u0301\u0316" * size: 1})
    yield "names repeated", lambda size: b"{" + b",".join(b'"a%d": 1' % each for each in range(size)) + b',"a0": 1}'
    yield "depth of arrays", lambda size: to_json({**ad, "xq": nested(size, "[", "]")})
    yield "depth of objects", lambda size: to_json({**ad, "xq": nested(size, '{"a":', "}")})
    yield "depth beyond reason", lambda size: b"[" * size


def nested(size: int, opening: str, closing: str) -> Any:  # noqa: ANN401  (any JSON)
    """Return nested values, about `size` in all, in pieces of the deepest nesting."""
    return [json.loads(opening * DEEPEST + "1" + closing * DEEPEST) for _ in range(size // DEEPEST + 1)]


def feeds(catalogue: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield more and more ads, as lines and in an array, with their own identifiers or with the same one."""
    ads = [ad for _, ad in kinds(catalogue, edition)]
    identity = catalogue.identity_at[-1]
    makers: dict[str, Item] = {
        "with their own identifiers": lambda number: {**ads[number % len(ads)], identity: f"a{number}"},
        "with one identifier": lambda _: {**ads[0], identity: "a"},
        "that are invalid": lambda number: {identity: f"a{number}", "xq": number},
    }
    for kind, item in makers.items():
        yield f"ads {kind}, as lines", partial(ad_lines, item=item)
        yield f"ads {kind}, in an array", lambda size, item=item: to_json([item(each) for each in range(size)])  # type: ignore[misc]
    yield "lines that are not JSON", lambda size: b"{}\n" + b'{"a": nope}\n' * size
    yield "lines that are blank", lambda size: b"{}\n" + b" \n" * size


def ad_lines(size: int, *, item: Item) -> bytes:
    """Write `size` ads as JSON lines."""
    return b"\n".join(to_json(item(number)) for number in range(size))


def pairs(catalogue: Catalogue) -> Iterator[Case]:
    """Yield the cases with two files: ads, and answers or receipts for them, with one identifier or several, in either order."""
    identity = catalogue.identity_at[-1]
    for path in (path for path in catalogue.edition_paths.values() if not path.back):
        ads = {
            mapping.automatic: example(catalogue.schema(mapping.given))
            for slug, *_ in path.categories
            for mapping in mappings_for(catalogue, path, slug)
        }
        question_at = convert(ads[False], to=path.to).questions[0].at
        makers: dict[str, Item] = {
            "with one identifier": lambda _: "a",
            "with their own identifiers": lambda number: f"a{number}",
            "with other identifiers": lambda number: f"abc{number}",
        }
        for (kind, item), step in product(makers.items(), (1, -1)):
            suffix = "z" * (kind == "with other identifiers")

            def rows(size: int, item: Item = item, step: int = step, suffix: str = suffix, question_at: str = question_at) -> Any:  # noqa: ANN401
                lines = [f"{item(each)}{suffix};{each}" for each in range(size)][::step]
                sheet = "\n".join([f"{identity};{question_at}", *lines]).encode()
                return ad_lines(size, item=lambda number: {**ads[False], identity: item(number)}), sheet  # noqa: B023

            def receipts(size: int, item: Item = item, step: int = step, to: str = path.to) -> Any:  # noqa: ANN401
                done = [convert({**ads[True], identity: item(each), "body": f"{each}"}, to=to) for each in range(size)]  # noqa: B023
                return b"\n".join(to_json(each.ad) for each in done), b"\n".join(to_json(each.receipt) for each in done[::step])

            order = "" if step > 0 else ", backwards"
            yield Case(
                name=f"convert: rows {kind}{order}",
                group="rows",
                make=rows,
                run=partial(run_convert_with_answers, to=path.to),
                largest=1 << 12,
            )
            yield Case(
                name=f"convert: receipts {kind}{order}", group="receipts", make=receipts, run=run_convert_back, largest=1 << 12
            )
        for ad, at, node in fields(catalogue, path.version, "array"):
            for kind, item in items(node, ()):

                def returned(size: int, ad: Ad = ad, at: Any = at, item: Item = item, to: str = path.to) -> Any:  # noqa: ANN401
                    done = convert(put(ad, at, [item(each) for each in range(size)]), to=to, price_unit="kr")
                    return to_json(done.ad), to_json(done.receipt)

                yield Case(
                    name=f"convert: a receipt of {pointer.write(at)} {kind}", group="back", make=returned, run=run_convert_back
                )


def cases(catalogue: Catalogue, *, together: bool) -> Iterator[Case]:
    """Yield all cases; with `together`, all text fields of an ad grow at once, and not one at a time."""
    for edition in catalogue.editions:
        grown = {
            "lists": lists(catalogue, edition),
            "texts": texts_together(catalogue, edition) if together else texts(catalogue, edition),
            "names": names(catalogue, edition),
            "feeds": feeds(catalogue, edition),
        }
        for group, documents in grown.items():
            for (grows, make), (action, run) in product([*documents], runs(catalogue, edition)):
                largest = 1 << 12 if group == "feeds" else 1 << 16
                yield Case(name=f"{action}: {grows}", group=f"{action} {group}", make=make, run=run, largest=largest)
    yield from pairs(catalogue)


def interleaved(all_cases: Sequence[Case]) -> list[Case]:
    """Return cases in an order in which the groups take turns; it is the same in each run."""
    turns: dict[str, int] = {}
    ranked = []
    for case in sorted(all_cases, key=lambda case: zlib.crc32(case.name.encode())):
        turns[case.group] = turns.get(case.group, 0) + 1
        ranked.append((turns[case.group], case))
    return [case for _, case in sorted(ranked, key=lambda each: each[0])]


def seconds(case: Case, size: int, repeats: int = 1) -> float:
    """Return the seconds of process time that a case takes at a size: the least of some runs."""
    given = case.make(size)
    times = []
    for _ in range(repeats):
        start = time.process_time()
        case.run(given)
        times.append(time.process_time() - start)
    return min(times)


def measure(case: Case, allowed: float, repeats: int = 1) -> Growth:
    """Measure a case at sizes of which the largest takes about `allowed` seconds, and fit its exponent."""
    size, took = 16, 0.0
    while size < case.largest and took < allowed / 3:
        size = min(case.largest, size * (2 if took > allowed / 12 else 4))
        took = seconds(case, size)
    sizes = [max(1, size * step // STEPS[-1]) for step in STEPS]
    idle = seconds(case, 1, 3)
    times = [max(seconds(case, each, repeats) - idle, idle / 10) for each in sizes]
    # The smallest size is left out; a case that takes almost no time does not grow.
    tail = [*zip(map(math.log, sizes), map(math.log, times), strict=True)][1:]
    slope = statistics.linear_regression(*zip(*tail, strict=True)).slope if times[-1] > max(allowed / 10, 3 * idle) else 0.0
    return Growth(case=case, exponent=slope, seconds=times[-1], size=size)


def measure_carefully(case: Case, allowed: float) -> Growth:
    """Measure a case; if it seems to grow too fast, measure it again with more runs."""
    growth = measure(case, allowed)
    for repeats in (2, 3):
        if growth.exponent > BOUND:
            growth = min(growth, measure(case, allowed * repeats, repeats), key=lambda each: each.exponent)
    return growth


def main(chosen: Sequence[Case], allowed: float, until: float, rows: int) -> int:
    """Measure cases, and print the table. Return 1 if a case is above the bound."""
    began = time.monotonic()
    found: list[Growth] = []
    for case in chosen:
        if time.monotonic() > began + until:
            break
        found.append(measure_carefully(case, allowed))
    found.sort(key=lambda each: -each.exponent)
    print("exponent  seconds      size  case")
    for each in found[:rows]:
        print(f"{each.exponent:8.2f} {each.seconds:8.3f} {each.size:>9,}  {each.case.name}")
    slowest = max(found, key=lambda each: each.seconds / each.size)
    print(f"slowest by size: {slowest.seconds / slowest.size * 1e6:,.0f} µs each  {slowest.case.name}")
    wrong = sum(each.exponent > BOUND for each in found)
    print(f"{len(found):,} of {len(chosen):,} cases in {time.monotonic() - began:.0f} s; {wrong} above {BOUND}")
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a sample of all cases, for about 90 seconds; for CI")
    parser.add_argument("--only", default="", metavar="REGEX", help="only cases whose names match")
    parser.add_argument("--rows", type=int, default=12, help="how many rows to print (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long the largest size may take (default: %(default)s)")
    args = parser.parse_args()
    all_cases = [case for case in cases(catalogues.default(), together=args.short) if re.search(args.only, case.name)]
    chosen = interleaved(all_cases) if args.short else all_cases
    sys.exit(main(chosen, args.seconds / (6 if args.short else 1), 90 if args.short else math.inf, args.rows))
