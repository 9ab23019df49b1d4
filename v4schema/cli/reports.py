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
        terminal.echo(f"{formats.summary_sentence(tally)}\n", err=True)


def exit_code(tally: feed.Summary, fail_on: str) -> int:
    """Return how a run ends: 3 if not all was read, identified and written, 1 for findings that are grave enough, else 0."""
    if tally.unreadable or tally.unidentified or tally.unwritten:
        return 3
    floor = options.fail_level(fail_on)
    return int(floor is not None and any(count and level.rank <= floor.rank for level, count in tally.standing.items()))
