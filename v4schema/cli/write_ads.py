"""Writing the ads of a run as their results pass by, showing what has changed, and placing all files at the end."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from v4schema.cli import placement, reports, terminal
from v4schema.cli.outputs import Output, StandardOutput
from v4schema.cli.shutdown import Shutdown
from v4schema.feed import Result, Summary
from v4schema.feed.result import file_result
from v4schema.feed.temporary import SpooledFile
from v4schema.output import formats
from v4schema.output.staging import Changed, StagedFile, Staging
from v4schema.reading.reader import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from v4schema.catalogue import Catalogue
    from v4schema.feed.question_sheet import QuestionSheet

#: The lines of context around a change in a document; in a feed there are none.
_CONTEXT = 3
#: Turns line breaks into spaces: in JSON they are only between values.
_ON_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of a command that writes ads: no file takes its place before the end.

    Ads that are not complete go to `rejects`, each on a line of its own; without rejects, nothing of their source is written.
    With `once`, the run must not be repeated. `asked` counts the ads with a row in the `sheet`; `ended` is whether all results
    have passed.
    """

    staging: Staging
    shutdown: Shutdown
    catalogue: "Catalogue"
    outputs: Sequence[Output]
    standard: StandardOutput
    diff: "Diff | None" = None
    rejects: Output | None = None
    receipts: Output | None = None
    questions: Output | None = None
    sheet: "QuestionSheet | None" = None
    once: bool = False
    asked: int = 0
    ended: bool = False

    def finish(
        self,
        sources: Iterable[Iterable[Result]],
        summary: Summary,
        options: Mapping[str, Any],
        *,
        report: StagedFile | None,
        stream: IO[str],
    ) -> int:
        """Report on the results of all sources, then place every file; return 3 if a file could not be placed, else 0.

        If the reader of the report stops reading, the files are written all the same.
        """
        broken_pipe = None
        results = self._through(sources)
        writes = any(not output.nowhere for output in self.outputs) or self.questions is not None
        try:
            reports.write(results, summary, options, shutdown=self.shutdown, file=report, stream=stream, to_the_end=writes)
            reports.conclude(summary, options, self.catalogue)
        except BrokenPipeError as error:
            if not self.ended:
                raise
            broken_pipe = error
        code = self._place(report)
        if broken_pipe:
            raise broken_pipe
        return code

    def _through(self, sources: Iterable[Iterable[Result]]) -> Iterator[Result]:
        """Pass the results of all sources on; a file that could not be written is a result as well."""
        for results, output in zip(sources, self.outputs, strict=True):
            yield from self._source(results, output)
            yield from self._remarks(output)
        for output in self.outputs:
            if not output.failure and output.verify():
                yield from self._remarks(output)
        self.ended = True

    def _source(self, results: Iterable[Result], output: Output) -> Iterator[Result]:
        """Pass the results of a source on; write its ads, receipts and questions."""
        with SpooledFile() as receipts:
            keeps = self.receipts is not None and not output.nowhere
            for result in self._written(results, output):
                if keeps and result.conversion and result.complete and not result.is_side_file:
                    receipts.write(json.dumps(result.conversion.receipt, ensure_ascii=False).encode() + b"\n")
                if self.sheet and result.conversion and result.reading.readable:
                    self.asked += self.sheet.add(result.conversion)
                yield result
            if self.receipts and keeps and output.is_wanted:
                receipts.seek(0)
                for line in receipts:
                    self._put(self.receipts, line)

    def _written(self, results: Iterable[Result], output: Output) -> Iterator[Result]:
        """Pass the results of a source on, and write its ads; the output is finished at the end, and not yet placed."""
        document = _Document()
        output.begin()
        if self.diff:
            self.diff.begin()
        for result in results:
            if not result.is_side_file:
                self._write(result, output, document)
            yield result
        if self.diff:
            self.diff.show()
        output.readable = output.readable and document.is_worth_writing(in_place=output.in_place)
        output.finish()

    def _write(self, result: Result, output: Output, document: "_Document") -> None:
        """Write one ad, or set it aside."""
        output.readable = output.readable and result.whole and (result.complete or self.rejects is not None)
        written = output.readable and not output.nowhere
        after = document.piece(result) if written or self.diff else b""  # a text is not made for nobody
        output.changed = output.changed or result.changed or not result.complete
        self._put(output, after)
        if self.rejects and not result.complete and result.reading.text:
            self._put(self.rejects, result.reading.text.strip().translate(_ON_ONE_LINE) + b"\n")
        if self.diff:
            self.diff.add(result, after if result.complete or self.rejects else result.before)

    def _put(self, output: Output, piece: bytes) -> None:
        output.write(piece, self.staging, self.standard)

    def _place(self, report: StagedFile | None) -> int:
        """Place every file: first what restores ads or sets them aside, then the ads.

        Where some ads could not be written, or none were, the files that belong to them are not written either. Returns 3 where a
        file could not be placed, else 0.
        """
        self.standard.wanted = all(output.readable for output in self.outputs if not output.name)
        written = [
            output for output in self.outputs if not output.nowhere and output.is_wanted and (output.name or self.standard.wanted)
        ]
        failed = any(output.failure for output in self.outputs)
        if self.questions and self.sheet:
            for line in self.sheet.lines():
                self._put(self.questions, line)
        side_files = [self.receipts if written else None, None if failed else self.rejects, self.questions]
        for output in filter(None, side_files):
            output.finish()
            output.refuse_failed()
        files = [output.staged for output in (*filter(None, side_files), *self.outputs) if output.staged and not output.failure]
        code = placement.place(self.staging, self.shutdown, [report, *files], once=self.once)
        self.shutdown.deferred = all(output.name for output in self.outputs if not output.nowhere)
        self.standard.end()
        return code

    def _remarks(self, output: Output) -> Iterator[Result]:
        """Report why a file is not written, or that its hard links keep the old content."""
        if isinstance(output.failure, Changed):
            yield file_result(output.name, "file.changed", self.catalogue)
        elif output.failure:
            why = output.failure.strerror or type(output.failure).__name__
            yield file_result(output.name, "file.unwritable", self.catalogue, why=why)
        elif output.in_place and output.staged and output.is_wanted and os.stat(output.name).st_nlink > 1:
            yield file_result(output.name, "file.linked", self.catalogue)


