"""The command `v4schema convert`: every ad in its place, nothing half, and back again."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ads import CAR, MOPED
from commands import Run, terminal
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from v4schema.catalogue import Catalogue
from v4schema.feed import Result

Ad = dict[str, Any]

KAYAK = {**CAR, "source_id": "kayak", "category_id": 1065}
TO = ["--to", "v4", "--price-unit", "kr"]
ANSWERS = (
    "source_id;brand;model;model_year;registration_number;mileage;transmission;fuels\n"
    "moped-017;Yamaha;Aerox;2020;ABC123;5 km;automat;bensin\n"
)


def named(ad: Ad, name: str) -> Ad:
    """An ad under another name."""
    return {**ad, "source_id": name}


def written(*ads: Ad, name: str = "feed.ndjson") -> str:
    """The name of a feed of ads."""
    Path(name).write_text("".join(json.dumps(ad, ensure_ascii=False) + "\n" for ad in ads), "utf-8")
    return name


def read(name: str) -> list[Ad]:
    """The ads of a feed."""
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def names(ads: Sequence[Ad]) -> list[str]:
    """What ads call themselves."""
    return [ad["source_id"] for ad in ads]


def test_a_feed_goes_over_and_comes_back(run: Run) -> None:
    """Asked, answered, converted, and back byte for byte; every ad in the output or set aside, in order."""
    ads = [named(CAR, "1"), MOPED, KAYAK, named(CAR, "2")]
    feed = written(*ads)
    asked = run("convert", feed, "--to", "v4", "--questions", "questions.csv")
    assert (asked.exit_code, asked.stdout.count("field.asked")) == (1, 7)
    assert Path("questions.csv").read_bytes().startswith(b"\xef\xbb\xbfsource_id;ad;/category_fields/brand;")
    Path("answers.csv").write_text(ANSWERS, "utf-8")
    args = ["--answers", "answers.csv", "--receipts", "receipts.ndjson", "--rejects", "rejects.ndjson", "-o", "v4.ndjson"]
    done = run("convert", feed, *TO, *args)
    assert done.exit_code == 0
    assert "4 ads, 3 converted, 1 set aside: 1 error" in done.stderr
    assert names(read("v4.ndjson")) == ["1", "moped-017", "2"]
    assert read("rejects.ndjson") == [KAYAK]
    assert run("validate", "v4.ndjson").exit_code == 0
    back = run("convert", "v4.ndjson", "--back", "--receipts", "receipts.ndjson", "-o", "v3.ndjson")
    assert (back.exit_code, back.stdout) == (0, "")
    assert Path("v3.ndjson").read_text("utf-8") == "".join(
        json.dumps(ad, ensure_ascii=False) + "\n" for ad in ads if ad is not KAYAK
    )


def test_without_rejects_nothing_is_written_of_a_source_that_is_not_complete(run: Run) -> None:
    """Neither to a file nor to standard output; the ad is named, and the command ends with 1, whatever fails it."""
    feed = written(CAR, MOPED)
    for args in ([], ["-o", "v4.ndjson", "--receipts", "receipts.ndjson"], ["--fail-on", "never"]):
        done = run("convert", feed, *TO, *args)
        assert done.exit_code == 1
        assert '{"source_id"' not in done.stdout
        assert "feed.ndjson:2:" in done.stdout + done.stderr
        assert "A source with incomplete ads is not written." in done.stderr
    assert sorted(os.listdir()) == ["feed.ndjson"]
    assert "is not written" not in run("convert", feed, *TO, "--quiet").stderr


def test_standard_output_is_whole_as_well(run: Run) -> None:
    """The ads come out in their own layout, the report goes to standard error."""
    done = run("convert", *TO, stdin=json.dumps(CAR, indent=2) + "\n")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["category_id"] == "1020"
    assert done.stdout.count("\n") == json.dumps(CAR, indent=2).count("\n") + 1
    assert "note word.translated /category_id Changed from 1020" in done.stderr


def test_an_array_stays_one_though_ads_are_left_out(run: Run) -> None:
    """Wherever they stand in it: first, last, in the middle, or all of them."""
    for ads in ([KAYAK, CAR, CAR], [CAR, KAYAK, CAR], [CAR, CAR, KAYAK], [KAYAK], [CAR]):
        for indent in (None, 2):
            Path("ads.json").write_text(json.dumps(ads, indent=indent), "utf-8")
            assert run("convert", "ads.json", *TO, "-o", "out.json", "--rejects", "rejects.ndjson").exit_code == 0
            assert len(json.loads(Path("out.json").read_text("utf-8"))) == len([ad for ad in ads if ad is CAR])
            assert read("rejects.ndjson") == [ad for ad in ads if ad is KAYAK]


def test_what_cannot_be_read_is_set_aside_as_it_came(run: Run) -> None:
    """A broken line is in its place among the rejects; that it could not be read is told by the exit code."""
    Path("feed.ndjson").write_text(f'{{"broken\n{json.dumps(CAR)}\n[1]\n{{"broken\n', "utf-8")
    done = run("convert", "feed.ndjson", *TO, "--rejects", "rejects.ndjson", "-o", "v4.ndjson")
    assert done.exit_code == 3
    assert Path("rejects.ndjson").read_text("utf-8") == '{"broken\n[1]\n{"broken\n'
    assert names(read("v4.ndjson")) == ["moped-017"]
    assert "2 ads, 1 converted, 1 set aside: 3 errors" in done.stderr
    assert "2 inputs could not be read" in done.stderr


def test_files_are_converted_in_place_or_into_a_folder(run: Run) -> None:
    """Each whole or not at all; one with an ad that is not complete stays as it is."""
    for name, ad in (("a.json", CAR), ("b.json", MOPED)):
        Path(name).write_text(json.dumps(ad), "utf-8")
    assert run("convert", "a.json", "b.json", *TO, "-o", "out/", "--receipts", "receipts.ndjson").exit_code == 1
    assert os.listdir("out") == ["a.json"]
    assert [receipt["to"] for receipt in read("receipts.ndjson")] == ["v4/car"]
    assert run("convert", "a.json", "b.json", *TO, "-i").exit_code == 1
    assert json.loads(Path("a.json").read_text("utf-8"))["category_id"] == "1020"
    assert json.loads(Path("b.json").read_text("utf-8")) == MOPED
    again = run("convert", "a.json", *TO, "-i")
    assert (again.exit_code, "edition.already" in again.stdout) == (1, True)
    assert run("convert", "a.json", "--back", "--receipts", "receipts.ndjson", "-i").exit_code == 0
    assert json.loads(Path("a.json").read_text("utf-8")) == CAR


def test_gzipped_feeds_stay_gzipped(run: Run) -> None:
    """In place; and what is beside them is packed if its name says so."""
    Path("feed.ndjson.gz").write_bytes(gzip.compress(json.dumps(CAR).encode() + b"\n"))
    assert run("convert", "feed.ndjson.gz", *TO, "-i", "--receipts", "receipts.ndjson.gz").exit_code == 0
    assert json.loads(gzip.decompress(Path("feed.ndjson.gz").read_bytes()))["category_id"] == "1020"
    assert run("convert", "feed.ndjson.gz", "--back", "--receipts", "receipts.ndjson.gz", "-i").exit_code == 0
    assert json.loads(gzip.decompress(Path("feed.ndjson.gz").read_bytes())) == CAR


def test_a_diff_shows_what_changes_and_writes_nothing(run: Run) -> None:
    """Of what is not complete, nothing changes; what is set aside goes."""
    feed = written(CAR, MOPED)
    done = run("convert", feed, *TO, "--diff")
    assert done.exit_code == 1
    assert (done.stdout.count("\n-{"), done.stdout.count("\n+{")) == (1, 1)
    done = run("convert", feed, *TO, "--diff", "--rejects", "rejects.ndjson")
    assert (done.exit_code, done.stdout.count("\n-{"), done.stdout.count("\n+{")) == (0, 2, 1)
    assert sorted(os.listdir()) == ["feed.ndjson", "rejects.ndjson"]


def test_bringing_back_has_its_own_findings(run: Run) -> None:
    """A receipt for no ad, an ad without one, one that is damaged; shuffled ones are found."""
    feed = written(*(named(CAR, name) for name in "123"))
    assert run("convert", feed, *TO, "-o", "v4.ndjson", "--receipts", "receipts.ndjson").exit_code == 0
    receipts = Path("receipts.ndjson").read_text("utf-8").splitlines(keepends=True)
    Path("receipts.ndjson").write_text("".join(reversed(receipts)), "utf-8")
    assert run("convert", "v4.ndjson", "--back", "--receipts", "receipts.ndjson", "-o", "v3.ndjson").exit_code == 0
    assert Path("v3.ndjson").read_text("utf-8") == Path(feed).read_text("utf-8")
    Path("receipts.ndjson").write_text(
        receipts[0].replace('"is": 1', '"is": 2') + receipts[2].replace("1020", "1021") + "{\n", "utf-8"
    )
    done = run("convert", *["v4.ndjson", "--back", "--receipts", "receipts.ndjson", "--rejects", "rejects.ndjson"])
    assert done.exit_code == 1
    assert [line.split(": ")[1].split(" ")[:2] for line in done.stderr.splitlines()[:3]] == [
        ["error", "json.truncated"],
        ["error", "receipt.missing"],
        ["error", "receipt.damaged"],
    ]
    assert names(read("rejects.ndjson")) == ["2", "3"]
    Path("broken.ndjson").write_text("{\n", "utf-8")
    assert run("convert", "broken.ndjson", "--back", "--receipts", "receipts.ndjson").exit_code == 3
    Path("receipts.ndjson").write_text("".join(receipts), "utf-8")
    done = run("convert", written(*read("v4.ndjson")[:1], name="one.ndjson"), "--back", "--receipts", "receipts.ndjson")
    assert done.exit_code == 0
    assert done.stderr.count("warning receipt.unused") == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Say with --to which edition to convert to."),
        (["--to", "v5"], "There is no edition 'v5'"),
        (["--to", "v4", "--from", "v4"], "There is no mapping from v4 to v4. There are: v4 to v3, v3 to v4."),
        (["--to", "v4", "--category", "hovercraft"], "There is no category of v4 'hovercraft'"),
        (["--back"], "--back needs --receipts"),
        (["--back", "--receipts", "receipts", "--from", "v4"], "--back takes from the receipts what --from would say."),
        (["--back", "--receipts", "receipts", "--questions", "a"], "--back takes from the receipts what --questions would say."),
        (["--back", "--receipts", "none.ndjson"], "Cannot read none.ndjson: there is no such file."),
        (["--to", "v4", "--answers", "none.csv"], "Cannot read none.csv: No such file or directory."),
        (["--to", "v4", "--rejects", "feed.ndjson"], "feed.ndjson is one of the files that are read"),
        (
            ["--to", "v4", "--answers", "feed.ndjson", "--questions", "feed.ndjson"],
            "feed.ndjson is one of the files that are read",
        ),
        (["--to", "v4", "--rejects", "x", "--receipts", "./x"], "would be written twice; name a file for each."),
        (["--to", "v4", "--rejects", "x", "-o", "x"], "x would be written twice; name a file for each."),
        (["--to", "v4", "--rejects", "no/x"], "Cannot write to no/x: No such file or directory."),
        (["--to", "v4", "-i", "-o", "x"], "--in-place and --output exclude each other."),
        (["--to", "v4", "-i", "--price-unit", ""], "There is no unit of price ''"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(args: list[str], message: str, run: Run) -> None:
    """And nothing is written."""
    written(CAR)
    done = run("convert", "feed.ndjson", *args)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
    assert os.listdir() == ["feed.ndjson"]


def test_a_sheet_with_answers_is_not_written_over(run: Run) -> None:
    """Hours of typing are not lost by running the command again; one without is written anew."""
    feed = written(MOPED)
    for _ in range(2):
        assert run("convert", feed, "--to", "v4", "--questions", "questions.csv").exit_code == 1
    Path("questions.csv").write_text(ANSWERS, "utf-8")
    done = run("convert", feed, "--to", "v4", "--questions", "questions.csv")
    assert done.exit_code == 2
    assert "There are answers in questions.csv already" in done.stderr
    assert Path("questions.csv").read_text("utf-8") == ANSWERS


def test_what_is_left_to_ask_can_be_asked_again(run: Run) -> None:
    """With the answers there are, only what is still missing is in the new sheet."""
    feed = written(MOPED, named(MOPED, "2"))
    Path("answers.csv").write_text(ANSWERS.replace("bensin", "kol"), "utf-8")
    done = run("convert", feed, *TO, "--answers", "answers.csv", "--questions", "more.csv")
    assert done.exit_code == 1
    assert 'answers.csv:2:8: error answer.refused /category_fields/powertrain/fuels The answer "kol" was not used.' in done.stdout
    rows = Path("more.csv").read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("source_id;ad;/category_fields/powertrain/fuels;/category_fields/brand")
    assert rows[2].startswith("moped-017;Yamaha Aerox 2020;;-;-;")


def test_reports_tell_of_conversions(run: Run, catalogue: Catalogue) -> None:
    """Whether each ad is complete, and how many are; in the shape of the meta-schema."""
    feed = written(CAR, MOPED)
    done = run("convert", feed, *TO, "--format", "json", "--report", "report.json", "--rejects", "rejects.ndjson")
    report = json.loads(Path("report.json").read_text("utf-8"))
    metas = [catalogue.read(f"meta/{name}.json") for name in ("report", "catalogue")]
    registry: Registry[Any] = Registry().with_resources((meta["$id"], Resource.from_contents(meta)) for meta in metas)
    assert list(Draft202012Validator(metas[0], registry=registry).iter_errors(report)) == []
    assert [result["complete"] for result in report["results"]] == [True, False]
    assert [result["kind"] for result in report["results"]] == ["v4/car", "v4/moped"]
    assert (report["summary"]["converted"], report["summary"]["incomplete"]) == (1, 1)
    assert names([json.loads(line) for line in done.stdout.splitlines()]) == ["moped-017"]


def test_the_fields_of_contact_are_never_printed(run: Run) -> None:
    """Not in notes, not in warnings, not in JSON."""
    moped = {**MOPED, "contact": {"name": "Åsa Secret", "email": "secret@example.com", "phone": "070 123 45 67"}}
    for format_ in ("text", "json"):
        done = run("convert", written(moped), *TO, "--format", format_, "--questions", "questions.csv")
        assert "field.dropped" in done.stdout
        assert "ecret" not in done.stdout + done.stderr
        assert "123" not in done.stdout.replace("ABC123", "").replace("dealer-123", "")


def test_a_disc_that_is_full_leaves_nothing_half(run: Run) -> None:
    """The file that could not be written is told, what stood there stays."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    done = run("convert", written(CAR), *TO, "-o", "/dev/full")
    assert (done.exit_code, "file.unwritable" in done.stdout) == (3, True)


