"""Output formats: each turns results into text, piece by piece, and is chosen by its name from one table."""

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import click

from v4schema import __version__, pointer
from v4schema.feed import Result, Tally
from v4schema.pointer import Place
from v4schema.report import Finding, Kind, Level
from v4schema.schema import describing, private

_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}
_DIFF_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
#: A line number in the head of a hunk.
_LINE_NUMBER = re.compile("([-+])([0-9]+)")
#: Control characters, and those that turn the direction of text or cannot be seen.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How text is to look: with code frames and colours or plain, how wide, and which levels are shown."""

    rich: bool = False
    width: int = 80
    lightest: Level = Level.NOTE


def text(results: Iterable[Result], look: Look) -> Iterator[str]:
    """Write a line for each finding, or on a terminal a block with a code frame."""
    for result in results:
        for finding in result.located(look.lightest):
            yield _block(result, finding, look) if look.rich else _line(result, finding)


def one_json(results: Iterable[Result], tally: Tally) -> Iterator[str]:
    """Write one document, as ``schemas/meta/report.json`` describes it."""
    yield f'{{"v4schema": {json.dumps(__version__)}, "results": ['
    comma = "\n"
    for result in results:
        yield comma + _dumped(_told(result))
        comma = ",\n"
    yield f'\n], "summary": {_dumped(summary(tally))}}}\n'


def ndjson(results: Iterable[Result]) -> Iterator[str]:
    """Write one result a line."""
    for result in results:
        yield _dumped(_told(result)) + "\n"


def api(results: Iterable[Result]) -> Iterator[str]:
    """Write for each ad, on a line, the body that the API would answer: ``{}`` where it has nothing against it."""
    for result in results:
        unread = None if result.reading.readable else {"detail": result.report.errors[0].says}
        yield _dumped(unread or result.report.api()) + "\n"


def summary(tally: Tally) -> dict[str, object]:
    """Return what a run has come to, in the shape of ``schemas/meta/report.json``."""
    return {
        "ads": tally.ads,
        "clean": tally.clean,
        "changed": tally.changed,
        "converted": tally.converted,
        "incomplete": tally.incomplete,
        "mendable": tally.mendable,
        **{f"{level}s": tally.levels[level] for level in Level},
        "unreadable": tally.unreadable,
        "unwritten": tally.unwritten,
        "by_code": dict(sorted(tally.codes.items())),
    }


def sentence(tally: Tally) -> str:
    """Say what a run has come to."""
    counts = [_count(tally.levels[level], str(level)) for level in Level if tally.levels[level] or level is Level.ERROR]
    if tally.converts:
        done = f"{tally.converted:,} converted, {tally.incomplete:,} {'set aside' if tally.sets_aside else 'not complete'}"
    else:
        done = f"{f'{tally.changed:,} changed, ' if tally.changed else ''}{tally.clean:,} clean"
    unread = f"; {_count(tally.unreadable, 'input')} could not be read" if tally.unreadable else ""
    unwritten = f"; {_count(tally.unwritten, 'file')} could not be written" if tally.unwritten else ""
    mend = f" `v4schema normalise` mends {tally.mendable:,} of them." if tally.mendable else ""
    return f"{_count(tally.ads, 'ad')}, {done}: {', '.join(counts)}{unread}{unwritten}.{mend}"


def diff(name: str, before: bytes, after: bytes, *, line: int, headed: bool, on_terminal: bool) -> Iterator[str]:
    """Write what has changed in a piece of a source, which begins at a line of it, as a unified diff; `headed` names it."""
    from v4schema.line_diff import unified_diff

    name = f"{name}\t" if " " in name else name
    old, new = (piece.decode(errors="replace").splitlines(keepends=True) for piece in (before, after))
    lines = unified_diff(old, new, name, name)
    heading = next(lines) + next(lines)
    if headed:
        yield click.style(heading, bold=True)
    for each in lines:
        told = each
        if each.startswith("@@"):
            told = _LINE_NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + line - 1}", each)
        text = told.removesuffix("\n")
        yield click.style(_printable(text) if on_terminal else text, fg=_DIFF_COLOURS.get(each[0])) + "\n"
        if not told.endswith("\n"):
            yield "\\ No newline at end of file\n"


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
                "says": finding.says,
                "hint": finding.hint,
                "source": finding.source,
                "mendable": finding.mendable,
                **_change(result, finding),
            }
            for finding in result.located()
        ],
    }


