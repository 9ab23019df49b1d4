"""Output formats: each turns results into text, piece by piece, and is chosen by its name from one table."""

import json
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from v4schema._version import __version__
from v4schema.catalogue import Catalogue
from v4schema.catalogue.messages import printable
from v4schema.dialect.fields import is_private, subschema_at
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.feed import Result, Summary
from v4schema.findings.report import Finding, Kind, Level

_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}
_DIFF_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
#: What makes a diff quote a name.
_TO_QUOTE = re.compile(r'[\x00-\x1f\x7f"\\]|^ | \Z')
#: A line number in the head of a hunk.
_LINE_NUMBER = re.compile("([-+])([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How text is to look: with code frames and colours or plain, how wide, and which levels are shown."""

    rich: bool = False
    width: int = 80
    lightest: Level = Level.NOTE


def text(results: Iterable[Result], look: RenderOptions) -> Iterator[str]:
    """Write a line for each finding, or on a terminal a block with a code frame."""
    for result in results:
        for finding in result.located(look.lightest):
            yield _block(result, finding, look) if look.rich else _line(result, finding)


def json_document(results: Iterable[Result], tally: Summary) -> Iterator[str]:
    """Write one document, as ``schemas/meta/report.json`` describes it."""
    yield f'{{"v4schema": {json.dumps(__version__)}, "results": ['
    comma = "\n"
    for result in results:
        yield comma + _dumped(_told(result))
        comma = ",\n"
    yield f'\n], "summary": {_dumped(summary_json(tally))}}}\n'


def ndjson(results: Iterable[Result]) -> Iterator[str]:
    """Write one result a line."""
    for result in results:
        yield _dumped(_told(result)) + "\n"


def api(results: Iterable[Result]) -> Iterator[str]:
    """Write for each ad, on a line, the body that the API would answer: ``{}`` where it has nothing against it."""
    for result in results:
        unread = None if result.reading.readable else {"detail": result.report.errors[0].message}
        yield _dumped(unread or result.report.api()) + "\n"


def summary_json(tally: Summary) -> dict[str, object]:
    """Return what a run has come to, in the shape of ``schemas/meta/report.json``."""
    return {
        "ads": tally.ads,
        "clean": tally.clean,
        "changed": tally.changed,
        "converted": tally.converted,
        "incomplete": tally.incomplete,
        "fixable": tally.fixable,
        **{f"{level}s": tally.levels[level] for level in Level},
        "unreadable": tally.unreadable,
        "unwritten": tally.unwritten,
        "skipped": len(tally.skipped),
        "by_code": dict(sorted(tally.codes.items())),
    }


def summary_sentence(tally: Summary) -> str:
    """Say what a run has come to."""
    counts = [_count(tally.levels[level], str(level)) for level in Level if tally.levels[level] or level is Level.ERROR]
    if tally.converts:
        done = f"{tally.converted:,} converted, {tally.incomplete:,} {'set aside' if tally.sets_aside else 'not complete'}"
    else:
        done = f"{f'{tally.changed:,} changed, ' if tally.changed else ''}{tally.clean:,} clean"
    unread = f"; {_count(tally.unreadable, 'input')} could not be read" if tally.unreadable else ""
    unwritten = f"; {_count(tally.unwritten, 'file')} could not be written" if tally.unwritten else ""
    mend = f" `v4schema normalise` fixes {tally.fixable:,} of them." if tally.fixable else ""
    return f"{_count(tally.ads, 'ad')}, {done}: {', '.join(counts)}{unread}{unwritten}.{mend}"


def documents(catalogue: Catalogue, codes: Iterable[str], width: int) -> Iterator[str]:
    """List documents by their codes."""
    yield "Documents:"
    for code in codes:
        yield textwrap.fill(f"  {code:<9} {document_title(catalogue.documents[code])}", width, subsequent_indent=" " * 12)


def document_title(document: Mapping[str, str]) -> str:
    """Return the title of a document with its edition."""
    return ", ".join(document[name] for name in ("title", "edition") if name in document)


def diff(
    name: str, before: bytes, after: bytes, *, lines: tuple[int, int] = (1, 1), context: int, headed: bool, on_terminal: bool
) -> Iterator[str]:
    """Write what has changed in a piece of a source as a unified diff, which `patch` and `git apply` take; `headed` names it.

    `lines` are the lines that the piece begins on, before and after, `context` how many lines around a change are shown: none in
    the middle of a file, since `patch` takes a hunk without lines behind the change for the last one. A byte that is not UTF-8
    stands as half a character, as with Python's ``surrogateescape``. For a terminal, what could steer it is written as escapes.
    """
    from v4schema.output.line_diff import unified_diff

    shown = printable if on_terminal else str
    old, new = (_lines(piece) for piece in (before, after))
    path = _quoted(name)
    differences = unified_diff(old, new, path, path, context=context)
    for heading in (next(differences), next(differences)):
        if headed:
            yield click.style(shown(heading.removesuffix("\n")), bold=True) + "\n"
    starts = dict(zip("-+", lines, strict=True))
    for each in differences:
        told = each
        if each.startswith("@@"):
            told = _LINE_NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + starts[found[1]] - 1}", each)
        yield click.style(shown(told.removesuffix("\n")), fg=_DIFF_COLOURS.get(each[0])) + "\n"
        if not told.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(piece: bytes) -> Sequence[str]:
    """Take a text apart after each line feed, and nowhere else: that alone ends a line of a diff."""
    return [line for line in re.split("(?<=\n)", piece.decode(errors="surrogateescape")) if line]


