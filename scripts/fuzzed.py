"""What `fuzz.py` fuzzes: what each target does with any bytes, the laws that hold whatever they are, and what to begin with."""

import errno
import gzip
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import click
from click.testing import CliRunner

import v4schema
from v4schema import catalogue, convert, feed, normalise, read, revert
from v4schema.cli import main
from v4schema.dialect.fields import walk
from v4schema.document.json_value import digest, json_equal
from v4schema.document.pointer import Place
from v4schema.document.positions import positions
from v4schema.feed.answer_sheet import AnswerSheet
from v4schema.feed.question_sheet import QuestionSheet
from v4schema.feed.receipt_file import ReceiptFile
from v4schema.output import formats
from v4schema.reading.parsing import parse_json
from v4schema.reading.reader import read_document

for _module in walk_packages(v4schema.__path__, "v4schema."):  # what is imported later would not be instrumented
    if not _module.name.endswith("__main__"):
        import_module(_module.name)
for _stream in ("stdout", "stderr"):  # click keeps every stream that ever was standard output, which here are thousands
    setattr(click.utils, f"_default_text_{_stream}", partial(getattr, sys, _stream))

Chance = Any  # atheris's provider, which makes numbers of the end of the data; the ads are its beginning
HELD = catalogue.default()
ROOT = Path(__file__).parent.parent
#: What may be said of units again and again: the units to write in, not those that bare numbers are in.
KEPT = [name for name in HELD.unit_settings if not name.endswith("_unit")]
#: What is said of units: little, since what mends ads by it is compiled and kept for each, and memory is to settle.
SAID = [{}, *({name: units[end] for name, units in HELD.unit_settings.items()} for end in (0, -1))]
#: No text that is swollen becomes longer than this.
LONGEST = 1 << 18
CASES: list[dict[str, Any]] = [
    json.loads(path.read_text("utf-8"))
    for path in sorted([*ROOT.glob("examples/*.json"), *ROOT.glob("tests/examples/**/*.json")])
]
ADS: list[dict[str, Any]] = [case.get("ad", case) for case in CASES]
#: V3 ads with a name each, and what those that become complete do become.
OLD = [case | {"ad": case["ad"] | {"source_id": f"ad-{number}"}} for number, case in enumerate(CASES) if "to" in case]
DONE = [
    done
    for case in OLD
    if (done := convert(case["ad"], to=case["to"], answers=case.get("answers"), **case.get("said", {}))).complete
]


def lines(values: list[Any]) -> bytes:
    """Write values as JSON, one a line."""
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def reading(data: bytes, name: str) -> None:
    """Nothing of a file is lost, and what was read is read again from what it is dumped as."""
    readings = [*read(data, name=name)]
    if not data.startswith(b"\x1f\x8b"):
        whole = b"".join(each.lead + each.text + each.ending for each in readings)
        assert data.startswith(whole), "what was read is not what is there"
        assert not data[len(whole) :].strip(), "something was passed over"
    for each in readings:
        assert each.readable or each.findings, "nobody says why"
        if each.readable:
            for again in (json.dumps(each.ad).encode(), json.dumps(each.ad, ensure_ascii=False, indent=1).encode()):
                assert json_equal(read_document(again).ad, each.ad), "dumped and read, it is something else"


