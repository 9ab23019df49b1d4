"""Reports of a run: where they go, how they look, and how the run ends."""

import sys
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from v4schema import feed
from v4schema.cli import options, terminal
from v4schema.findings.report import Level
from v4schema.output import formats

if TYPE_CHECKING:
    from v4schema.cli.terminal import Shutdown
    from v4schema.output.staging import StagedFile

#: No code frame is narrower or wider than this.
_NARROWEST, _WIDEST = 40, 120
#: So many files that were passed over are named.
_NAMED = 10
#: What the summary of a run that reports changes alone says of the rest.
_LEFT = " `v4schema validate` reports what is left."


def write(
    results: Iterable[feed.Result],
    tally: feed.Summary,
    told: Mapping[str, Any],
    *,
    shutdown: "Shutdown",
    file: "StagedFile | None",
    stream: IO[str] | None,
    to_the_end: bool = False,
) -> None:
    """Report results as the options say, to a file or to a standard stream, and at the end tell what the run has come to.

    With `to_the_end`, the results are gone through although nobody reads the report any more.
    """
    floor = options.fail_level(told["fail_on"])
    on_terminal = terminal.is_tty(stream) and file is None
    look = formats.RenderOptions(
        rich=on_terminal or told["color"] == "always",
        width=max(_NARROWEST, min(terminal.columns(), _WIDEST)),
        lightest=(floor or Level.ERROR) if told["quiet"] else Level.NOTE,
    )
    coloured = terminal.is_coloured(told["color"], on_terminal=on_terminal)
    counted = tally.counted(shutdown.through(results))
    fix_only = told.get("fix_only", False)
    if fix_only:
        counted = (result.changes() for result in counted)
    if terminal.is_tty(sys.stderr) and not on_terminal and not told["quiet"]:
        counted = terminal.with_progress(counted, tally)
    chunks = formats.FORMATS[told["format_"]](counted, tally, look)
    try:
        terminal.write(chunks, file, coloured=coloured, err=stream is sys.stderr and file is None)
    except BrokenPipeError:
        for _ in chunks if to_the_end else ():
            pass
        raise
    if not told["quiet"] and told["format_"] == "text":
        terminal.echo(f"{formats.summary_sentence(tally)}{_LEFT if fix_only and _is_left(tally) else ''}\n", err=True)
    if tally.passed_over and not told["quiet"]:
        shown, more = tally.passed_over[:_NAMED], len(tally.passed_over) - _NAMED
        others = f" and {more:,} others" if more > 0 else ""
        terminal.echo(f"Passed over, because nothing in it looks like an ad: {', '.join(shown)}{others}.\n", err=True)


def _is_left(tally: feed.Summary) -> bool:
    """Tell whether there is anything that a report of changes alone leaves out."""
    return bool(tally.unreadable or tally.levels[Level.ERROR] or tally.levels[Level.WARNING])


def exit_code(tally: feed.Summary, fail_on: str) -> int:
    """Return how a run ends: 3 if not all was read, identified and written, 1 for findings that are grave enough, else 0."""
    if tally.unreadable or tally.unidentified or tally.unwritten:
        return 3
    floor = options.fail_level(fail_on)
    return int(floor is not None and any(count and level.rank <= floor.rank for level, count in tally.standing.items()))