@pytest.mark.slow
def test_the_report_may_be_cut_off(in_empty_folder: Path) -> None:
    """What is written is written although nobody reads the report to its end."""
    written(*(named(MOPED, str(number)) for number in range(300)))
    command = f'"{sys.executable}" -m v4schema convert feed.ndjson --to v4 --questions questions.csv | head -n 1'
    subprocess.run(command, shell=True, check=True, capture_output=True, cwd=in_empty_folder)  # noqa: S602  (our own words)
    assert len(Path("questions.csv").read_text("utf-8-sig").splitlines()) == 302


def test_in_a_terminal_what_is_asked_is_readable(in_empty_folder: Path) -> None:
    """In 80 columns, with the place that it would stand in."""
    written(MOPED)
    printed = terminal("convert", "feed.ndjson", "--to", "v4", cwd=in_empty_folder)
    assert "/category_fields/brand" in printed
    assert "1 ad, 0 converted, 1 not complete" in printed


def test_running_it_twice_loses_nothing(run: Run) -> None:
    """Receipts, and what was set aside in place, are the only way back: they are not written over, and the ads stay."""
    feed = written(CAR, KAYAK)
    args = [feed, *TO, "-i", "--receipts", "receipts.ndjson", "--rejects", "rejects.ndjson"]
    assert run("convert", *args).exit_code == 0
    before = {name: Path(name).read_bytes() for name in os.listdir()}
    again = run("convert", *args)
    assert (again.exit_code, "There are receipts in receipts.ndjson already, which would be lost" in again.stderr) == (2, True)
    args = [feed, *TO, "-i", "--receipts", "more.ndjson", "--rejects", "rejects.ndjson"]
    again = run("convert", *args)
    assert (again.exit_code, "There are rejects in rejects.ndjson already" in again.stderr) == (2, True)
    assert {name: Path(name).read_bytes() for name in os.listdir()} == before
    again = run("convert", feed, *TO, "-i", "--rejects", "others.ndjson")
    assert (again.exit_code, "1 ad, 0 converted, 1 set aside" in again.stderr) == (0, True)
    assert Path(feed).read_bytes() == before[feed]
    assert run("convert", feed, *TO, "--diff", "--receipts", "more.ndjson").exit_code == 2