def _quoted(name: str) -> str:
    """Write the name of a file as `patch` and `git apply` read it, from here if it is below: neither takes one from the root."""
    below = os.path.relpath(name) if os.path.isabs(name) or {os.curdir, os.pardir} & {*name.split(os.sep)} else name
    name = name if below.startswith(os.pardir) else below
    if _TO_QUOTE.search(name):
        return f'"{_TO_QUOTE.sub(_octal, name)}"'
    return f"{name}\t" if " " in name else name


def _octal(found: re.Match[str]) -> str:
    return "".join(f"\\{byte:03o}" for byte in found[0].encode(errors="surrogateescape"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _told(result: Result) -> dict[str, object]:
    """Return one result in the shape of ``schemas/meta/report.json``."""
    kind = result.report.kind
    return {
        "source": result.reading.source,
        "index": result.reading.index,
        "line": result.line,
        "kind": str(kind) if kind and kind.category else None,
        result.catalogue.identity_at[-1]: result.identity,
        **({"complete": result.complete} if result.conversion else {}),
        "findings": [
            {
                "code": finding.code,
                "level": finding.level,
                "at": finding.at,
                "to": finding.to,
                "line": finding.line,
                "column": finding.column,
                "message": finding.message,
                "hint": finding.hint,
                "source": finding.source,
                "fixable": finding.fixable,
                **_change(result, finding),
            }
            for finding in result.located()
        ],
    }


def _change(result: Result, finding: Finding) -> dict[str, object]:
    """Return what was changed, from what to what; nothing of what may be private."""
    at = pointer.resolve(result.report.ad, finding.at if finding.to is None else finding.to)
    sides = finding.before, finding.after
    shown = sides != (None, None) and all(_open(result, at, side) for side in sides)
    return dict(zip(("before", "after"), sides, strict=True)) if shown else {}


def _open(result: Result, at: Place, value: object = None) -> bool:
    """Tell whether a value may be shown at a place: it, and all that it holds, is described, and not private."""
    schema = result.catalogue.schema(result.report.kind or Kind(version=result.catalogue.edition().name))
    if subschema_at(schema, at) is None or is_private(schema, at):
        return False
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return all(_open(result, (*at, name), member) for name, member in members)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _place(result: Result, finding: Finding) -> str:
    return ":".join(str(part) for part in (result.reading.source, finding.line, finding.column) if part is not None)


def _line(result: Result, finding: Finding) -> str:
    hint = f" {finding.hint}" if finding.hint else ""
    sources = f" [{', '.join(finding.source)}]" if finding.source else ""
    at = f"{finding.at} " if finding.at else ""
    mend = " (fixable)" if finding.fixable else ""
    return (
        printable(f"{_place(result, finding)}: {finding.level} {finding.code} {at}{finding.message}{hint}{sources}{mend}") + "\n"
    )


def _block(result: Result, finding: Finding, look: RenderOptions) -> str:
    """Write a finding for a person at a terminal."""
    level = click.style(finding.level, fg=_COLOURS[finding.level], bold=True)
    sources = click.style(f" [{', '.join(finding.source)}]", dim=True) if finding.source else ""
    mend = click.style(" fixable", fg="green") if finding.fixable else ""
    place = click.style(printable(_place(result, finding)), bold=True)
    lines = [f"{place} {level} {click.style(finding.code, dim=True)}{sources}{mend}"]
    if finding.at:
        lines.append(f"  {click.style(_cut(printable(finding.at), look.width - 2), fg='blue')}")
    lines.extend(textwrap.wrap(printable(finding.message), look.width - 2, initial_indent="  ", subsequent_indent="  "))
    lines.extend(_frame(result, finding, look))
    if finding.hint:
        lines.extend(textwrap.wrap(printable(finding.hint), look.width - 2, initial_indent="  = ", subsequent_indent="    "))
    return "\n".join(lines) + "\n\n"


def _frame(result: Result, finding: Finding, look: RenderOptions) -> list[str]:
    """Show the member at fault with a caret under it, and nothing else of the document: its neighbours may be private."""
    member = result.member(finding)
    if member is None or finding.line is None:
        return []
    mark = result.mark(finding, member)
    raw = result.reading.text
    name = printable(_name(finding, raw[member.name.start : member.name.end].decode())) + ": " if member.name else ""
    shown = name + printable(_value(result, finding, raw[member.value.start : member.value.end].decode()))
    begins, ends = (0, len(name) - len(": ")) if mark is member.name else (len(name), len(shown))
    margin = f"  {finding.line} | "
    room = max(look.width - len(margin) - 1, 20)
    if begins > room - 10:
        shown, begins, ends = "…" + shown[begins:], 1, 1 + ends - begins
    caret = click.style("^" * max(1, min(ends, room) - begins), fg=_COLOURS[finding.level], bold=True)
    rest = " " * (len(margin) - 2) + "| " + " " * begins
    return [click.style(margin, dim=True) + _cut(shown, room), click.style(rest, dim=True) + caret]


def _name(finding: Finding, raw: str) -> str:
    """Return a name for a code frame: not where a name is masked in the place of the finding."""
    return f'"{pointer.MASK}"' if pointer.MASK in finding.at else raw


def _value(result: Result, finding: Finding, raw: str) -> str:
    """Return a value for a code frame: not what it holds, and nothing that may be private."""
    if raw.startswith(("{", "[")):
        return raw if len(raw) == 2 else f"{raw[0]}…{raw[-1]}"  # noqa: PLR2004  (an empty one)
    at = pointer.parse(finding.at if finding.to is None else finding.to)
    if raw in {"true", "false", "null"} or (at and _open(result, at)):
        return raw
    return '"…"' if raw.startswith('"') else "…"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


#: The formats by name. Each takes the results, the tally that counts them as they pass, and the look.
FORMATS: dict[str, Callable[[Iterable[Result], Summary, RenderOptions], Iterator[str]]] = {
    "text": lambda results, _, look: text(results, look),
    "json": lambda results, tally, _: json_document(results, tally),
    "ndjson": lambda results, *_: ndjson(results),
    "api": lambda results, *_: api(results),
}
