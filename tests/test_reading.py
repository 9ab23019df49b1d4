"""Reading: every ad of a file, and a finding with a place for everything that cannot be read."""

import gzip
import io
import json
import os
from pathlib import Path

import jiter
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from v4schema import Limits, feed, migrate, preflight, read
from v4schema.document.positions import positions
from v4schema.feed import check
from v4schema.findings.report import Level
from v4schema.output.formats import RenderOptions, text

TWO = b'{"source_id": "1"}\n{"source_id": "2"}\n'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'{"source_id": "1"}', "ad.json"),
        (b'{"source_id":\r\n "1"}\r\n', "ad.json"),
        (b'\n\n{"source_id": "1"}', "ad.json"),
        (b'[{"source_id": "1"}]', "ads.json"),
        (b'[\n{"source_id": "1"}\n]', "ads.ndjson"),
        (b'{\n"source_id": "1"\n}', "ads.jsonl"),
        (b'\n{"source_id": "1"}\n\n', "ads.jsonl"),
        (gzip.compress(b'{"source_id": "1"}', mtime=0), "ad.json.gz"),
        (gzip.compress(b'{"source_id": "1"}', mtime=0), "ad.json"),
        (b'\xef\xbb\xbf{"source_id": "1"}', "ad.json"),
    ],
)
def test_an_ad_is_read_from_every_format(text: bytes, name: str, tmp_path: Path) -> None:
    """It is one ad, an array of one, or one per line; from bytes, a path, and a stream that stays open."""
    path = tmp_path / name
    path.write_bytes(text)
    stream = io.BytesIO(text)
    for readings in (read(text, name=name), read(path), read(str(path)), read(stream, name=name)):
        (reading,) = readings
        assert reading.readable
        assert reading.ad == {"source_id": "1"}
        assert reading.index == 0
    assert not stream.closed


@pytest.mark.parametrize("name", ["feed.ndjson", "feed.jsonl", "feed.ndjson.gz", "feed.json", "<stdin>"])
def test_a_feed_is_identified_by_its_name_or_its_first_line(name: str) -> None:
    """Lines count from 1, ads from 0, and blank lines count only as lines."""
    text = TWO.replace(b"\n", b"\n\n", 1)
    readings = list(read(gzip.compress(text) if name.endswith("gz") else text, name=name))
    assert [(reading.index, reading.first_line, reading.ad) for reading in readings] == [
        (0, 1, {"source_id": "1"}),
        (1, 3, {"source_id": "2"}),
    ]


