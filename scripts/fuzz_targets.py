"""The targets of `fuzz.py`: what each does with any bytes, the properties that it asserts, and its first inputs."""

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

for _module in walk_packages(v4schema.__path__, "v4schema."):  # modules imported later are not instrumented
    if not _module.name.endswith("__main__"):
        import_module(_module.name)
for _stream in ("stdout", "stderr"):  # click keeps every stream that was standard output, and there are thousands
    setattr(click.utils, f"_default_text_{_stream}", partial(getattr, sys, _stream))

Provider = Any  # atheris's FuzzedDataProvider: it takes numbers from the end of the data, and ads from the beginning
CATALOGUE = catalogue.default()
ROOT = Path(__file__).parent.parent
#: The unit settings that may be used again on a normalised ad: the units to write, not the units of bare numbers.
OUTPUT_SETTINGS = [name for name in CATALOGUE.unit_settings if not name.endswith("_unit")]
#: Unit settings. There are few, because a normaliser is compiled and cached for each, and memory has to settle.
UNIT_SETTINGS = [{}, *({name: units[end] for name, units in CATALOGUE.unit_settings.items()} for end in (0, -1))]
#: The most bytes of a text with a repeated piece.
LONGEST = 1 << 18
CASES: list[dict[str, Any]] = [
    json.loads(path.read_text("utf-8"))
    for path in sorted([*ROOT.glob("examples/*.json"), *ROOT.glob("tests/examples/**/*.json")])
]
ADS: list[dict[str, Any]] = [case.get("ad", case) for case in CASES]
#: V3 ads with unique identifiers, and the conversions of those that become complete.
OLD = [case | {"ad": case["ad"] | {"source_id": f"ad-{number}"}} for number, case in enumerate(CASES) if "to" in case]
DONE = [
    done
    for case in OLD
    if (done := convert(case["ad"], to=case["to"], answers=case.get("answers"), **case.get("settings", {}))).complete
]


def lines(values: list[Any]) -> bytes:
    """Write values as JSON lines."""
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def reading(data: bytes, name: str) -> None:
    """Nothing of a file is lost, and an ad that is read, written and read again is the same."""
    readings = [*read(data, name=name)]
    if not data.startswith(b"\x1f\x8b"):
        whole = b"".join(each.lead + each.text + each.ending for each in readings)
        assert data.startswith(whole), "what was read is not in the file"
        assert not data[len(whole) :].strip(), "something was skipped"
    for each in readings:
        assert each.readable or each.findings, "no finding says why"
        if each.readable:
            for again in (json.dumps(each.ad).encode(), json.dumps(each.ad, ensure_ascii=False, indent=1).encode()):
                assert json_equal(read_document(again).ad, each.ad), "written and read again, the ad differs"


