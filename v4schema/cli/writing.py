"""Writing the ads of a run as they pass by, and showing what has changed in them."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from v4schema import feed, render
from v4schema.cli import terminal
from v4schema.cli.sinks import Sink
from v4schema.reading import BYTE_ORDER_MARK

#: So many lines are shown around what has changed in a document; of a feed, none.
_CONTEXT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Writes the ads that pass by, and shows what has changed in them.

    Ads that are not complete go to `aside` instead, each on a line of its own, in whatever way it was written; without that,
    nothing of their source is written.
    """

    diff: bool
    on_terminal: bool
    coloured: bool
    aside: Sink | None = None

    @classmethod
    def shown(cls, *, diff: bool, color: str, aside: Sink | None = None) -> "Writing":
        """Return what writes, and shows changes on standard output as the options say."""
        on_terminal = terminal.shows(sys.stdout)
        coloured = terminal.is_coloured(color, on_terminal=on_terminal)
        return cls(diff=diff, on_terminal=on_terminal, coloured=coloured, aside=aside)

    def placed(self, results: Iterable[feed.Result], sink: Sink) -> Iterator[feed.Result]:
        """Pass the results of a source on, and write its ads; what is written takes its place as soon as the source ends."""
        last = None
        for last in self.through(results, sink):
            yield last
        failed = sink.failure
        sink.place()
        if sink.failure is not failed and sink.failure and last:
            yield feed.unwritten(sink.name, sink.failure, last.catalogue)

    def through(
        self, results: Iterable[feed.Result], sink: Sink, kept: Callable[[feed.Result], None] = lambda _: None
    ) -> Iterator[feed.Result]:
        """Pass the results of a source on, and write its ads to the sink; what cannot be written is a result as well.

        The sink is finished at the end, and not yet placed. `kept` is called with every result whose ad is written.
        """
        pieces, whole = _Pieces(), _Whole()
        try:
            for result in results:
                if not result.beside:
                    self._write(result, sink, pieces, whole)
                    if result.complete:
                        kept(result)
                yield result
            self._show(pieces)
        except BaseException:
            sink.abandon()
            raise
        sink.sound = sink.sound and whole.stands(in_place=sink.target is not None and sink.target.in_place)
        sink.finish()
        if sink.failure:
            yield feed.unwritten(sink.name, sink.failure, result.catalogue)

    def _write(self, result: feed.Result, sink: Sink, pieces: "_Pieces", whole: "_Whole") -> None:
        """Write one ad, or set it aside."""
        sink.sound = sink.sound and result.whole and (result.complete or self.aside is not None)
        written = sink.sound and sink.target
        after = whole.piece(result) if written or self.diff else b""  # nothing is written anew for nobody
        sink.changed = sink.changed or result.changed or not result.complete
        sink.write(after)
        if self.aside and not result.complete and result.reading.text:
            self.aside.write(result.reading.text.strip().translate(_ON_ONE_LINE) + b"\n")
        if self.diff:
            pieces.add(result, after if result.complete or self.aside else result.before)
            if result.reading.ending.endswith(b"\n"):
                self._show(pieces)

    def _show(self, pieces: "_Pieces") -> None:
        """Show what has changed in what has come together so far, and begin anew."""
        if pieces.before != pieces.after:
            told = render.diff(
                pieces.name,
                bytes(pieces.before),
                bytes(pieces.after),
                lines=(pieces.line, pieces.new_line),
                context=pieces.context,
                headed=not pieces.headed,
                on_terminal=self.on_terminal,
            )
            for line in told:
                terminal.echo(line, coloured=self.coloured, exact=True)
            pieces.headed = True
        pieces.line += pieces.before.count(b"\n")
        pieces.new_line += pieces.after.count(b"\n")
        pieces.before.clear()
        pieces.after.clear()


@dataclass(slots=True)
class _Pieces:
    """The ads of a source that stand on one line or in one document: before and after, and the lines they begin on."""

    name: str = ""
    line: int = 1
    new_line: int = 1
    context: int = 0
    headed: bool = False
    before: bytearray = field(default_factory=bytearray, repr=False)
    after: bytearray = field(default_factory=bytearray, repr=False)

    def add(self, result: feed.Result, after: bytes) -> None:
        """Add an ad."""
        self.name = result.reading.source
        self.context = _CONTEXT if result.reading.listed or not result.reading.ending else 0
        self.before += result.before
        self.after += after


@dataclass(slots=True)
class _Whole:
    """What is written of a source, piece by piece, so that the whole is a document although ads are left out of it."""

    opening: bytes = b""
    begun: bool = False
    alone: bool = True

    def piece(self, result: feed.Result) -> bytes:
        """Return what an ad adds to the document: for one that is left out, only what closes an array."""
        reading = result.reading
        self.alone = self.alone and not reading.listed and not reading.ending.endswith(b"\n") and reading.index == 0
        if not reading.listed:
            self.begun = self.begun or result.complete
            return result.after() if result.complete else b""
        lead = reading.lead.removeprefix(BYTE_ORDER_MARK)
        if reading.index == 0:
            self.opening = lead
        piece = b""
        if result.complete:
            piece = (lead if self.begun else self.opening) + result.text()
            self.begun = True
        if reading.ending and not self.begun:
            piece = self.opening
        return piece + reading.ending

    def stands(self, *, in_place: bool) -> bool:
        """Tell whether what is left is worth writing: not a document without its only ad, nor a file from which all have gone."""
        return self.begun or not (self.alone or in_place)


#: Turns line breaks into spaces: in JSON they stand between values alone.
_ON_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