def test_nothing_takes_its_place_before_all_is_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that breaks off on the way leaves every file as it was, also those that were converted already."""
    for name in "abc":
        Path(f"{name}.json").write_text(json.dumps(named(CAR, name)), "utf-8")
    before = {name: Path(name).read_bytes() for name in os.listdir()}
    original = Result.text

    def breaks_off(result: Result) -> bytes:
        if result.identity == "c":
            raise SystemExit(130)
        return original(result)

    monkeypatch.setattr(Result, "text", breaks_off)
    assert run("convert", "a.json", "b.json", "c.json", *TO, "-i", "--receipts", "receipts.ndjson").exit_code == 130
    assert {name: Path(name).read_bytes() for name in os.listdir()} == before


def test_lists_grow_again_on_the_way_back(run: Run) -> None:
    """Pictures beyond the limit, and those that stood twice; in compact text and in lines."""
    pictures = [f"https://example.com/{number}.jpg" for number in range(25)]
    for number, urls in enumerate((pictures, [*pictures[:2], pictures[0]], pictures[:1] * 2)):
        for indent in (None, 2):
            ad = {**CAR, "image_urls": urls, "extra": {"e+": 1e16, "1e+4": {}}, "odd": 1e-9}
            Path("ad.json").write_text(json.dumps(ad, indent=indent), "utf-8")
            receipts = f"receipts-{number}-{indent}.ndjson"
            assert run("convert", "ad.json", *TO, "-o", "v4.json", "--receipts", receipts).exit_code == 0
            assert run("convert", "v4.json", "--back", "--receipts", receipts, "-o", "v3.json").exit_code == 0
            assert Path("v3.json").read_text("utf-8") == Path("ad.json").read_text("utf-8")


def test_ads_of_one_name_get_their_own_receipts(run: Run) -> None:
    """Two dealers may use the same identifiers, and lines may be gone: receipts are found by what the ads became."""
    ads = [{**CAR, "dealer_code": f"dealer-{number}", "title": f"Title {number}"} for number in range(3)]
    assert run("convert", written(*ads), *TO, "-o", "v4.ndjson", "--receipts", "receipts.ndjson").exit_code == 0
    written(*read("v4.ndjson")[:0:-1], name="v4.ndjson")
    done = run("convert", "v4.ndjson", "--back", "--receipts", "receipts.ndjson", "-o", "v3.ndjson")
    assert done.exit_code == 0
    assert read("v3.ndjson") == [ads[2], ads[1]]


def test_a_document_without_its_only_ad_is_not_written(run: Run) -> None:
    """Nor is a file emptied in place: what is set aside is still there."""
    Path("ad.json").write_text(json.dumps(KAYAK), "utf-8")
    assert run("convert", "ad.json", *TO, "-o", "v4.json", "--rejects", "rejects.ndjson").exit_code == 0
    assert not Path("v4.json").exists()
    assert read("rejects.ndjson") == [KAYAK]
    assert run("convert", "ad.json", *TO, "-i", "--rejects", "others.ndjson").exit_code == 0
    assert json.loads(Path("ad.json").read_text("utf-8")) == KAYAK
    assert run("convert", written(KAYAK), *TO, "-o", "v4.ndjson", "--rejects", "rejects.ndjson").exit_code == 0
    assert Path("v4.ndjson").read_bytes() == b""


def test_what_is_set_aside_is_no_failure(run: Run) -> None:
    """Not even of an unknown category; and what was wrong with an ad that is complete now is gone."""
    feed = written({**CAR, "category_id": 9999})
    assert run("convert", feed, *TO, "--rejects", "rejects.ndjson").exit_code == 0
    assert run("convert", feed, *TO).exit_code == 3
    assert run("convert", written({**CAR, "price": [{**CAR["price"][0], "amount": 34900.5}]}), *TO).exit_code == 0
    assert run("convert", written(CAR), "--to", "v4", "--fail-on", "warning").exit_code == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("questions.csv", ANSWERS.encode()),
        ("questions.csv", b"PK\x03\x04"),
        ("notes.csv", "Föhn;x\n".encode("latin-1")),
        ("notes.csv", b"my notes\n"),
    ],
)
def test_no_file_is_taken_for_an_empty_sheet(name: str, text: bytes, run: Run) -> None:
    """What is no sheet, or one that cannot be read, is somebody's work as well."""
    Path(name).write_bytes(text)
    done = run("convert", written(MOPED), "--to", "v4", "--questions", name)
    assert (done.exit_code, f"There are answers in {name} already" in " ".join(done.stderr.split())) == (2, True)
    assert Path(name).read_bytes() == text