def _change(result: Result, finding: Finding) -> dict[str, object]:
    """Return what was changed, from what to what; nothing of what may be private."""
    at = pointer.within(result.report.ad, finding.at if finding.to is None else finding.to)
    if (finding.before is None and finding.after is None) or not _open(result, at):
        return {}
    return {"before": finding.before, "after": finding.after}


def _open(result: Result, at: Place) -> bool:
    """Tell whether the value at a place may be shown: it is described, and not private."""
    schema = result.catalogue.schema(result.report.kind or Kind(version=result.catalogue.edition().name))
    return describing(schema, at) is not None and not private(schema, at)


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _place(result: Result, finding: Finding) -> str:
    return ":".join(str(part) for part in (result.reading.source, finding.line, finding.column) if part is not None)


def _line(result: Result, finding: Finding) -> str:
    hint = f" {finding.hint}" if finding.hint else ""
    sources = f" [{', '.join(finding.source)}]" if finding.source else ""
    at = f"{finding.at} " if finding.at else ""
    mend = " (mendable)" if finding.mendable else ""
    return _printable(f"{_place(result, finding)}: {finding.level} {finding.code} {at}{finding.says}{hint}{sources}{mend}") + "\n"


def _block(result: Result, finding: Finding, look: Look) -> str:
    """Write a finding for a person at a terminal."""
    level = click.style(finding.level, fg=_COLOURS[finding.level], bold=True)
    sources = click.style(f" [{', '.join(finding.source)}]", dim=True) if finding.source else ""
    mend = click.style(" mendable", fg="green") if finding.mendable else ""
    place = click.style(_printable(_place(result, finding)), bold=True)
    lines = [f"{place} {level} {click.style(finding.code, dim=True)}{sources}{mend}"]
    if finding.at:
        lines.append(f"  {click.style(_cut(_printable(finding.at), look.width - 2), fg='blue')}")
    lines.extend(textwrap.wrap(_printable(finding.says), look.width - 2, initial_indent="  ", subsequent_indent="  "))
    lines.extend(_frame(result, finding, look))
    if finding.hint:
        lines.extend(textwrap.wrap(_printable(finding.hint), look.width - 2, initial_indent="  = ", subsequent_indent="    "))
    return "\n".join(lines) + "\n\n"


def _frame(result: Result, finding: Finding, look: Look) -> list[str]:
    """Show the member at fault with a caret under it, and nothing else of the document: its neighbours may be private."""
    member = result.member(finding)
    if member is None or finding.line is None:
        return []
    mark = result.mark(finding, member)
    raw = result.reading.text
    name = _printable(raw[member.name.start : member.name.end].decode()) + ": " if member.name else ""
    shown = name + _printable(_value(result, finding, raw[member.value.start : member.value.end].decode()))
    begins, ends = (0, len(name) - len(": ")) if mark is member.name else (len(name), len(shown))
    margin = f"  {finding.line} | "
    room = max(look.width - len(margin) - 1, 20)
    if begins > room - 10:
        shown, begins, ends = "…" + shown[begins:], 1, 1 + ends - begins
    caret = click.style("^" * max(1, min(ends, room) - begins), fg=_COLOURS[finding.level], bold=True)
    rest = " " * (len(margin) - 2) + "| " + " " * begins
    return [click.style(margin, dim=True) + _cut(shown, room), click.style(rest, dim=True) + caret]


def _value(result: Result, finding: Finding, raw: str) -> str:
    """Return a value for a code frame: not what it holds, and nothing that may be private."""
    if raw.startswith(("{", "[")):
        return raw if len(raw) == 2 else f"{raw[0]}…{raw[-1]}"  # noqa: PLR2004  (an empty one)
    at = pointer.parse(finding.at if finding.to is None else finding.to)
    if raw in {"true", "false", "null"} or (at and _open(result, at)):
        return raw
    return '"…"' if raw.startswith('"') else "…"


def _printable(line: str) -> str:
    """Write control characters as escapes: what stands in an ad must not steer a terminal."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), line)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


#: The formats by name. Each takes the results, the tally that counts them as they pass, and the look.
FORMATS: dict[str, Callable[[Iterable[Result], Tally, Look], Iterator[str]]] = {
    "text": lambda results, _, look: text(results, look),
    "json": lambda results, tally, _: one_json(results, tally),
    "ndjson": lambda results, *_: ndjson(results),
    "api": lambda results, *_: api(results),
}
