"""Measure how the time of every command grows with its input: lists, texts, names, depth, ads, rows and receipts.

What grows is derived from the schemas: every array and every text that they describe. Each case is run at one, two, four and
eight times a size, in this process, by the functions that the commands use, and the exponent of its growth is fitted: 1 is
linear, 2 quadratic. A case above the bound is measured again before it counts, since machines are noisy. Prints a table, the
worst first, and ends with 1 if any case is above the bound.
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

from v4schema import Kind, catalogue, convert, feed
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

#: The growth that is allowed: sorting, and caches that become too small, cost a linear run something.
BOUND = 1.35
#: The sizes of a case, as multiples of the smallest.
STEPS = (1, 2, 4, 8)
#: Pieces of hostile texts: what patterns stumble over.
SHAPES = (
    *(" ", " \t\u00a0\n", "1", "1 ", "1.000,5 ", "-", ".", "a", "ab ", "a-", "a.", "/a.b", "://", "a@b.", '"\\', "<[{"),
    *("e\u0301", "\u0301\u0316", "\u00e5", "\ufb03\u0130", "\U0001f600"),
)
#: The keywords that bear on the time that a value of a field takes.
WORKING = {"type", "properties", "items", "allOf", "if", "then", "not", "contains", "pattern", "uniqueItems", "maxItems"} | {
    "x-normalise",
    "x-private",
    "additionalProperties",
}
#: Nothing is nested deeper: the parser refuses it.
DEEPEST = 190

Ad = dict[str, Any]
#: Makes what a case runs on, for a size.
Make = Callable[[int], Any]
#: Makes an item or a name, by its number.
Item = Callable[[int], Any]
Run = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is run, and on what; `most` is the largest size that says something, `group` what it has in common with others."""

    name: str
    group: str
    make: Make
    run: Run
    most: int = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What was measured: the exponent, the seconds of the largest size, and that size."""

    case: Case
    exponent: float
    seconds: float
    size: int


def checked(text: bytes, *, edition: str, engine: str) -> None:
    """Do what ``validate`` does."""
    tally = feed.Summary()
    for form in formats.FORMATS.values():
        for _ in form(
            tally.counted(feed.check([("ads", text)], version=edition, engine=engine)), tally, formats.RenderOptions(rich=True)
        ):
            pass


def shown(result: feed.Result) -> None:
    """Show what was found in an ad, and what has changed in it."""
    result.located()
    after = result.after()
    if after != result.before:
        for _ in formats.diff("ads", result.before, after, context=3, headed=True, on_terminal=False):
            pass


def prepared(text: bytes, *, edition: str) -> None:
    """Do what ``normalise --diff`` does."""
    for result in feed.prepare([("ads", text)], version=edition, price_unit="kr"):
        shown(result)


def converted(text: bytes, *, edition: str, to: str) -> None:
    """Do what ``convert --diff --questions --receipts`` does."""
    held = catalogue.default()
    with QuestionSheet(held) as sheet:
        for result in feed.convert([("ads", text)], version=edition, to=to, price_unit="kr"):
            shown(result)
            if result.conversion and sheet.add(result.conversion) is not None:
                json.dumps(result.conversion.receipt)
        for _ in sheet.lines():
            pass


def answered(files: tuple[bytes, bytes], *, to: str) -> None:
    """Do what ``convert --answers`` does."""
    for _ in feed.convert([("ads.ndjson", files[0])], to=to, answers=AnswerSheet(files[1], to=to)):
        pass


def brought_back(files: tuple[bytes, bytes]) -> None:
    """Do what ``convert --back`` does."""
    drawer = ReceiptFile(files[1], name="receipts.ndjson")
    for result in feed.restore([("ads.ndjson", files[0])], drawer):
        result.after()


def runs(held: Catalogue, edition: str) -> Iterator[tuple[str, Run]]:
    """Yield what is done with ads of an edition."""
    for engine in ENGINES:
        yield f"validate {edition} by {engine}", partial(checked, edition=edition, engine=engine)
    yield f"normalise {edition}", partial(prepared, edition=edition)
    for path in held.edition_paths.values():
        if path.version == edition and not path.back:
            yield f"convert {edition}", partial(converted, edition=edition, to=path.to)


def wholes(held: Catalogue, edition: str) -> Iterator[tuple[Schema, Ad]]:
    """Yield the schema and an ad of every category of an edition."""
    for slug, category in held.edition(edition).categories.items():
        schema = held.schema(Kind(version=edition, category=slug))
        if category.schema:
            yield schema, example(schema)


def bare(node: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Return what of a schema bears on time."""
    if isinstance(node, dict):
        kept = {key: bare(value) for key, value in node.items() if key in WORKING}
        return kept | {name: bare(below) for name, below in node.items() if name not in kept and isinstance(below, dict)}
    return [bare(each) for each in node] if isinstance(node, list) else node