def test_a_line_that_is_not_json_does_not_stop_the_others() -> None:
    """Parse failures are findings among findings, with the line of the file."""
    readings = list(read(b'{"a": 1}\n{"a": 1,}\n{"a": 2}\n', name="feed.ndjson"))
    assert [reading.readable for reading in readings] == [True, False, True]
    (found,) = readings[1].findings
    assert (found.code, found.line, found.column) == ("json.syntax", 2, 9)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (b'{"a":\n  1', "json.truncated", 2, 4),
        (b'{"a": [1, 2', "json.truncated", 1, 12),
        (b'{"a": 1,\n "b": {"c": 1, "c": 2}}', "json.duplicate_key", 2, 16),
        (b'{"a": 1, "\\u0061": 2}', "json.duplicate_key", 1, 10),
        (b'{"a": 1, "a": {"b": 1}}', "json.duplicate_key", 1, 10),
        (b'{"a":\nNaN}', "json.not_a_number", 2, 1),
        (b'{"a": -Infinity}', "json.not_a_number", 1, 7),
        (b"[nan]", "json.not_a_number", 1, 2),
        (b'{"a": [0, 1e999]}', "json.number_range", 1, 11),
        (b"1E310", "json.number_range", 1, 1),
        (b'{"a": ' + b"1" * 400 + b".5}", "json.number_range", None, None),
        (b'{"a": ' + b"1" * 5000 + b"}", "json.number_range", 1, None),
        ('{"å": 1}'.encode("utf-16"), "json.encoding", 1, 1),
        ('{"å": 1}'.encode("utf-16-le"), "json.encoding", 1, 1),
        ('{"ort": "Växjö"}'.encode("latin-1"), "json.encoding", 1, 11),
        (b"", "json.empty", 1, 1),
        (b" \n\t ", "json.empty", 1, 1),
        (b"\xef\xbb\xbf", "json.empty", 1, 1),
        (b"[" * 100_000, "json.depth", 1, 202),
        (b"[" * 100_000 + b"]" * 100_000, "json.depth", 1, 202),
        (b'{"a":' * 100_000, "json.depth", 1, None),
        (b'{"body": "bil \\ud83d"}', "json.lone_surrogate", 1, 15),
        (b'{"body": "\\ud83d\\u0041"}', "json.lone_surrogate", 1, None),
        (b'{"body": "\\ude00"}', "json.lone_surrogate", 1, None),
        (b'{"a": 1,}', "json.syntax", 1, 9),
        ('{"å": 1,}'.encode(), "json.syntax", 1, 9),
        (b'{"a": 1} }', "json.syntax", 1, 10),
        (b"{'a': 1}", "json.syntax", 1, 2),
        (b'{"a": "x\ty"}', "json.syntax", 1, None),
        (b'{"a": 01}', "json.syntax", 1, None),
        (b'{"a" 1}', "json.syntax", 1, None),
        (b'{"a": 1 "b": 2}', "json.syntax", 1, None),
        (b'{"a": "\\x"}', "json.syntax", 1, None),
        (b"<html>", "json.syntax", 1, 1),
        (b"// ad\n{}", "json.syntax", 1, 1),
        (b"\x00", "json.encoding", 1, 1),
    ],
)
def test_invalid_json_is_a_finding_with_code_and_place(text: bytes, code: str, line: int | None, column: int | None) -> None:
    """There is no exception, no ad and exactly one finding; the place is that in the file."""
    (result,) = check([("ad.json", text)])
    assert not result.reading.readable
    assert not result.understood
    (found,) = result.located()
    assert (found.code, found.level) == (code, Level.ERROR)
    assert line is None or found.line == line
    assert column is None or found.column == column
    assert len(f"{found.message}{found.hint}") < 200


def test_an_infinite_number_is_a_finding_at_its_place() -> None:
    """1e999 can be parsed, but would be infinite."""
    (reading,) = read(b'{"price": [{"amount": 1e999}]}')
    assert [(finding.code, finding.at) for finding in reading.findings] == [("json.number_range", "/price/0/amount")]
    (reading,) = read(b'{"url": "https://a.se/1e999", "n": 1E100}')
    assert reading.readable


def test_a_duplicate_name_is_a_finding_at_its_place() -> None:
    """The pointer is that of the name, the line and column those of its second occurrence."""
    (reading,) = read(b'[{"a": 1}, {"b": [0, {"c": 1, "c": 2}]}]')
    assert [finding.at for finding in reading.findings] == ["/1/b/1/c"]


def test_a_byte_order_mark_is_tolerated_with_a_note() -> None:
    """The mark is noted once, and is no part of any column."""
    first, second = check([("feed.ndjson", b"\xef\xbb\xbf" + TWO.replace(b'"1"', b"1"))])
    mark = first.located()[0]
    assert (mark.code, mark.level, mark.line, mark.column) == ("json.byte_order_mark", Level.NOTE, 1, 1)
    assert "json.byte_order_mark" not in [finding.code for finding in second.located()]
    assert next(finding for finding in first.located() if finding.at == "/source_id").column == 15


