"""Output formats: functions that turn results into text, piece by piece, in one table by name."""

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
#: The characters for which a diff quotes the name of a file.
_TO_QUOTE = re.compile(r'[\x00-\x1f\x7f"\\]|^ | \Z')
#: A line number in the header of a hunk.
_LINE_NUMBER = re.compile("([-+])([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How text is written: `rich` with code frames and colours or plain, how wide, and which levels are shown.

    Levels less severe than `lightest` are left out.
    """

    rich: bool = False
    width: int = 80
    lightest: Level = Level.NOTE


def text(results: Iterable[Result], options: RenderOptions) -> Iterator[str]:
    """Write a line for each finding, or a block with a code frame if the text is rich."""
    for result in results:
        for finding in result.located(options.lightest):
            yield _block(result, finding, options) if options.rich else _line(result, finding)


def json_document(results: Iterable[Result], summary: Summary) -> Iterator[str]:
    """Write one document, as ``schemas/meta/report.json`` describes it."""
    yield f'{{"v4schema": {json.dumps(__version__)}, "results": ['
    comma = "\n"
    for result in results:
        yield comma + _to_json(_result_json(result))
        comma = ",\n"
    yield f'\n], "summary": {_to_json(summary_json(summary))}}}\n'


def ndjson(results: Iterable[Result]) -> Iterator[str]:
    """Write each result on a line."""
    for result in results:
        yield _to_json(_result_json(result)) + "\n"


def api(results: Iterable[Result]) -> Iterator[str]:
    """Write for each ad, on a line, the body that the API would answer; ``{}`` if it would accept the ad."""
    for result in results:
        body = result.report.api() if result.reading.readable else {"detail": result.report.errors[0].message}
        yield _to_json(body) + "\n"


def summary_json(summary: Summary) -> dict[str, object]:
    """Return the summary of a run, in the shape of ``schemas/meta/report.json``."""
    return {
        "ads": summary.ads,
        "clean": summary.clean,
        "changed": summary.changed,
        "converted": summary.converted,
        "incomplete": summary.incomplete,
        "fixable": summary.fixable,
        **{f"{level}s": summary.levels[level] for level in Level},
        "unreadable": summary.unreadable,
        "unwritten": summary.unwritten,
        "skipped": len(summary.skipped),
        "by_code": dict(sorted(summary.codes.items())),
    }


def summary_sentence(summary: Summary) -> str:
    """Write the summary of a run as a sentence."""
    counts = [_count(summary.levels[level], str(level)) for level in Level if summary.levels[level] or level is Level.ERROR]
    if summary.converts:
        done = f"{summary.converted:,} converted, {summary.incomplete:,} {'set aside' if summary.sets_aside else 'not complete'}"
    else:
        done = f"{f'{summary.changed:,} changed, ' if summary.changed else ''}{summary.clean:,} clean"
    unreadable = f"; {_count(summary.unreadable, 'input')} could not be read" if summary.unreadable else ""
    unwritten = f"; {_count(summary.unwritten, 'file')} could not be written" if summary.unwritten else ""
    fixable = f" `v4schema normalise` fixes {summary.fixable:,} of them." if summary.fixable else ""
    return f"{_count(summary.ads, 'ad')}, {done}: {', '.join(counts)}{unreadable}{unwritten}.{fixable}"


def documents(catalogue: Catalogue, codes: Iterable[str], width: int) -> Iterator[str]:
    """List documents by their codes."""
    yield "Documents:"
    for code in codes:
        yield textwrap.fill(f"  {code:<9} {document_title(catalogue.documents[code])}", width, subsequent_indent=" " * 12)


def document_title(document: Mapping[str, str]) -> str:
    """Return the title of a document with its edition."""
    return ", ".join(document[name] for name in ("title", "published") if name in document)


def diff(
    name: str, before: bytes, after: bytes, *, lines: tuple[int, int] = (1, 1), context: int, headed: bool, on_terminal: bool
) -> Iterator[str]:
    """Write the changes in a part of a source as a unified diff that `patch` and `git apply` accept.

    With `headed`, the lines with the name of the file come first. `lines` are the lines that the part begins on, before and
    after. `context` is how many lines are shown around a change: 0 in the middle of a file, because `patch` takes a hunk without
    lines after the change for the last one. A byte that is not UTF-8 becomes a surrogate, as with Python's ``surrogateescape``.
    With `on_terminal`, control characters are written as escapes.
    """
    from v4schema.output.line_diff import unified_diff

    display = printable if on_terminal else str
    old, new = (_lines(text) for text in (before, after))
    path = _diff_path(name)
    differences = unified_diff(old, new, path, path, context=context)
    for heading in (next(differences), next(differences)):
        if headed:
            yield click.style(display(heading.removesuffix("\n")), bold=True) + "\n"
    starts = dict(zip("-+", lines, strict=True))
    for difference in differences:
        line = difference
        if line.startswith("@@"):
            line = _LINE_NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + starts[found[1]] - 1}", line)
        yield click.style(display(line.removesuffix("\n")), fg=_DIFF_COLOURS.get(line[0])) + "\n"
        if not line.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(text: bytes) -> Sequence[str]:
    """Split a text after each line feed, the only character that ends a line in a diff."""
    return [line for line in re.split("(?<=\n)", text.decode(errors="surrogateescape")) if line]


def _diff_path(name: str) -> str:
    """Write the name of a file as `patch` and `git apply` read it.

    A file in the current folder or below it gets a relative path, because neither takes an absolute one.
    """
    relative = os.path.relpath(name) if os.path.isabs(name) or {os.curdir, os.pardir} & {*name.split(os.sep)} else name
    name = name if relative.startswith(os.pardir) else relative
    if _TO_QUOTE.search(name):
        return f'"{_TO_QUOTE.sub(_octal, name)}"'
    return f"{name}\t" if " " in name else name


def _octal(found: re.Match[str]) -> str:
    return "".join(f"\\{byte:03o}" for byte in found[0].encode(errors="surrogateescape"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _result_json(result: Result) -> dict[str, object]:
    """Return a result in the shape of ``schemas/meta/report.json``."""
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
    """Return the values before and after a change; neither if one of them may be private."""
    at = pointer.resolve(result.report.ad, finding.at if finding.to is None else finding.to)
    values = finding.before, finding.after
    shown = values != (None, None) and all(_may_be_shown(result, at, value) for value in values)
    return dict(zip(("before", "after"), values, strict=True)) if shown else {}


def _may_be_shown(result: Result, at: Place, value: object = None) -> bool:
    """Return whether a value at a place may be shown: its field and all fields in it are documented, and none is private."""
    schema = result.catalogue.schema(result.report.kind or Kind(version=result.catalogue.edition().name))
    if subschema_at(schema, at) is None or is_private(schema, at):
        return False
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return all(_may_be_shown(result, (*at, name), member) for name, member in members)


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _position(result: Result, finding: Finding) -> str:
    """Return the source of a finding with its line and column, as far as they are known."""
    return ":".join(str(part) for part in (result.reading.source, finding.line, finding.column) if part is not None)


def _line(result: Result, finding: Finding) -> str:
    hint = f" {finding.hint}" if finding.hint else ""
    sources = f" [{', '.join(finding.source)}]" if finding.source else ""
    at = f"{finding.at} " if finding.at else ""
    fixable = " (fixable)" if finding.fixable else ""
    position = _position(result, finding)
    return printable(f"{position}: {finding.level} {finding.code} {at}{finding.message}{hint}{sources}{fixable}") + "\n"


def _block(result: Result, finding: Finding, options: RenderOptions) -> str:
    """Write a finding as a block of text with colours and a code frame."""
    level = click.style(finding.level, fg=_COLOURS[finding.level], bold=True)
    sources = click.style(f" [{', '.join(finding.source)}]", dim=True) if finding.source else ""
    fixable = click.style(" fixable", fg="green") if finding.fixable else ""
    position = click.style(printable(_position(result, finding)), bold=True)
    lines = [f"{position} {level} {click.style(finding.code, dim=True)}{sources}{fixable}"]
    if finding.at:
        lines.append(f"  {click.style(_cut(printable(finding.at), options.width - 2), fg='blue')}")
    lines.extend(textwrap.wrap(printable(finding.message), options.width - 2, initial_indent="  ", subsequent_indent="  "))
    lines.extend(_frame(result, finding, options))
    if finding.hint:
        lines.extend(textwrap.wrap(printable(finding.hint), options.width - 2, initial_indent="  = ", subsequent_indent="    "))
    return "\n".join(lines) + "\n\n"


def _frame(result: Result, finding: Finding, options: RenderOptions) -> list[str]:
    """Return the lines that show the wrong member with a caret under it; its neighbours may be private and are left out."""
    member = result.member(finding)
    if member is None or finding.line is None:
        return []
    marked = result.mark(finding, member)
    raw = result.reading.text
    name = printable(_name(finding, raw[member.name.start : member.name.end].decode())) + ": " if member.name else ""
    shown = name + printable(_value(result, finding, raw[member.value.start : member.value.end].decode()))
    start, end = (0, len(name) - len(": ")) if marked is member.name else (len(name), len(shown))
    margin = f"  {finding.line} | "
    width = max(options.width - len(margin) - 1, 20)
    if start > width - 10:
        shown, start, end = "…" + shown[start:], 1, 1 + end - start
    caret = click.style("^" * max(1, min(end, width) - start), fg=_COLOURS[finding.level], bold=True)
    caret_margin = " " * (len(margin) - 2) + "| " + " " * start
    return [click.style(margin, dim=True) + _cut(shown, width), click.style(caret_margin, dim=True) + caret]


def _name(finding: Finding, raw: str) -> str:
    """Return a name for a code frame, masked if a name is masked in the place of the finding."""
    return f'"{pointer.MASK}"' if pointer.MASK in finding.at else raw


def _value(result: Result, finding: Finding, raw: str) -> str:
    """Return a value for a code frame, without the content of a list or an object, and without what may be private."""
    if raw.startswith(("{", "[")):
        return raw if len(raw) == 2 else f"{raw[0]}…{raw[-1]}"  # noqa: PLR2004  (an empty one)
    at = pointer.parse(finding.at if finding.to is None else finding.to)
    if raw in {"true", "false", "null"} or (at and _may_be_shown(result, at)):
        return raw
    return '"…"' if raw.startswith('"') else "…"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


#: The formats by name. Each takes the results, the summary that counts them as they pass, and the options of text.
FORMATS: dict[str, Callable[[Iterable[Result], Summary, RenderOptions], Iterator[str]]] = {
    "text": lambda results, _, options: text(results, options),
    "json": lambda results, summary, _: json_document(results, summary),
    "ndjson": lambda results, *_: ndjson(results),
    "api": lambda results, *_: api(results),
}
