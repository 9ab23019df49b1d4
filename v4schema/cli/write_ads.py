"""AdWriter the ads of a run as they pass by, showing what has changed in them, and letting all that is written take its place."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from v4schema import feed
from v4schema.cli import reports, terminal
from v4schema.cli.outputs import OutputFile, StandardOutput, refuse_failed
from v4schema.cli.terminal import Shutdown
from v4schema.feed.result import file_result
from v4schema.feed.temporary import SpooledFile
from v4schema.output import formats
from v4schema.output.staging import Changed, StagedFile, Staging
from v4schema.reading.reader import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from v4schema.catalogue import Catalogue
    from v4schema.feed.question_sheet import QuestionSheet

#: So many lines are shown around what has changed in a document; of a feed, none.
_CONTEXT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AdWriter:
    """Writes the ads that pass by, and shows what has changed in them.

    Ads that are not complete go to `aside` instead, each on a line of its own, in whatever way it was written; without that,
    nothing of their source is written.
    """

    diff: bool
    on_terminal: bool
    coloured: bool
    aside: OutputFile | None = None

    @classmethod
    def shown(cls, *, diff: bool, color: str, aside: OutputFile | None = None) -> "AdWriter":
        """Return what writes, and shows changes on standard output as the options say."""
        on_terminal = terminal.is_tty(sys.stdout)
        coloured = terminal.is_coloured(color, on_terminal=on_terminal)
        return cls(diff=diff, on_terminal=on_terminal, coloured=coloured, aside=aside)

    def through(self, results: Iterable[feed.Result], sink: OutputFile) -> Iterator[feed.Result]:
        """Pass the results of a source on, and write its ads to the sink, which is finished at the end, and not yet placed."""
        pieces, whole = _Pieces(), _Whole()
        sink.begin()
        for result in results:
            if not result.is_side_file:
                self._write(result, sink, pieces, whole)
            yield result
        self._show(pieces)
        sink.sound = sink.sound and whole.stands(in_place=sink.in_place)
        sink.finish()

    def _write(self, result: feed.Result, sink: OutputFile, pieces: "_Pieces", whole: "_Whole") -> None:
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
            told = formats.diff(
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


@dataclass(slots=True, kw_only=True)
class Run:
    """What becomes of the ads of a run: they are written, asked, and have receipts; nothing takes its place before the end.

    With `once`, it must not be done twice. `asked` is how many have a row in the sheet, `ended` whether all results have passed.
    """

    staging: Staging
    shutdown: Shutdown
    catalogue: "Catalogue"
    writing: AdWriter
    sinks: Sequence[OutputFile]
    standard: StandardOutput
    receipts: OutputFile | None = None
    questions: OutputFile | None = None
    sheet: "QuestionSheet | None" = None
    once: bool = False
    asked: int = 0
    ended: bool = False

    def finish(
        self,
        sources: Iterable[Iterable[feed.Result]],
        tally: feed.Summary,
        told: Mapping[str, Any],
        *,
        report: StagedFile | None,
        stream: IO[str],
    ) -> int:
        """Report on the results of all sources, then let all that is written take its place; return 3 if some could not, else 0.

        Where nobody reads the report to its end, what is written is written all the same.
        """
        unread = None
        results = self._through(sources)
        targeted = any(sink.target for sink in self.sinks) or self.questions is not None
        try:
            reports.write(results, tally, told, shutdown=self.shutdown, file=report, stream=stream, to_the_end=targeted)
        except BrokenPipeError as error:
            if not self.ended:
                raise
            unread = error
        code = self._place(report)
        if unread:
            raise unread
        return code

    def _through(self, sources: Iterable[Iterable[feed.Result]]) -> Iterator[feed.Result]:
        """Pass the results of all sources on; what could not be written is a result as well."""
        for results, sink in zip(sources, self.sinks, strict=True):
            yield from self._source(results, sink)
            yield from self._remarks(sink)
        for sink in self.sinks:
            if not sink.failure and sink.verify():
                yield from self._remarks(sink)
        self.ended = True

    def _place(self, report: StagedFile | None) -> int:
        """Let everything take its place: first what brings ads back or sets them aside, then the ads.

        Where some ads could not be written, or none were, what belongs to them is not written either. Returns 3 where a file
        could not take its place, else 0.
        """
        self.standard.wanted = all(sink.sound for sink in self.sinks if not sink.name)
        written = [sink for sink in self.sinks if sink.target and sink.wanted and (sink.name or self.standard.wanted)]
        failed = any(sink.failure for sink in self.sinks)
        if self.questions and self.sheet:
            for line in self.sheet.lines():
                self.questions.write(line)
        beside = [self.receipts if written else None, None if failed else self.writing.aside, self.questions]
        for sink in filter(None, beside):
            sink.finish()
            refuse_failed(sink)
        files = [sink.staged for sink in (*filter(None, beside), *self.sinks) if sink.staged and not sink.failure]
        code = terminal.placed(self.staging, self.shutdown, [report, *files], once=self.once)
        self.shutdown.deferred = all(sink.name for sink in self.sinks if sink.target)
        self.standard.end()
        return code

    def _source(self, results: Iterable[feed.Result], sink: OutputFile) -> Iterator[feed.Result]:
        """Pass the results of a source on."""
        with SpooledFile() as slips:
            keeps = self.receipts is not None and sink.target is not None
            for result in self.writing.through(results, sink):
                if keeps and result.conversion and result.complete and not result.is_side_file:
                    slips.write(json.dumps(result.conversion.receipt, ensure_ascii=False).encode() + b"\n")
                if self.sheet and result.conversion and result.reading.readable:
                    self.asked += self.sheet.add(result.conversion)
                yield result
            if self.receipts and keeps and sink.wanted:
                slips.seek(0)
                for line in slips:
                    self.receipts.write(line)

    def _remarks(self, sink: OutputFile) -> Iterator[feed.Result]:
        """Tell why a source is not written, if it is not, and that its other names stay as they are, if it has any."""
        if isinstance(sink.failure, Changed):
            yield file_result(sink.name, "file.changed", self.catalogue)
        elif sink.failure:
            why = sink.failure.strerror or type(sink.failure).__name__
            yield file_result(sink.name, "file.unwritable", self.catalogue, why=why)
        elif sink.in_place and sink.staged and sink.wanted and os.stat(sink.name).st_nlink > 1:
            yield file_result(sink.name, "file.linked", self.catalogue)


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