def test_an_empty_array_is_a_finding() -> None:
    """Its exporter wrote nothing."""
    (reading,) = read(b"[]")
    assert [finding.message for finding in reading.findings] == ["The array holds no ad."]
    (reading,) = read(b"\n\n", name="feed.ndjson")
    assert [finding.code for finding in reading.findings] == ["json.empty"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _: None, "file.missing"),
        (lambda path: path.mkdir(), "file.directory"),
        (lambda path: path.write_bytes(gzip.compress(TWO)[:-12]), "file.unreadable"),
        (lambda path: path.write_bytes(b"\x1f\x8b broken"), "file.unreadable"),
        (lambda path: path.symlink_to(path), "file.unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(make: object, code: str, tmp_path: Path) -> None:
    """It is missing, a folder, or a broken archive; what could be read comes before the finding."""
    path = tmp_path / "ad.ndjson"
    make(path)  # type: ignore[operator]
    *_, last = read(path)
    assert [finding.code for finding in last.findings] == [code]
    assert not last.readable


def test_a_file_without_permission_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is that of the system; it is simulated, because root may read every file."""

    def refuse(*_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    (reading,) = read("ad.json")
    assert [finding.code for finding in reading.findings] == ["file.permission"]


def test_a_file_without_permission_is_really_refused(tmp_path: Path) -> None:
    """If the tests do not run as root, a file of mode 000 has the same finding."""
    path = tmp_path / "ad.json"
    path.write_bytes(b"{}")
    path.chmod(0)
    (reading,) = read(path)
    expected = [] if os.access(path, os.R_OK) else ["file.permission"]
    assert [finding.code for finding in reading.findings] == expected


def test_ads_before_the_end_of_a_damaged_file_are_kept(tmp_path: Path) -> None:
    """A gzip file that ends too early has ads before its end."""
    lines = b"".join(b'{"source_id": "%d", "body": "%s"}\n' % (number, os.urandom(40).hex().encode()) for number in range(2000))
    path = tmp_path / "feed.ndjson.gz"
    path.write_bytes(gzip.compress(lines)[:-4000])
    *good, last = read(path)
    assert len(good) > 100
    assert last.index == len(good)
    assert [finding.code for finding in last.findings] == ["file.unreadable"]


@pytest.mark.parametrize("start", [b"\n", b" \r\n\n", b"\xef\xbb\xbf\n"])
def test_blank_lines_before_the_first_ad_change_nothing(start: bytes) -> None:
    """A feed that has the name of one is read line by line, with any first line."""
    assert [reading.ad for reading in read(start + TWO, name="feed.ndjson")] == [{"source_id": "1"}, {"source_id": "2"}]


def test_blank_lines_before_a_feed_without_a_name_count_as_lines() -> None:
    """A pipe that begins with an empty line is a feed as well; so is a file with an ending in capitals."""
    assert [reading.first_line for reading in read(b"\n" + TWO, name="<stdin>")] == [2, 3]
    assert [reading.readable for reading in read(b"{broken\n" + TWO, name="FEED.NDJSON")] == [False, True, True]


def test_many_blank_lines_take_linear_time() -> None:
    """The work grows with the file, not with its square."""
    (reading,) = read(b"\n" * 1_000_000 + b"{}")
    assert reading.first_line == 1_000_001


def test_a_stream_of_text_is_refused() -> None:
    """It is an error of the caller, so it raises."""
    with pytest.raises(TypeError, match="not a text stream"):
        next(read(io.StringIO("{}")))  # type: ignore[arg-type]
    assert next(read(bytearray(b"{}"))).ad == {}  # type: ignore[arg-type]


def test_a_file_name_in_another_encoding_can_be_printed(tmp_path: Path) -> None:
    """It is written with escapes."""
    path = os.fsencode(tmp_path) + b"/v\xe4xj\xf6.json"
    Path(os.fsdecode(path)).write_bytes(b"{}")
    (reading,) = read(os.fsdecode(path))
    assert reading.ad == {}
    assert reading.source.endswith("v\\udce4xj\\udcf6.json")


@pytest.mark.slow
@pytest.mark.no_cover
def test_many_findings_on_one_line_take_linear_time() -> None:
    """Each column of a minified array of many ads is counted from the one before."""
    text = json.dumps([{"source_id": "å", "category_id": 1121, "price": number} for number in range(2000)], ensure_ascii=False)
    results = list(check([("ads.json", text.encode())]))
    columns = [finding.column for result in results for finding in result.located() if finding.at == "/price"]
    assert len(columns) == 2000
    assert all(text[column - 1 :].startswith(str(number)) for number, column in enumerate(filter(None, columns)))


def test_names_of_sources() -> None:
    """A source without a name gets one."""
    assert next(read(b"{}")).source == "<bytes>"
    assert next(read(io.BytesIO(b"{}"))).source == "<stream>"
    assert next(read(io.BytesIO(b"{}"), name="x")).source == "x"
    assert next(read("nowhere")).source == "nowhere"


def test_a_stream_that_can_peek_is_not_wrapped() -> None:
    """Standard input is such a stream."""
    with io.BufferedReader(io.BytesIO(TWO)) as stream:
        assert len(list(read(stream))) == 2


@given(text=st.binary(max_size=60) | st.text(alphabet='{}[]":,0123456789eE+-.\\ud8abtrfalsn \n', max_size=40).map(str.encode))
def test_reading_never_raises(text: bytes) -> None:
    """Any bytes give an ad or an error."""
    for result in check([("ad", text)]):
        assert result.reading.readable or result.report.errors
        assert all(finding.line for finding in result.located() if not finding.code.startswith("file."))
        assert result.line is None or result.line >= 1


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    indent=st.none() | st.integers(0, 3),
    ascii_only=st.booleans(),
)
def test_positions_point_at_the_parsed_values(value: object, indent: int | None, ascii_only: bool) -> None:
    """The text between the offsets of a place is the value there, and line and column are those of its beginning."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")

    def look(below: object, at: tuple[str | int, ...]) -> None:
        member = positions(text).member(at)
        assert member
        span = member.value
        assert jiter.from_json(text[span.start : span.end]) == below
        assert text.split(b"\n")[span.line - 1].decode()[span.column - 1 :].encode()[:1] == text[span.start : span.start + 1]
        assert (member.name is None) == (not at or isinstance(at[-1], int))
        for token, inner in below.items() if isinstance(below, dict) else enumerate(below) if isinstance(below, list) else ():
            look(inner, (*at, token))

    look(value, ())
    assert positions(text).member(("no", "such", "place")) is None