def packed(data: bytes, chance: Chance) -> None:
    """What is packed is read as what it holds, and damage to it is a finding."""
    payload = chance.ConsumeBytes(chance.remaining_bytes() * 3 // 4)
    name = chance.PickValueInList(["feed.ndjson.gz", "ad.json.gz", "ad.json"])
    archive = bytearray(gzip.compress(payload, chance.PickValueInList([0, 1, 9]), mtime=0))
    plain = [each.ad for each in read(payload, name=name)]
    assert payload.startswith(b"\x1f\x8b") or [each.ad for each in read(bytes(archive), name=name)] == plain
    for _ in range(chance.ConsumeIntInRange(1, 4)):
        archive[chance.ConsumeIntInRange(2, len(archive) - 1)] = chance.ConsumeIntInRange(0, 255)
    del archive[chance.ConsumeIntInRange(2, len(archive)) :]
    for damaged in (bytes(archive), data):
        assert [*read(damaged, name=name)], "nothing is said"


def walked(value: object, at: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield every value within a value, with its place."""
    yield at, value
    if isinstance(value, dict | list):
        for token, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walked(below, (*at, token))


def places(data: bytes) -> None:
    """Every pointer leads to just its value; where there is no JSON, every place lies in the text."""
    given, found = read_document(data), positions(data)
    if not given.readable:
        for offset in {0, len(data) // 2, len(data)}:
            told = found.pointer_at(offset)
            assert told is None or 0 <= told[-1].start <= told[-1].end <= len(data)
        found.nearest(("price", 0, "amount"))
        for finding in given.findings:
            within(finding.line or 1, finding.column or 1, data)
        return
    for tokens, value in walked(given.ad):
        member = found.member(tokens)
        assert member, tokens
        for span, expected in ((member.value, value), (member.name, tokens[-1] if tokens else None)):
            if span:
                assert json_equal(parse_json(data[span.start : span.end]), expected), (tokens, span)
                start = data.rfind(b"\n", 0, span.start) + 1
                assert (span.line, span.line_start) == (data.count(b"\n", 0, span.start) + 1, start), (tokens, span)
                assert span.column == len(data[start : span.start].decode()) + 1, (tokens, span)
        told = found.pointer_at(member.name.start) if member.name else None
        assert told is None or (told[0], told[-1]) == (tokens, member.name), tokens


def within(line: int, column: int, data: bytes) -> None:
    """A place lies in a text, or just behind it."""
    rows = data.split(b"\n")
    assert 1 <= line <= len(rows), (line, len(rows))
    assert 1 <= column <= len(rows[line - 1].decode(errors="replace")) + 1, (line, column)


def swollen(chance: Chance) -> bytes:
    """Return what is left of the data, perhaps with a piece of it many times: what is slow shows in the long."""
    times = chance.PickValueInList([1] * 12 + [8, 64, 512, 4096])
    start, length = chance.ConsumeIntInRange(0, 2048), chance.ConsumeIntInRange(1, 64)
    data: bytes = chance.ConsumeBytes(chance.remaining_bytes())
    longer: bytes = data[:start] + data[start : start + length] * times + data[start + length :]
    return longer[:LONGEST]


def ads(_: bytes, chance: Chance) -> None:
    """Ads are checked, mended and converted: places lie in the text, what is written is what is meant, and all can be undone."""
    version = chance.PickValueInList([*HELD.editions])
    category = chance.PickValueInList([None, None, *HELD.edition(version).categories])
    words = {"version": version, "category": category}
    operation = chance.PickValueInList(["create", "create", *HELD.edition(version).operations])
    engine = chance.PickValueInList(["jsonschema-rs", "jsonschema"])
    said = chance.PickValueInList(SAID)
    name, text = chance.PickValueInList(["ads.json", "ads.ndjson"]), swollen(chance)
    for result in feed.check([(name, text)], **words, operation=operation, engine=engine):
        told(result, text)
    for result in feed.prepare([(name, text)], **words, operation=operation, engine=engine, **said):
        told(result, text)
        new = result.report.ad
        if result.reading.readable and new is not None:
            assert json_equal(parse_json(result.text()), new), "what is written is not what is meant"
            again = normalise(new, **words, operation=operation, **{name: unit for name, unit in said.items() if name in KEPT})
            assert not again.changed, [(finding.at, finding.message) for finding in again.changes]
    for result in feed.convert([(name, text)], to=[*HELD.editions][-1], **said):
        told(result, text)
        if result.conversion and result.reading.readable:
            assert not result.complete or json_equal(parse_json(result.text()), result.report.ad)
            assert json_equal(revert(result.conversion), result.reading.ad), "it does not come back"


def told(result: feed.Result, text: bytes) -> None:
    """What is told of an ad has its place in the source."""
    for finding in result.located():
        assert finding.message
        within(finding.line or 1, finding.column or 1, text.removeprefix(b"\xef\xbb\xbf"))
    assert all(formats.text([result], formats.RenderOptions(rich=True, width=60, lightest=v4schema.Level.NOTE)))
    json.dumps(result.report.api())


def sheets(data: bytes) -> None:
    """Any table may be read as answers, and the table of what is still asked is always one."""
    answers, number = AnswerSheet(data, to="v4"), len(data) % len(OLD)
    some = lines([case["ad"] for case in [*OLD, *OLD][number : number + 4]])
    with QuestionSheet(HELD) as sheet:
        for result in feed.convert([("v3.ndjson", some)], to="v4", version="v3", answers=answers):
            result.located()
            if result.conversion and not result.is_side_file:
                sheet.add(result.conversion)
        assert not AnswerSheet(b"".join(sheet.lines()), to="v4").unusable


def slips(_: bytes, chance: Chance) -> None:
    """Any file may be read as receipts; what they bring back can be written, also by those that somebody signed anew."""
    signs, text = chance.ConsumeBool(), swollen(chance)
    signed = b"".join(_signed(line) if signs else line for line in text.splitlines(keepends=True))
    drawer = ReceiptFile(signed, name="receipts.ndjson")
    for result in feed.restore([("v4.ndjson", lines([done.ad for done in DONE]))], drawer):
        result.located()
        if result.conversion and result.complete and not result.is_side_file:
            assert json_equal(parse_json(result.text()), result.report.ad)


def _signed(line: bytes) -> bytes:
    receipt = read_document(line).ad
    if not isinstance(receipt, dict):
        return line
    rest = {name: value for name, value in receipt.items() if name != "check"}
    return lines([{**rest, "check": digest(rest)}])


#: What stands for a name, a file or a value wherever the command wants one.
FILES = ["ad.json", "feed.ndjson", "feed.ndjson.gz", "answers.csv", "receipts.ndjson", "list.txt", "-", "folder", "missing.json"]
MENU = [
    *(
        *FILES,
        "new.json",
        "new.ndjson.gz",
        "folder/new.json",
        "/dev/null",
        "",
        "*",
        "brands=list.txt",
        "x=missing.json",
    ),
    *(*HELD.editions, *HELD.edition().categories, *HELD.edition().operations, *HELD.names, *HELD.finding_codes, "1121"),
    *(*(f"{version}/{slug}" for version, edition in HELD.editions.items() for slug in edition.categories), "v4/", "v9/moped"),
    *(*(unit for units in HELD.unit_settings.values() for unit in units), "jsonschema-rs", "jsonschema", "true", "0", "1e999"),
]


#: What tells of itself that it writes, beside what opens a file to.
WRITING = {f"os.{name}" for name in ("chmod", "chown", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate")}


class Workshop:
    """A folder in which the command is run; while it `watches`, what would write anywhere else is `refused`, as by the system."""

    def __init__(self) -> None:
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="fuzzed-"))
        tempfile.tempdir = self.folder
        self.watches = False
        self.refused: list[object] = []
        sys.addaudithook(self._refuse)

    def _refuse(self, event: str, told: tuple[Any, ...]) -> None:
        if self.watches and (event in WRITING or (event == "open" and told[2] & (os.O_WRONLY | os.O_RDWR))):
            for path in told[: 1 + (event == "os.rename")]:
                if isinstance(path, int):
                    continue
                if not os.path.realpath(os.fsdecode(path)).startswith((self.folder, "/dev/")):
                    self.refused.append(path)
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    def fill(self, text: bytes, settings: bytes) -> None:
        """Put the files anew that the command may read."""
        os.chdir("/")
        shutil.rmtree(self.folder)
        os.makedirs(f"{self.folder}/here/folder")
        os.chdir(f"{self.folder}/here")
        for name in FILES[:6]:
            Path(name).write_bytes(gzip.compress(text, 1) if name.endswith(".gz") else text)
        Path("pyproject.toml").write_bytes(settings)


def spoken(chance: Chance) -> tuple[list[str], dict[str, str], str]:
    """Return words for the command, variables, and the text of a table of settings."""
    pick = chance.PickValueInList

    def word() -> str:
        if chance.ConsumeIntInRange(0, 7):
            return str(pick(MENU))
        free: bytes = chance.ConsumeBytes(9)
        return free.translate(None, b"\0/").decode("utf-8", "surrogateescape")

    def value(param: click.Parameter) -> str:
        choices = param.type.choices if isinstance(param.type, click.Choice) else HELD.unit_settings.get(str(param.name), ())
        return str(pick([*choices])) if choices and chance.ConsumeIntInRange(0, 15) else word()

    name = pick(["validate", "normalise", "convert", "convert", *main.commands])
    words, variables, table = [name], dict[str, str](), "[tool.v4schema]\n"
    if name == "convert" and chance.ConsumeIntInRange(0, 7):
        words += pick([["--to", "v4"], ["--to", "v4", "--from", "v3"], ["--back", "--receipts", "receipts.ndjson"]])
    for _ in range(chance.ConsumeIntInRange(0, 7)):
        param, how = pick(main.commands[name].params), chance.ConsumeIntInRange(0, 7)
        flag = isinstance(param, click.Option) and param.is_flag
        if not isinstance(param, click.Option):
            words.append(word())
        elif how == 0 and param.envvar:
            variables[str(param.envvar)] = value(param)
        elif how == 1 and param.envvar:
            told = pick(["true", "0", "[]"]) if flag else json.dumps(value(param).encode("utf-8", "replace").decode())
            table += f"{param.opts[0].removeprefix('--')} = {told}\n"
        else:
            words += [pick(param.opts)] if flag else [pick(param.opts), value(param)]
    words += [word() for _ in range(chance.ConsumeIntInRange(0, 2))]
    return words, variables, table


def command(_: bytes, chance: Chance, workshop: Workshop = Workshop()) -> None:  # noqa: B008  (one for all runs)
    """Whatever the words, the settings and the ads: an exit code from 0 to 3, no traceback, and nothing half-written."""
    words, variables, table = spoken(chance)
    raw, text = chance.ConsumeIntInRange(0, 63) == 1, swollen(chance)
    workshop.fill(text, text if raw else table.encode())
    workshop.watches = True
    try:
        result = CliRunner().invoke(main, words, input=text, env=variables, catch_exceptions=False)
    finally:
        workshop.watches = False
    assert result.exit_code in range(4), (words, variables, table, result.exit_code)
    assert raw or not workshop.refused, (words, variables, table, workshop.refused)
    assert not [*Path(workshop.folder).rglob(".*.v4schema")], (words, variables, table)
    workshop.refused.clear()


def providing(target: Callable[[bytes, Chance], None]) -> Callable[[bytes], None]:
    """Return a target that takes bytes alone."""
    provider = import_module("atheris").FuzzedDataProvider
    return lambda data: target(data, provider(data))


def targets() -> dict[str, Callable[[bytes], None]]:
    """Return the targets by their names."""
    return {
        "json": lambda data: reading(data, "ads.json"),
        "ndjson": lambda data: reading(data, "ads.ndjson"),
        "gz": providing(packed),
        "positions": places,
        "ads": providing(ads),
        "command": providing(command),
        "sheets": sheets,
        "receipts": providing(slips),
    }


def seeds(target: str) -> Iterator[bytes]:
    """Yield what to begin with: examples in several spellings, whole and damaged; for some, with an end to make numbers of."""
    chance = random.Random(target)  # noqa: S311  (nothing secret)
    whole = [json.dumps(ad, ensure_ascii=False, indent=chance.choice([None, 2])).encode() for ad in ADS]
    if target == "sheets":
        with QuestionSheet(HELD) as sheet:
            for case in OLD:
                sheet.add(convert(case["ad"], to=case["to"]))
            table = b"".join(sheet.lines())
        named = [b"source_id;" + b";".join(map(str.encode, case.get("answers", {}))) for case in OLD]
        given = [";".join([case["ad"]["source_id"], *map(str, case.get("answers", {}).values())]).encode() for case in OLD]
        whole = [table, *(b"\n".join(each) for each in zip(named, given, strict=True))]
        whole += [path.read_bytes() for path in ROOT.glob("examples/*.csv")]
    elif target == "receipts":
        whole = [*(lines([done.receipt]) for done in DONE), lines([done.receipt for done in DONE])]
    else:
        whole += [lines(chance.sample(ADS, 3)) for _ in range(8)] + [json.dumps(chance.sample(ADS, 2)).encode() for _ in range(4)]
    for text in whole:
        cut, other = chance.randrange(len(text)), chance.randrange(len(text))
        marked, foreign = b"\xef\xbb\xbf" + text, text.decode().encode(chance.choice(["utf-16", "latin-1"]), "replace")
        for each in (text, chance.choice([text[:cut], text[:cut] + text[other:], marked, foreign, text.replace(b":", b":\r\n")])):
            yield each + (b"" if target in {"json", "ndjson", "positions", "sheets"} else chance.randbytes(40))


def dictionary() -> list[bytes]:
    """Return the words that ads and JSON are made of."""
    names = {str(token) for kind in _kinds() for at, _ in walk(HELD.schema(kind)) for token in at[-1:]}
    words = [
        "1 540 mil",
        "34.900:-",
        "150 hk",
        "3,5 ton",
        "ja",
        "Bensin",
        "sep=;",
        "\r\n",
        ";",
        "-",
        "'",
        "was",
        "is",
        "order",
        "at",
    ]
    tokens = [*'"{}[],:', "null", "true", "false", "1e999", "-0", "1E+2", "\\ud83d", "\\u0000", "\ufeff", "\u2028", "\xe5"]
    return [word.encode() for word in [*(f'"{name}": ' for name in sorted(names | {*HELD.names})), *words, *tokens]]


def _kinds() -> Iterator[v4schema.Kind]:
    return (HELD.kind(version, slug) for version, edition in HELD.editions.items() for slug in edition.categories)