def fields(held: Catalogue, edition: str, wanted: str) -> Iterator[tuple[Ad, tuple[str, ...], Schema]]:
    """Yield every field of a type, once for each path that it is described, with an ad to put it in."""
    seen = set()
    for schema, ad in wholes(held, edition):
        for at, node in walk(schema):
            told = json.dumps(bare(node), sort_keys=True)
            if wanted in types(node) and at and told not in seen:
                seen.add(told)
                yield ad, at, node


def put(ad: Ad, at: Sequence[str], value: object) -> Ad:
    """Return an ad with a value at a place; in an array it is the only item."""
    first = at.index("*") if "*" in at else len(at)
    inner = [put({}, at[first + 1 :], value)] if first < len(at) - 1 else [value] if first < len(at) else value
    return dict(with_value(ad, at[:first], inner))


def dumped(value: object, indent: int | None = None) -> bytes:
    """Write a document."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


def items(node: Schema, names: Sequence[str]) -> Iterator[tuple[str, Item]]:
    """Yield what items of an array can be: as they should be, or wrong in one path, by number; `names` are wrong ones."""
    good = example(node.get("items", {}))
    yield "alike", lambda _: good
    yield "of other types", lambda number: [number, [number], {"a": number}, None, True, f"{number}"][number % 6]
    if isinstance(good, str):
        yield "different", lambda number: f"{good}{number}"
        yield "respelt", lambda number: f" {good}{number} "
        yield "twice and respelt", lambda number: f" {good}{number // 2} "
    if isinstance(good, dict):
        for name in good:
            rest = {key: each for key, each in good.items() if key != name}
            yield f"with {name} as text", lambda number, name=name: {**good, name: f" {number} "}  # type: ignore[misc]
            yield f"without {name}", lambda _, rest=rest: rest  # type: ignore[misc]
            for wrong in (name.upper(), f"{name}s", *names):
                yield f"with {wrong} for {name}", lambda number, rest=rest, wrong=wrong: {**rest, wrong: number}  # type: ignore[misc]


def listed(size: int, *, ad: Ad, at: Sequence[str], item: Item, indent: int | None) -> bytes:
    """Write an ad with so many items in an array."""
    return dumped(put(ad, at, [item(number) for number in range(size)]), indent)


def lists(held: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield arrays that grow, on lines of their own and on one."""
    for ad, at, node in fields(held, edition, "array"):
        names = [name for name, right in held.names.items() if right.at[: len(at) + 1] == (*at, "*")]
        for (what, item), indent in product(items(node, names), (1, None)):
            name = f"{pointer.write(at)} {what}{'' if indent else ', on one line'}"
            yield name, partial(listed, ad=ad, at=at, item=item, indent=indent)


def written(size: int, *, several: Sequence[tuple[Ad, tuple[str, ...]]], piece: str, around: Sequence[str]) -> bytes:
    """Write an ad with long texts."""
    ad = several[0][0]
    for _, at in several:
        ad = put(ad, at, around[0] + (piece * size)[:size] + around[1])
    return dumped(ad)