def test_a_scalar_has_no_members() -> None:
    """A number has no positions below it."""
    assert positions(b'{"a": 1}').member(("a", "b")) is None


def test_an_empty_text_has_no_places() -> None:
    """It does not even have the place of the whole."""
    assert positions(b"").nearest(("a",)) is None
    assert positions(b"[]").pointer_at(0) is None


def test_the_line_of_an_ad_is_its_first_line() -> None:
    """Blank lines before it count."""
    (result,) = check([("ad.json", b"\n\n  {}")])
    assert result.line == 3


@pytest.mark.parametrize("rest", ['2, "b\tc": 3}', '2, "\\ud800": 3}', '2, "\\u": 3}', ""])
def test_a_duplicate_name_has_a_frame_in_any_text(rest: str) -> None:
    """The text may have other errors after it: a broken name, or a missing value."""
    results = [*check([("ad.json", f'{{"s": 0, "a": 1, "a":{rest}'.encode())])]
    printed = "".join(text(results, RenderOptions(rich=True)))
    assert [finding.at for finding in results[0].located()] == ["/a"]
    assert '"a": ' in printed
    assert "^" in printed


#: Lines of a feed.
SEVERAL = [json.dumps({"source_id": str(number), "body": "b" * number}).encode() for number in range(1, 5)]
#: Lines in place of an ad: broken, cut, empty, no object, begun, in another encoding, of another feed.
GARBAGE = [
    *(b"{broken", b'{"a": 1', b'{"a": "', b"{}", b"3", b"null", b"[]", b"[", b"{", b"]", b"}", b'"', b"[{}]", b'{"a": 1},'),
    *(
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{",
        b"{}\r",
        b"\r",
        b"\0",
        b'{"a": "\0"}',
        b"id;body",
        b"# ads",
        b"\x0c",
        b"1e999",
    ),
]


@pytest.mark.parametrize("name", ["<stdin>", "feed.json", "feed.ndjson", "feed.jsonl.gz"])
@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"])
def test_a_feed_with_any_damaged_line_is_a_feed(garbage: bytes, name: str, end: bytes) -> None:
    """Every other line is read unchanged, for any damaged line and any name of the feed."""
    for place in range(len(SEVERAL)):
        lines = [*SEVERAL[:place], garbage, *SEVERAL[place + 1 :]]
        readings = [*read(end.join(lines) + end, name=name)]
        sound = [reading.text for reading in readings if reading.ad not in (None, {}, 3, [], [{}])]
        assert sound == [line for line in lines if line != garbage]
        assert b"".join(reading.lead + reading.text + reading.ending for reading in readings).strip() == (end.join(lines).strip())


@given(
    ads=st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=9), min_size=1), min_size=2),
    data=st.data(),
)
def test_a_feed_with_any_line_in_place_of_an_ad_is_a_feed(ads: list[dict[str, object]], data: st.DataObject) -> None:
    """An exception is a feed of two lines that may as well be the beginning of one document."""
    lines = [json.dumps(ad).encode() for ad in ads]
    place = data.draw(st.integers(0, len(ads) - 1))
    garbage = data.draw(st.binary(max_size=30) | st.text(alphabet='{}[]":,01 a', max_size=9).map(str.encode))
    assume(b"\n" not in garbage)
    lines[place] = garbage
    text = b"\n".join(lines) + b"\n"
    name = data.draw(st.sampled_from(["<stdin>", "feed.ndjson"]))
    begins = len(ads) == 2 and place == 0 and garbage.rstrip().endswith((b"[", b":", b","))
    assume(not begins)
    sound = [reading.text.removesuffix(b"\r") for reading in read(text, name=name)]
    assert [line for number, line in enumerate(lines) if number != place] == [
        line for line in sound if line in lines and line != garbage
    ] or (garbage in lines[:place] + lines[place + 1 :])


