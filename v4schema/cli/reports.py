"""Reports of a run: where they go, how they look, and the exit code of the run."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from v4schema.catalogue import Catalogue
from v4schema.cli import shared_options, terminal
from v4schema.cli.shutdown import Shutdown
from v4schema.feed import Result, Summary
from v4schema.findings.report import Level
from v4schema.output import formats

if TYPE_CHECKING:
    from v4schema.output.staging import StagedFile

#: The bounds of the width of a code frame.
_NARROWEST, _WIDEST = 40, 120
#: The number of skipped files that are named.
_NAMED = 10
#: The end of the summary of a run that reports only changes.
_LEFT = " `v4schema validate` reports what is left."


def write(
    results: Iterable[Result],
    summary: Summary,
    options: Mapping[str, Any],
    *,
    shutdown: Shutdown,
    file: "StagedFile | None",
    stream: IO[str] | None,
    to_the_end: bool = False,
) -> None:
    """Report results to a file or to a standard stream, as the command's `options` say.

    With `to_the_end`, every result is processed although nobody reads the report any more.
    """
    fail_level = shared_options.fail_level(options["fail_on"])
    on_terminal = terminal.is_tty(stream) and file is None
    look = formats.RenderOptions(
        rich=on_terminal or options["color"] == "always",
        width=max(_NARROWEST, min(terminal.columns(), _WIDEST)),
        lightest=(fail_level or Level.ERROR) if options["quiet"] else Level.NOTE,
    )
    coloured = terminal.is_coloured(options["color"], on_terminal=on_terminal)
    counted = summary.counted(shutdown.through(results))
    if options.get("fix_only"):
        counted = (result.changes_only() for result in counted)
    if terminal.is_tty(sys.stderr) and not on_terminal and not options["quiet"]:
        counted = terminal.with_progress(counted, summary)
    chunks = formats.FORMATS[options["format_"]](counted, summary, look)
    try:
        terminal.write(chunks, file, coloured=coloured, err=stream is sys.stderr and file is None)
    except BrokenPipeError:
        for _ in chunks if to_the_end else ():
            pass
        raise


def conclude(summary: Summary, options: Mapping[str, Any], catalogue: Catalogue) -> None:
    """Print the summary of a run on standard error, the documents that its findings rest on, and the skipped files."""
    if options["quiet"]:
        return
    if options["format_"] == "text":
        left = summary.unreadable or summary.levels[Level.ERROR] or summary.levels[Level.WARNING]
        rest = _LEFT if options.get("fix_only") and left else ""
        lines = [f"{formats.summary_sentence(summary)}{rest}", *_legend(summary, catalogue)]
        terminal.echo("".join(f"{line}\n" for line in lines), err=True)
    if summary.skipped:
        terminal.echo(f"{_skipped(summary)}\n", err=True)


def _legend(summary: Summary, catalogue: Catalogue) -> Iterator[str]:
    """List the documents that the findings of a run rest on."""
    codes = [code for code in catalogue.documents if code in summary.documents]
    if codes:
        width = max(_NARROWEST, min(terminal.columns(), _WIDEST))
        yield from formats.documents(catalogue, codes, width)


def _skipped(summary: Summary) -> str:
    """Name the files that were skipped."""
    named, more = summary.skipped[:_NAMED], len(summary.skipped) - _NAMED
    others = f" and {more:,} others" if more > 0 else ""
    return f"Skipped, because nothing in it looks like an ad: {', '.join(named)}{others}."


def exit_code(summary: Summary, fail_on: str) -> int:
    """Return the exit code: 3 if an input was not read, identified or written, 1 for a finding severe enough, else 0."""
    if summary.unreadable or summary.unidentified or summary.unwritten:
        return 3
    lowest = shared_options.fail_level(fail_on)
    return int(lowest is not None and any(count and level.rank <= lowest.rank for level, count in summary.standing.items()))