@dataclass(slots=True)
class Diff:
    """Shows on standard output what changes in a source, for the ads that are on one line or in one document together."""

    coloured: bool
    on_terminal: bool
    _name: str = ""
    _line: int = 1
    _new_line: int = 1
    _context: int = 0
    _headed: bool = False
    _before: bytearray = field(default_factory=bytearray, repr=False)
    _after: bytearray = field(default_factory=bytearray, repr=False)

    @classmethod
    def of(cls, color: str) -> "Diff":
        """Return the diff that the option ``--color`` asks for."""
        on_terminal = terminal.is_tty(sys.stdout)
        return cls(coloured=terminal.is_coloured(color, on_terminal=on_terminal), on_terminal=on_terminal)

    def begin(self) -> None:
        """Begin a source."""
        self._line, self._new_line, self._headed = 1, 1, False

    def add(self, result: Result, after: bytes) -> None:
        """Add an ad, and the text that is written for it."""
        self._name = result.reading.source
        self._context = _CONTEXT if result.reading.listed or not result.reading.ending else 0
        self._before += result.before
        self._after += after
        if result.reading.ending.endswith(b"\n"):
            self.show()

    def show(self) -> None:
        """Show what has changed in the ads so far, and begin anew."""
        if self._before != self._after:
            lines = formats.diff(
                self._name,
                bytes(self._before),
                bytes(self._after),
                lines=(self._line, self._new_line),
                context=self._context,
                headed=not self._headed,
                on_terminal=self.on_terminal,
            )
            for line in lines:
                terminal.echo(line, coloured=self.coloured, exact=True)
            self._headed = True
        self._line += self._before.count(b"\n")
        self._new_line += self._after.count(b"\n")
        self._before.clear()
        self._after.clear()


@dataclass(slots=True)
class _Document:
    """The text that is written for a source: it stays a valid document although ads are left out of it."""

    opening: bytes = b""
    begun: bool = False
    alone: bool = True

    def piece(self, result: Result) -> bytes:
        """Return the text that an ad adds to the document; for an ad that is left out, only what closes an array."""
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

    def is_worth_writing(self, *, in_place: bool) -> bool:
        """Return whether the document is worth writing: not without its only ad, nor in place when no ad is left."""
        return self.begun or not (self.alone or in_place)