def texts(held: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield texts that grow: each field, of each shape, alone, and between its example and what does not belong there."""
    for ad, at, node in fields(held, edition, "string"):
        good = str(example(node) or "")
        pieces = [*SHAPES, *(good.split(mark, maxsplit=1)[0] + mark for mark in sorted({*re.findall("[^0-9A-Za-z]", good)}))]
        for piece, around in product(pieces, [("", ""), (good, " !")]):
            make = partial(written, several=[(ad, at)], piece=piece, around=around)
            yield f"{pointer.write(at)} {''.join(around)!r} and {piece!r}", make


def texts_together(held: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield texts that grow, of each shape in all fields of one category at once: what grows too fast in one does so in all."""
    schema, ad = max(wholes(held, edition), key=lambda each: sum(1 for _ in walk(each[0])))
    several = [(ad, at) for at, node in walk(schema) if at and "string" in types(node)]
    for piece, around in product(SHAPES, [("", ""), ("a", " !")]):
        yield f"all texts {''.join(around)!r} and {piece!r}", partial(written, several=several, piece=piece, around=around)


def named(size: int, *, ad: Ad, at: Sequence[str], item: Item) -> bytes:
    """Write an ad with so many names in an object."""
    members = pointer.get(ad, at)
    return dumped(put(ad, at, {**(members if isinstance(members, dict) else {}), **{item(each): each for each in range(size)}}))


def names(held: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield objects whose names grow in number: unknown, nearly right, right but for signs, wrong, and twice."""
    schema, ad = next(wholes(held, edition))
    right = [at[-1] for at, _ in walk(schema) if at and "*" not in at]
    wrong = [*held.names]

    def signed(among: Sequence[str], number: int) -> str:
        """Return a name with signs in it that mean nothing, other ones for each number."""
        name = among[number % len(among)]
        return "".join(f"{letter}{'_' * (number >> 3 * place & 7)}" for place, letter in enumerate(name)).title()

    ways: dict[str, Item] = {
        "unknown": lambda number: f"xq{number}",
        "nearly right": lambda number: f"{right[number % len(right)]}{number}",
        "right but for signs": partial(signed, right),
        "wrong": partial(signed, wrong),
        "for one field": partial(signed, right[-1:]),
    }
    for (what, item), at in product(ways.items(), ((), held.category_fields_at)):
        yield f"names in {pointer.write(at) or 'the ad'} {what}", partial(named, ad=ad, at=at, item=item)
    yield "a name", lambda size: dumped({**ad, "xq" * size: 1})
    yield "a name of accents", lambda size: dumped({**ad, "\u0301\u0316" * size: 1})
    yield "names twice", lambda size: b"{" + b",".join(b'"a%d": 1' % each for each in range(size)) + b',"a0": 1}'
    yield "depth of arrays", lambda size: dumped({**ad, "xq": nested(size, "[", "]")})
    yield "depth of objects", lambda size: dumped({**ad, "xq": nested(size, '{"a":', "}")})
    yield "depth beyond reason", lambda size: b"[" * size


def nested(size: int, opening: str, closing: str) -> Any:  # noqa: ANN401  (any JSON)
    """Return values within one another, so many in all."""
    return [json.loads(opening * DEEPEST + "1" + closing * DEEPEST) for _ in range(size // DEEPEST + 1)]


def feeds(held: Catalogue, edition: str) -> Iterator[tuple[str, Make]]:
    """Yield ads that grow in number, one a line and in an array, with their own identifiers or with one."""
    ads = [ad for _, ad in wholes(held, edition)]
    identity = held.identity_at[-1]
    ways: dict[str, Item] = {
        "with their own names": lambda number: {**ads[number % len(ads)], identity: f"a{number}"},
        "with one name": lambda _: {**ads[0], identity: "a"},
        "that are broken": lambda number: {identity: f"a{number}", "xq": number},
    }
    for what, item in ways.items():
        yield f"ads {what}, one a line", partial(lined, item=item)
        yield f"ads {what}, in an array", lambda size, item=item: dumped([item(each) for each in range(size)])  # type: ignore[misc]
    yield "lines that are no JSON", lambda size: b"{}\n" + b'{"a": nope}\n' * size
    yield "lines that are blank", lambda size: b"{}\n" + b" \n" * size


def lined(size: int, *, item: Item) -> bytes:
    """Write so many ads, one a line."""
    return b"\n".join(dumped(item(number)) for number in range(size))


def pairs(held: Catalogue) -> Iterator[Case]:
    """Yield what takes two files: rows of answers, and receipts, for ads with their own names or with one, in either order."""
    identity = held.identity_at[-1]
    for path in (path for path in held.edition_paths.values() if not path.back):
        ads = {
            mapping.automatic: example(held.schema(mapping.given))
            for slug, *_ in path.categories
            for mapping in mappings_for(held, path, slug)
        }
        asked = convert(ads[False], to=path.to).questions[0].at
        ways: dict[str, Item] = {
            "of one name": lambda _: "a",
            "of their own names": lambda number: f"a{number}",
            "of other names": lambda number: f"abc{number}",
        }
        for (what, item), step in product(ways.items(), (1, -1)):
            strange = "z" * (what == "of other names")

            def rows(size: int, item: Item = item, step: int = step, strange: str = strange, asked: str = asked) -> Any:  # noqa: ANN401
                lines = [f"{item(each)}{strange};{each}" for each in range(size)][::step]
                sheet = "\n".join([f"{identity};{asked}", *lines]).encode()
                return lined(size, item=lambda number: {**ads[False], identity: item(number)}), sheet  # noqa: B023

            def slips(size: int, item: Item = item, step: int = step, to: str = path.to) -> Any:  # noqa: ANN401
                done = [convert({**ads[True], identity: item(each), "body": f"{each}"}, to=to) for each in range(size)]  # noqa: B023
                return b"\n".join(dumped(each.ad) for each in done), b"\n".join(dumped(each.receipt) for each in done[::step])

            order = "" if step > 0 else ", backwards"
            yield Case(
                name=f"convert: rows {what}{order}", group="rows", make=rows, run=partial(answered, to=path.to), most=1 << 12
            )
            yield Case(name=f"convert: receipts {what}{order}", group="receipts", make=slips, run=brought_back, most=1 << 12)
        for ad, at, node in fields(held, path.version, "array"):
            for what, item in items(node, ()):

                def returned(size: int, ad: Ad = ad, at: Any = at, item: Item = item, to: str = path.to) -> Any:  # noqa: ANN401
                    done = convert(put(ad, at, [item(each) for each in range(size)]), to=to, price_unit="kr")
                    return dumped(done.ad), dumped(done.receipt)

                yield Case(
                    name=f"convert: a receipt of {pointer.write(at)} {what}", group="back", make=returned, run=brought_back
                )


def cases(held: Catalogue, *, together: bool) -> Iterator[Case]:
    """Yield all that is measured; with `together`, long texts stand in all fields at once, and not in one after another."""
    for edition in held.editions:
        grown = {
            "lists": lists(held, edition),
            "texts": texts_together(held, edition) if together else texts(held, edition),
            "names": names(held, edition),
            "feeds": feeds(held, edition),
        }
        for group, documents in grown.items():
            for (grows, make), (does, run) in product([*documents], runs(held, edition)):
                most = 1 << 12 if group == "feeds" else 1 << 16
                yield Case(name=f"{does}: {grows}", group=f"{does} {group}", make=make, run=run, most=most)
    yield from pairs(held)


def spread(every: Sequence[Case]) -> list[Case]:
    """Return cases in an order in which each group has its turn, the same at each run."""
    turns: dict[str, int] = {}
    ranked = []
    for case in sorted(every, key=lambda case: zlib.crc32(case.name.encode())):
        turns[case.group] = turns.get(case.group, 0) + 1
        ranked.append((turns[case.group], case))
    return [case for _, case in sorted(ranked, key=lambda each: each[0])]


def seconds(case: Case, size: int, repeats: int = 1) -> float:
    """Return the seconds of this process that a case takes at a size, the least of some runs."""
    made = case.make(size)
    took = []
    for _ in range(repeats):
        start = time.process_time()
        case.run(made)
        took.append(time.process_time() - start)
    return min(took)


def measured(case: Case, allowed: float, repeats: int = 1) -> Growth:
    """Measure a case at sizes of which the largest takes about so many seconds, and fit its exponent."""
    size, took = 16, 0.0
    while size < case.most and took < allowed / 3:
        size = min(case.most, size * (2 if took > allowed / 12 else 4))
        took = seconds(case, size)
    sizes = [max(1, size * step // STEPS[-1]) for step in STEPS]
    idle = seconds(case, 1, 3)
    times = [max(seconds(case, each, repeats) - idle, idle / 10) for each in sizes]
    # Over the larger sizes; what takes little more than nothing does not grow.
    tail = [*zip(map(math.log, sizes), map(math.log, times), strict=True)][1:]
    slope = statistics.linear_regression(*zip(*tail, strict=True)).slope if times[-1] > max(allowed / 10, 3 * idle) else 0.0
    return Growth(case=case, exponent=slope, seconds=times[-1], size=size)


def judged(case: Case, allowed: float) -> Growth:
    """Measure a case, and one that seems to grow too fast again, more carefully."""
    growth = measured(case, allowed)
    for repeats in (2, 3):
        if growth.exponent > BOUND:
            growth = min(growth, measured(case, allowed * repeats, repeats), key=lambda each: each.exponent)
    return growth


def main(chosen: Sequence[Case], allowed: float, until: float, rows: int) -> int:
    """Print the table; return whether any case is above the bound."""
    began = time.monotonic()
    found: list[Growth] = []
    for case in chosen:
        if time.monotonic() > began + until:
            break
        found.append(judged(case, allowed))
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
    parser.add_argument("--short", action="store_true", help="a spread of all cases, for about 90 seconds; for CI")
    parser.add_argument("--only", default="", metavar="REGEX", help="only the cases in whose names it is found")
    parser.add_argument("--rows", type=int, default=12, help="how many rows to print (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.3, help="what the largest size may take (default: %(default)s)")
    told = parser.parse_args()
    every = [case for case in cases(catalogue.default(), together=told.short) if re.search(told.only, case.name)]
    chosen = spread(every) if told.short else every
    sys.exit(main(chosen, told.seconds / (6 if told.short else 1), 90 if told.short else math.inf, told.rows))