def test_answers_that_cannot_be_read_stop_the_run(run: Run) -> None:
    """Before anything is written."""
    Path("answers.csv").write_bytes(b"PK\x03\x04")
    done = run("convert", written(MOPED), *TO, "--answers", "answers.csv", "-o", "v4.ndjson")
    assert (done.exit_code, "answers.csv: This is a workbook, not a CSV file." in done.stderr) == (2, True)
    assert not Path("v4.ndjson").exists()


def test_ads_that_no_sheet_can_ask_are_counted(run: Run) -> None:
    """Without an identifier, or with what no cell can hold missing."""
    nameless = {name: value for name, value in MOPED.items() if name != "source_id"}
    priceless = {name: value for name, value in CAR.items() if name != "price"}
    done = run("convert", written(nameless, priceless, MOPED), "--to", "v4", "--questions", "questions.csv")
    assert "2 incomplete ads are not in questions.csv" in done.stderr
    assert len(Path("questions.csv").read_text("utf-8-sig").splitlines()) == 3


def test_a_name_for_a_file_is_none_for_a_folder(run: Run) -> None:
    """Of several files."""
    for name in ("a.json", "b.json"):
        Path(name).write_text(json.dumps(CAR), "utf-8")
    assert "all.json is not a name for a folder" in run("convert", "a.json", "b.json", *TO, "-o", "all.json").stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("args", [TO, [*TO, "--rejects", "rejects.ndjson"]])