def compressed(data: bytes, provider: Provider) -> None:
    """A gzip file is read as its content, and damage to it is a finding."""
    payload = provider.ConsumeBytes(provider.remaining_bytes() * 3 // 4)
    name = provider.PickValueInList(["feed.ndjson.gz", "ad.json.gz", "ad.json"])
    archive = bytearray(gzip.compress(payload, provider.PickValueInList([0, 1, 9]), mtime=0))
    expected = [each.ad for each in read(payload, name=name)]
    assert payload.startswith(b"\x1f\x8b") or [each.ad for each in read(bytes(archive), name=name)] == expected
    for _ in range(provider.ConsumeIntInRange(1, 4)):
        archive[provider.ConsumeIntInRange(2, len(archive) - 1)] = provider.ConsumeIntInRange(0, 255)
    del archive[provider.ConsumeIntInRange(2, len(archive)) :]
    for damaged in (bytes(archive), data):
        assert [*read(damaged, name=name)], "no reading and no finding"


def walk_values(value: object, at: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield every value inside a value, with its place."""
    yield at, value
    if isinstance(value, dict | list):
        for token, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk_values(below, (*at, token))


def places(data: bytes) -> None:
    """Every pointer leads to its value; in a text that is not JSON, every position is inside the text."""
    reading, found = read_document(data), positions(data)
    if not reading.readable:
        for offset in {0, len(data) // 2, len(data)}:
            match = found.pointer_at(offset)
            assert match is None or 0 <= match[-1].start <= match[-1].end <= len(data)
        found.nearest(("price", 0, "amount"))
        for finding in reading.findings:
            assert_inside(finding.line or 1, finding.column or 1, data)
        return
    for tokens, value in walk_values(reading.ad):
        member = found.member(tokens)
        assert member, tokens
        for span, expected in ((member.value, value), (member.name, tokens[-1] if tokens else None)):
            if span:
                assert json_equal(parse_json(data[span.start : span.end]), expected), (tokens, span)
                start = data.rfind(b"\n", 0, span.start) + 1
                assert (span.line, span.line_start) == (data.count(b"\n", 0, span.start) + 1, start), (tokens, span)
                assert span.column == len(data[start : span.start].decode()) + 1, (tokens, span)
        match = found.pointer_at(member.name.start) if member.name else None
        assert match is None or (match[0], match[-1]) == (tokens, member.name), tokens


def assert_inside(line: int, column: int, data: bytes) -> None:
    """A position is inside a text, or directly after it."""
    rows = data.split(b"\n")
    assert 1 <= line <= len(rows), (line, len(rows))
    assert 1 <= column <= len(rows[line - 1].decode(errors="replace")) + 1, (line, column)


def with_repetition(provider: Provider) -> bytes:
    """Return the rest of the data, perhaps with a piece of it repeated many times, because long texts show slow code."""
    times = provider.PickValueInList([1] * 12 + [8, 64, 512, 4096])
    start, length = provider.ConsumeIntInRange(0, 2048), provider.ConsumeIntInRange(1, 64)
    data: bytes = provider.ConsumeBytes(provider.remaining_bytes())
    longer: bytes = data[:start] + data[start : start + length] * times + data[start + length :]
    return longer[:LONGEST]


def ads(_: bytes, provider: Provider) -> None:
    """Ads are checked, normalised and converted: positions are in the text, output is right, and conversions can be reverted."""
    version = provider.PickValueInList([*CATALOGUE.editions])
    category = provider.PickValueInList([None, None, *CATALOGUE.edition(version).categories])
    arguments = {"version": version, "category": category}
    operation = provider.PickValueInList(["create", "create", *CATALOGUE.edition(version).operations])
    engine = provider.PickValueInList(["jsonschema-rs", "jsonschema"])
    units = provider.PickValueInList(UNIT_SETTINGS)
    name, text = provider.PickValueInList(["ads.json", "ads.ndjson"]), with_repetition(provider)
    for result in feed.check([(name, text)], **arguments, operation=operation, engine=engine):
        check_result(result, text)
    for result in feed.prepare([(name, text)], **arguments, operation=operation, engine=engine, **units):
        check_result(result, text)
        new = result.report.ad
        if result.reading.readable and new is not None:
            assert json_equal(parse_json(result.text()), new), "the written ad differs from the normalised one"
            again = normalise(
                new, **arguments, operation=operation, **{name: unit for name, unit in units.items() if name in OUTPUT_SETTINGS}
            )
            assert not again.changed, [(finding.at, finding.message) for finding in again.changes]
    for result in feed.convert([(name, text)], to=[*CATALOGUE.editions][-1], **units):
        check_result(result, text)
        if result.conversion and result.reading.readable:
            assert not result.complete or json_equal(parse_json(result.text()), result.report.ad)
            assert json_equal(revert(result.conversion), result.reading.ad), "reverting does not restore the ad"


def check_result(result: feed.Result, text: bytes) -> None:
    """Every finding about an ad has a position in the source."""
    for finding in result.located():
        assert finding.message
        assert_inside(finding.line or 1, finding.column or 1, text.removeprefix(b"\xef\xbb\xbf"))
    assert all(formats.text([result], formats.RenderOptions(rich=True, width=60, lightest=v4schema.Level.NOTE)))
    json.dumps(result.report.api())


def sheets(data: bytes) -> None:
    """Any table can be read as answers, and the question sheet can always be read as one."""
    answers, number = AnswerSheet(data, to="v4"), len(data) % len(OLD)
    some = lines([case["ad"] for case in [*OLD, *OLD][number : number + 4]])
    with QuestionSheet(CATALOGUE) as sheet:
        for result in feed.convert([("v3.ndjson", some)], to="v4", version="v3", answers=answers):
            result.located()
            if result.conversion and not result.is_side_file:
                sheet.add(result.conversion)
        assert not AnswerSheet(b"".join(sheet.lines()), to="v4").unusable


def receipts(_: bytes, provider: Provider) -> None:
    """Any file can be read as receipts, even one that is signed again, and restored ads can be written."""
    signs_again, text = provider.ConsumeBool(), with_repetition(provider)
    signed = b"".join(_signed(line) if signs_again else line for line in text.splitlines(keepends=True))
    receipt_file = ReceiptFile(signed, name="receipts.ndjson")
    for result in feed.restore([("v4.ndjson", lines([done.ad for done in DONE]))], receipt_file):
        result.located()
        if result.conversion and result.complete and not result.is_side_file:
            assert json_equal(parse_json(result.text()), result.report.ad)


def _signed(line: bytes) -> bytes:
    receipt = read_document(line).ad
    if not isinstance(receipt, dict):
        return line
    rest = {name: value for name, value in receipt.items() if name != "check"}
    return lines([{**rest, "check": digest(rest)}])


#: File names that the command may get.
FILES = ["ad.json", "feed.ndjson", "feed.ndjson.gz", "answers.csv", "receipts.ndjson", "list.txt", "-", "folder", "missing.json"]
#: Any other arguments that it may get.
ARGUMENTS = [
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
    *(
        *CATALOGUE.editions,
        *CATALOGUE.edition().categories,
        *CATALOGUE.edition().operations,
        *CATALOGUE.names,
        *CATALOGUE.finding_codes,
        "1121",
    ),
    *(
        *(f"{version}/{slug}" for version, edition in CATALOGUE.editions.items() for slug in edition.categories),
        "v4/",
        "v9/moped",
    ),
    *(
        *(unit for units in CATALOGUE.unit_settings.values() for unit in units),
        "jsonschema-rs",
        "jsonschema",
        "true",
        "0",
        "1e999",
    ),
]


#: The audit events of functions that write, beside those that open a file.
WRITING = {f"os.{name}" for name in ("chmod", "chown", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate")}


class Sandbox:
    """A folder in which the command runs. While `watching`, writing anywhere else is refused, and its path added to `refused`."""

    def __init__(self) -> None:
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="fuzz-"))
        tempfile.tempdir = self.folder
        self.watching = False
        self.refused: list[object] = []
        sys.addaudithook(self._refuse)

    def _refuse(self, event: str, args: tuple[Any, ...]) -> None:
        if self.watching and (event in WRITING or (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR))):
            for path in args[: 1 + (event == "os.rename")]:
                if isinstance(path, int):
                    continue
                if not os.path.realpath(os.fsdecode(path)).startswith((self.folder, "/dev/")):
                    self.refused.append(path)
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    def fill(self, text: bytes, settings: bytes) -> None:
        """Empty the folder, and write the files that the command may read."""
        os.chdir("/")
        shutil.rmtree(self.folder)
        os.makedirs(f"{self.folder}/here/folder")
        os.chdir(f"{self.folder}/here")
        for name in FILES[:6]:
            Path(name).write_bytes(gzip.compress(text, 1) if name.endswith(".gz") else text)
        Path("pyproject.toml").write_bytes(settings)


def command_line(provider: Provider) -> tuple[list[str], dict[str, str], str]:
    """Return arguments for the command, environment variables, and the text of a settings table."""
    pick = provider.PickValueInList

    def argument() -> str:
        if provider.ConsumeIntInRange(0, 7):
            return str(pick(ARGUMENTS))
        random_bytes: bytes = provider.ConsumeBytes(9)
        return random_bytes.translate(None, b"\0/").decode("utf-8", "surrogateescape")

    def value(param: click.Parameter) -> str:
        choices = param.type.choices if isinstance(param.type, click.Choice) else CATALOGUE.unit_settings.get(str(param.name), ())
        return str(pick([*choices])) if choices and provider.ConsumeIntInRange(0, 15) else argument()

    name = pick(["validate", "normalise", "convert", "convert", *main.commands])
    arguments, variables, table = [name], dict[str, str](), "[tool.v4schema]\n"
    if name == "convert" and provider.ConsumeIntInRange(0, 7):
        arguments += pick([["--to", "v4"], ["--to", "v4", "--from", "v3"], ["--back", "--receipts", "receipts.ndjson"]])
    for _ in range(provider.ConsumeIntInRange(0, 7)):
        param, how = pick(main.commands[name].params), provider.ConsumeIntInRange(0, 7)
        flag = isinstance(param, click.Option) and param.is_flag
        if not isinstance(param, click.Option):
            arguments.append(argument())
        elif how == 0 and param.envvar:
            variables[str(param.envvar)] = value(param)
        elif how == 1 and param.envvar:
            setting = pick(["true", "0", "[]"]) if flag else json.dumps(value(param).encode("utf-8", "replace").decode())
            table += f"{param.opts[0].removeprefix('--')} = {setting}\n"
        else:
            arguments += [pick(param.opts)] if flag else [pick(param.opts), value(param)]
    arguments += [argument() for _ in range(provider.ConsumeIntInRange(0, 2))]
    return arguments, variables, table


def command(_: bytes, provider: Provider, sandbox: Sandbox = Sandbox()) -> None:  # noqa: B008  (one for all runs)
    """With any arguments, settings and ads: an exit code from 0 to 3, no traceback, and no partly written file."""
    arguments, variables, table = command_line(provider)
    raw, text = provider.ConsumeIntInRange(0, 63) == 1, with_repetition(provider)
    sandbox.fill(text, text if raw else table.encode())
    sandbox.watching = True
    try:
        result = CliRunner().invoke(main, arguments, input=text, env=variables, catch_exceptions=False)
    finally:
        sandbox.watching = False
    assert result.exit_code in range(4), (arguments, variables, table, result.exit_code)
    assert raw or not sandbox.refused, (arguments, variables, table, sandbox.refused)
    assert not [*Path(sandbox.folder).rglob(".*.v4schema")], (arguments, variables, table)
    sandbox.refused.clear()


def with_provider(target: Callable[[bytes, Provider], None]) -> Callable[[bytes], None]:
    """Return a target that takes only bytes."""
    make_provider = import_module("atheris").FuzzedDataProvider
    return lambda data: target(data, make_provider(data))


def targets() -> dict[str, Callable[[bytes], None]]:
    """Return the targets by name."""
    return {
        "json": lambda data: reading(data, "ads.json"),
        "ndjson": lambda data: reading(data, "ads.ndjson"),
        "gz": with_provider(compressed),
        "positions": places,
        "ads": with_provider(ads),
        "command": with_provider(command),
        "sheets": sheets,
        "receipts": with_provider(receipts),
    }


def seeds(target: str) -> Iterator[bytes]:
    """Yield the first inputs: examples as texts, intact and damaged, for some targets followed by bytes for numbers."""
    rng = random.Random(target)  # noqa: S311  (nothing secret)
    texts = [json.dumps(ad, ensure_ascii=False, indent=rng.choice([None, 2])).encode() for ad in ADS]
    if target == "sheets":
        with QuestionSheet(CATALOGUE) as sheet:
            for case in OLD:
                sheet.add(convert(case["ad"], to=case["to"]))
            table = b"".join(sheet.lines())
        named = [b"source_id;" + b";".join(map(str.encode, case.get("answers", {}))) for case in OLD]
        given = [";".join([case["ad"]["source_id"], *map(str, case.get("answers", {}).values())]).encode() for case in OLD]
        texts = [table, *(b"\n".join(each) for each in zip(named, given, strict=True))]
        texts += [path.read_bytes() for path in ROOT.glob("examples/*.csv")]
    elif target == "receipts":
        texts = [*(lines([done.receipt]) for done in DONE), lines([done.receipt for done in DONE])]
    else:
        texts += [lines(rng.sample(ADS, 3)) for _ in range(8)] + [json.dumps(rng.sample(ADS, 2)).encode() for _ in range(4)]
    for text in texts:
        cut, other = rng.randrange(len(text)), rng.randrange(len(text))
        marked, foreign = b"\xef\xbb\xbf" + text, text.decode().encode(rng.choice(["utf-16", "latin-1"]), "replace")
        for each in (text, rng.choice([text[:cut], text[:cut] + text[other:], marked, foreign, text.replace(b":", b":\r\n")])):
            yield each + (b"" if target in {"json", "ndjson", "positions", "sheets"} else rng.randbytes(40))


def dictionary() -> list[bytes]:
    """Return words that occur in ads and tokens of JSON, for the fuzzer to insert."""
    names = {str(token) for kind in _kinds() for at, _ in walk(CATALOGUE.schema(kind)) for token in at[-1:]}
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
    return [word.encode() for word in [*(f'"{name}": ' for name in sorted(names | {*CATALOGUE.names})), *words, *tokens]]


def _kinds() -> Iterator[v4schema.Kind]:
    return (CATALOGUE.kind(version, slug) for version, edition in CATALOGUE.editions.items() for slug in edition.categories)