def every_damage(text: bytes) -> list[bytes]:
    """Yield a text with damage in each of its places: a byte removed, replaced or added, or the text cut."""
    return [
        damaged
        for place in range(len(text))
        for damaged in (
            text[:place] + text[place + 1 :],
            text[:place] + b"#" + text[place + 1 :],
            text[:place],
            text[:place] + b"{" + text[place:],
            text[:place] + b"\n" + text[place:],
        )
        if damaged.strip()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("indent", [0, 1, 2, 4])
@pytest.mark.parametrize("name", ["<stdin>", "ad.json", "ad.ndjson"])
def test_a_damaged_document_is_no_feed(name: str, indent: int) -> None:
    """An ad on several lines gives one ad or one finding; with the name of a feed, it may be one if its first line is whole."""
    ad = {
        "source_id": "1",
        "price": [{"type": "list", "amount": 1}],
        "none": [{}, {}],
        "contact": {"a": {}},
        "b": "x",
        "c": [1, 2],
    }
    text = json.dumps(ad, indent=indent).encode()
    for damaged in every_damage(text):
        readings = [*read(damaged, name=name)]
        assert len(readings) == 1, damaged
        assert readings[0].text.strip() == damaged.strip()


@pytest.mark.parametrize(
    ("text", "ads"),
    [
        (b'{"a": 1,\n"b": 2}', 1),
        (b'[{"a": 1},\n{"b": 2}]', 2),
        (b'[\n{"a": 1},\n{"b": 2},\n{"c": 3}\n]\n', 3),
        (b'[\n{"a": 1}\n]', 1),
        (b'[\n{"a": 1}\n,\n{"b": 2}\n]', 2),
        (b'[\n  {"a": 1}\n, {"b": 2}\n]', 2),
        (b'{"a": 1}\n\n\n', 1),
        (b'[{"a": 1}]\n\n', 1),
        (b'{"a": 1', 0),
        (b'{"a": 1,}', 0),
        (b'[\n{"a": 1},\n{"b": 2},\n{"c"', 0),
        (b'[\n{"a": 1}', 0),
        (b'{"a":\n{"b": 1}', 0),
        ('{"a": 1,\n"b": 2}'.encode("utf-16"), 0),
    ],
)
def test_a_document_in_any_layout_is_no_feed(text: bytes, ads: int) -> None:
    """It has two lines, one line per item, or blank lines after a minified array; it is cut, or has an error on its line."""
    readings = [*read(text, name="<stdin>")]
    assert len(readings) == max(ads, 1)
    assert sum(reading.readable for reading in readings) == ads


def test_the_first_ad_of_a_pipe_is_read_at_once() -> None:
    """Reading does not wait for lines that it does not need."""
    ends = os.pipe()
    with os.fdopen(ends[0], "rb") as reader, os.fdopen(ends[1], "wb", buffering=0) as writer:
        readings = read(reader)
        for line in SEVERAL:
            writer.write(line + b"\n")
            assert next(readings).text == line


SMALL = Limits(ad=100, document=1_000)


@pytest.mark.parametrize("name", ["feed.ndjson", "feed.json"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("size", [98, 99, 100, 101, 5_000])
def test_a_line_that_is_too_long_is_skipped_with_a_finding(size: int, place: int, name: str) -> None:
    """It has both sizes and the option; the other lines are read, and the line itself cannot be passed on."""
    lines = [b'{"a": 1}', b'{"a": 2}']
    lines.insert(place, b'{"b": "%s"}' % (b"x" * (size - 9)))
    for end in (b"\n", b"\r\n"):
        results = [*check([(name, end.join(lines))], limits=SMALL)]
        assert [result.reading.first_line for result in results if result.reading.text] == [
            number for number, line in enumerate(lines, 1) if len(line) <= SMALL.ad
        ]
        found = [finding for result in results for finding in result.located() if finding.code == "file.too_large"]
        assert len(found) == (size > SMALL.ad)
        assert all(f"{SMALL.ad} bytes" in finding.message and "--max-ad-size" in str(finding.hint) for finding in found)
        assert [finding.line for finding in found] == [place + 1] * len(found)
        assert all(result.whole for result in results) == (not found)


@pytest.mark.parametrize(
    ("text", "name", "option"),
    [
        (b'{"a": "' + b"x" * 200 + b'"}', "ad.json", "--max-ad-size"),
        (b'{"a": \n"' + b"x" * 200 + b'"}', "ad.json", "--max-ad-size"),
        (b"[" + b"{}," * 500 + b"{}]", "ads.json", "--max-document-size"),
        (b"[\n" + b"{},\n" * 500 + b"{}]", "ads.json", "--max-document-size"),
        (b"\n" * 500 + b"{}", "ad.json", "--max-ad-size"),
        (b"\n" * 500 + b"{}", "ad.ndjson", "--max-ad-size"),
        (b"{}\n" + b" \n" * 500 + b"{}\n", "ad.ndjson", "--max-ad-size"),
        (b"x" * 200, "ad.json", "--max-ad-size"),
        (b"\0" * 100_000, "zero", "--max-ad-size"),
        (b'{"a"' + b"\0" * 100_000, "zero.ndjson", "--max-ad-size"),
        (b'[{"a": "' + b"x" * 200 + b'"}]', "ads.json", "--max-ad-size"),
    ],
)
def test_too_large_an_input_is_a_finding(text: bytes, name: str, option: str) -> None:
    """It is a document, an array, blank lines, an ad in an array, or endless, gzipped or not; the hint names the option."""
    for given_ in (text, gzip.compress(text)):
        findings = [finding for reading in read(given_, name=name, limits=SMALL) for finding in reading.findings]
        assert [finding.code for finding in findings if finding.code == "file.too_large"] == ["file.too_large"]
        assert option in str(next(finding.hint for finding in findings if finding.code == "file.too_large"))


def test_limits_apply_to_every_function() -> None:
    """They apply to functions for one ad and for many."""
    text = b'{"source_id": "1", "body": "%s"}' % (b"x" * 200)
    for findings in (
        preflight(text, limits=SMALL).findings,
        migrate(text, to="v4", limits=SMALL).findings,
        *(each.report.findings for each in feed.prepare([("ad", text)], limits=SMALL)),
        *(each.report.findings for each in feed.convert([("ad", text)], to="v4", limits=SMALL)),
    ):
        assert [finding.code for finding in findings] == ["file.too_large"]
    assert preflight(text, limits=Limits(ad=1_000)).ad is not None


class Endless(io.RawIOBase):
    """A stream that repeats one byte without end, and counts how many were read."""

    def __init__(self, begin: bytes) -> None:
        self.begin, self.read_of_it = begin, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        begin, self.begin = self.begin[: len(view)], self.begin[len(view) :]
        view[:] = begin.ljust(len(view), b"a")
        self.read_of_it += len(view)
        return len(view)


@pytest.mark.parametrize("begin", [b"", b"{", b"[", SEVERAL[0] + b"\n{", b"{broken\n", b"[" + SEVERAL[0] + b",\n"])
@pytest.mark.parametrize("name", ["<stdin>", "feed.ndjson"])
def test_an_endless_input_is_a_finding(begin: bytes, name: str) -> None:
    """It is read no further than the longest line that may be skipped."""
    stream = Endless(begin)
    *_, last = read(stream, name=name, limits=SMALL)  # type: ignore[arg-type]
    assert [finding.code for finding in last.findings] == ["file.too_large"]
    assert "more than" in last.findings[0].message
    assert stream.read_of_it < 4 << 20


class PanicException(BaseException):
    """The exception that a library written in Rust raises when it panics; it is no `Exception`."""


class Giving(io.RawIOBase):
    """A stream whose second reading raises."""

    def __init__(self, error: BaseException) -> None:
        self.error: BaseException | None = None
        self._next = error

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read."""
        if not memoryview(buffer):  # type: ignore[arg-type]
            return 0
        if self.error:
            raise self.error
        self.error = self._next
        memoryview(buffer)[: len(SEVERAL[0]) + 1] = SEVERAL[0] + b"\n"  # type: ignore[arg-type]
        return len(SEVERAL[0]) + 1


@pytest.mark.parametrize("error", [MemoryError(), PanicException("capacity overflow")])
def test_lack_of_memory_while_reading_is_a_finding_about_the_input(error: BaseException) -> None:
    """What was read before is kept, and the next input is read."""
    results = [*check([("feed.ndjson", Giving(error)), ("ad.json", SEVERAL[1])])]  # type: ignore[list-item]
    assert [result.reading.readable for result in results] == [True, False, True]
    assert [finding.code for finding in results[1].reading.findings] == ["file.unreadable"]
    assert not results[1].whole
    with pytest.raises(KeyboardInterrupt):
        list(read(Giving(KeyboardInterrupt())))  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [MemoryError(), PanicException("capacity overflow")])
def test_lack_of_memory_at_an_ad_is_a_finding_about_the_ad(error: BaseException) -> None:
    """The ad counts as not read, its text can be set aside, and the next ad is validated."""

    class Sheet:
        def __init__(self, *errors: BaseException) -> None:
            self.errors = [*errors]

        def take(self, _: object) -> None:
            if self.errors:
                raise self.errors.pop()

        def judged(self, done: object, _: object) -> tuple[tuple[()], tuple[()]]:
            assert done
            return (), ()

    first, second = feed.convert([("ads", b"\n".join(SEVERAL[:2]))], to="v4", answers=Sheet(error), last=False)  # type: ignore[arg-type]
    assert [finding.code for finding in first.report.findings] == ["file.unreadable"]
    assert (first.reading.readable, first.whole, first.complete, second.reading.readable) == (False, True, False, True)
    with pytest.raises(KeyboardInterrupt):
        list(feed.convert([("ads", SEVERAL[0])], to="v4", answers=Sheet(KeyboardInterrupt()), last=False))  # type: ignore[arg-type]