def test_standard_output_that_is_full_is_told(args: list[str], in_empty_folder: Path) -> None:
    """In a sentence, whether it is written at once or at the end."""
    feed = written(CAR)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "v4schema", "convert", feed, *args], check=False, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert b"Cannot write to standard output: No space left on device." in done.stderr
    assert os.listdir(in_empty_folder) == [feed]


def test_a_file_that_cannot_take_its_place_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all is written; what stood there stays, and nothing is left lying about."""
    feed = written(CAR)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    for args in (["convert", *TO], ["normalise", "--api", "v3", "--price-unit", "öre"]):
        done = run(*args, feed, "-i")
        assert (done.exit_code, "Cannot write to feed.ndjson: Permission denied." in done.stderr) == (3, True)
    assert read(feed) == [CAR]
    assert os.listdir() == [feed]


@pytest.mark.parametrize("args", [["-o", "new.ndjson"], ["-i"]])
def test_what_brings_ads_back_takes_its_place_before_them(run: Run, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """First receipts and what is set aside, then the ads: a run that is killed between leaves no ad without its way back."""
    feed = written(CAR, KAYAK)
    placed: list[str] = []

    def recorded(place: Callable[[str, str], None]) -> Callable[[str, str], None]:
        def recording(source: str, target: str) -> None:
            placed.append(os.path.basename(target))
            place(source, target)

        return recording

    for name in ("replace", "link"):
        monkeypatch.setattr(os, name, recorded(getattr(os, name)))
    assert run("convert", feed, *TO, *args, "--receipts", "receipts.ndjson", "--rejects", "aside.ndjson").exit_code == 0
    ads = "new.ndjson" if "-o" in args else feed
    assert [name for name in placed if name.endswith(".ndjson")] == ["receipts.ndjson", "aside.ndjson", ads]


def test_nobody_may_be_reading(in_empty_folder: Path) -> None:
    """Of ads that come out at the end."""
    feed = written(CAR)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "v4schema", "convert", feed, *TO, "-q"], check=False, stdout=writer)
    os.close(writer)
    assert done.returncode == 1
    assert os.listdir(in_empty_folder) == [feed]
