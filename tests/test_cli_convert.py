"""The command `v4schema convert`: no ad is lost, no file is half written, and ads can be converted back."""

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
    """Return an ad with another identifier."""
    return {**ad, "source_id": name}


def written(*ads: Ad, name: str = "feed.ndjson") -> str:
    """Write a feed of ads and return its name."""
    Path(name).write_text("".join(json.dumps(ad, ensure_ascii=False) + "\n" for ad in ads), "utf-8")
    return name


def read(name: str) -> list[Ad]:
    """Return the ads of a feed."""
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def names(ads: Sequence[Ad]) -> list[str]:
    """Return the identifiers of ads."""
    return [ad["source_id"] for ad in ads]


def test_a_feed_is_converted_and_converted_back(run: Run) -> None:
    """Questions, answers, conversion and reversion: byte for byte, with each ad in the output or set aside, in order."""
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


def test_without_rejects_an_incomplete_source_is_not_written(run: Run) -> None:
    """Neither a file nor standard output gets any of it; the ad is named, and the exit code is 1."""
    feed = written(CAR, MOPED)
    for args in ([], ["-o", "v4.ndjson", "--receipts", "receipts.ndjson"], ["--fail-on", "never"]):
        done = run("convert", feed, *TO, *args)
        assert done.exit_code == 1
        assert '{"source_id"' not in done.stdout
        assert "feed.ndjson:2:" in done.stdout + done.stderr
        assert "A source with incomplete ads is not written." in done.stderr
    assert sorted(os.listdir()) == ["feed.ndjson"]
    assert "is not written" not in run("convert", feed, *TO, "--quiet").stderr


def test_standard_output_gets_whole_documents(run: Run) -> None:
    """The ads keep their layout, and the report goes to standard error."""
    done = run("convert", *TO, stdin=json.dumps(CAR, indent=2) + "\n")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["category_id"] == "1020"
    assert done.stdout.count("\n") == json.dumps(CAR, indent=2).count("\n") + 1
    assert "note word.translated /category_id Changed from 1020" in done.stderr


def test_an_array_without_its_rejected_ads_is_valid(run: Run) -> None:
    """The first, the last, a middle one, or all of its ads may be left out."""
    for ads in ([KAYAK, CAR, CAR], [CAR, KAYAK, CAR], [CAR, CAR, KAYAK], [KAYAK], [CAR]):
        for indent in (None, 2):
            Path("ads.json").write_text(json.dumps(ads, indent=indent), "utf-8")
            assert run("convert", "ads.json", *TO, "-o", "out.json", "--rejects", "rejects.ndjson").exit_code == 0
            assert len(json.loads(Path("out.json").read_text("utf-8"))) == len([ad for ad in ads if ad is CAR])
            assert read("rejects.ndjson") == [ad for ad in ads if ad is KAYAK]


def test_unreadable_lines_are_set_aside_unchanged(run: Run) -> None:
    """A broken line keeps its place among the rejects; the exit code says that it could not be read."""
    Path("feed.ndjson").write_text(f'{{"broken\n{json.dumps(CAR)}\n[1]\n{{"broken\n', "utf-8")
    done = run("convert", "feed.ndjson", *TO, "--rejects", "rejects.ndjson", "-o", "v4.ndjson")
    assert done.exit_code == 3
    assert Path("rejects.ndjson").read_text("utf-8") == '{"broken\n[1]\n{"broken\n'
    assert names(read("v4.ndjson")) == ["moped-017"]
    assert "2 ads, 1 converted, 1 set aside: 3 errors" in done.stderr
    assert "2 inputs could not be read" in done.stderr


def test_files_are_converted_in_place_or_into_a_folder(run: Run) -> None:
    """A file is converted whole or not at all; a file with an incomplete ad stays as it is."""
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
    """They do so in place; receipts and rejects are gzipped if their names end in .gz."""
    Path("feed.ndjson.gz").write_bytes(gzip.compress(json.dumps(CAR).encode() + b"\n"))
    assert run("convert", "feed.ndjson.gz", *TO, "-i", "--receipts", "receipts.ndjson.gz").exit_code == 0
    assert json.loads(gzip.decompress(Path("feed.ndjson.gz").read_bytes()))["category_id"] == "1020"
    assert run("convert", "feed.ndjson.gz", "--back", "--receipts", "receipts.ndjson.gz", "-i").exit_code == 0
    assert json.loads(gzip.decompress(Path("feed.ndjson.gz").read_bytes())) == CAR


def test_a_diff_shows_what_changes_and_writes_nothing(run: Run) -> None:
    """An incomplete ad has no change, and a rejected one is shown as removed."""
    feed = written(CAR, MOPED)
    done = run("convert", feed, *TO, "--diff")
    assert done.exit_code == 1
    assert (done.stdout.count("\n-{"), done.stdout.count("\n+{")) == (1, 1)
    done = run("convert", feed, *TO, "--diff", "--rejects", "rejects.ndjson")
    assert (done.exit_code, done.stdout.count("\n-{"), done.stdout.count("\n+{")) == (0, 2, 1)
    assert sorted(os.listdir()) == ["feed.ndjson", "rejects.ndjson"]


def test_reverting_has_its_own_findings(run: Run) -> None:
    """A receipt may have no ad, an ad no receipt, a receipt may be damaged; the order of receipts does not matter."""
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
        (["--to", "v5"], "Unknown edition 'v5'"),
        (["--to", "v4", "--from", "v4"], "No mapping leads from v4 to v4. Known: v4 to v3, v3 to v4."),
        (["--to", "v4", "--category", "hovercraft"], "Unknown category 'hovercraft' of v4"),
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
        (["--to", "v4", "-i", "--price-unit", ""], "Unknown unit '' of price"),
    ],
)
def test_contradictory_options_are_wrong_usage(args: list[str], message: str, run: Run) -> None:
    """Nothing is written then."""
    written(CAR)
    done = run("convert", "feed.ndjson", *args)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
    assert os.listdir() == ["feed.ndjson"]


def test_a_sheet_with_answers_is_not_overwritten(run: Run) -> None:
    """Answers are not lost when the command is repeated; a sheet without answers is written anew."""
    feed = written(MOPED)
    for _ in range(2):
        assert run("convert", feed, "--to", "v4", "--questions", "questions.csv").exit_code == 1
    Path("questions.csv").write_text(ANSWERS, "utf-8")
    done = run("convert", feed, "--to", "v4", "--questions", "questions.csv")
    assert done.exit_code == 2
    assert "There are answers in questions.csv already" in done.stderr
    assert Path("questions.csv").read_text("utf-8") == ANSWERS


def test_a_new_sheet_asks_only_open_questions(run: Run) -> None:
    """With the answers so far, the new sheet contains only the questions that are still open."""
    feed = written(MOPED, named(MOPED, "2"))
    Path("answers.csv").write_text(ANSWERS.replace("bensin", "kol"), "utf-8")
    done = run("convert", feed, *TO, "--answers", "answers.csv", "--questions", "more.csv")
    assert done.exit_code == 1
    assert 'answers.csv:2:8: error answer.refused /category_fields/powertrain/fuels The answer "kol" was not used.' in done.stdout
    rows = Path("more.csv").read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("source_id;ad;/category_fields/powertrain/fuels;/category_fields/brand")
    assert rows[2].startswith("moped-017;Yamaha Aerox 2020;;-;-;")


def test_reports_describe_conversions(run: Run, catalogue: Catalogue) -> None:
    """They say whether each ad is complete and how many are, and match the meta-schema."""
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


def test_contact_fields_are_never_printed(run: Run) -> None:
    """They are not in notes, warnings or JSON."""
    moped = {**MOPED, "contact": {"name": "Åsa Secret", "email": "secret@example.com", "phone": "070 123 45 67"}}
    for format_ in ("text", "json"):
        done = run("convert", written(moped), *TO, "--format", format_, "--questions", "questions.csv")
        assert "field.dropped" in done.stdout
        assert "ecret" not in done.stdout + done.stderr
        assert "123" not in done.stdout.replace("ABC123", "").replace("dealer-123", "")


def test_a_full_disc_leaves_no_partial_file(run: Run) -> None:
    """A message names the file that could not be written, and the old file stays."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    done = run("convert", written(CAR), *TO, "-o", "/dev/full")
    assert (done.exit_code, "file.unwritable" in done.stdout) == (3, True)


@pytest.mark.slow
def test_files_are_written_although_the_report_is_cut_off(in_empty_folder: Path) -> None:
    """All files are written although nobody reads the report to its end."""
    written(*(named(MOPED, str(number)) for number in range(300)))
    command = f'"{sys.executable}" -m v4schema convert feed.ndjson --to v4 --questions questions.csv | head -n 1'
    subprocess.run(command, shell=True, check=True, capture_output=True, cwd=in_empty_folder)  # noqa: S602  (our own words)
    assert len(Path("questions.csv").read_text("utf-8-sig").splitlines()) == 302


def test_questions_are_readable_in_a_terminal(in_empty_folder: Path) -> None:
    """They fit 80 columns and name the place of the missing value."""
    written(MOPED)
    printed = terminal("convert", "feed.ndjson", "--to", "v4", cwd=in_empty_folder)
    assert "/category_fields/brand" in printed
    assert "1 ad, 0 converted, 1 not complete" in printed


def test_repeating_the_command_loses_nothing(run: Run) -> None:
    """Receipts, and ads set aside in place, are needed to convert back: a second run does not overwrite them."""
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


def test_no_file_is_replaced_before_all_are_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted run leaves every file as it was, also the files that it had converted already."""
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


def test_reverting_restores_items_of_lists(run: Run) -> None:
    """Pictures beyond the limit and repeated pictures come back, in compact and in indented text."""
    pictures = [f"https://example.com/{number}.jpg" for number in range(25)]
    for number, urls in enumerate((pictures, [*pictures[:2], pictures[0]], pictures[:1] * 2)):
        for indent in (None, 2):
            ad = {**CAR, "image_urls": urls, "extra": {"e+": 1e16, "1e+4": {}}, "odd": 1e-9}
            Path("ad.json").write_text(json.dumps(ad, indent=indent), "utf-8")
            receipts = f"receipts-{number}-{indent}.ndjson"
            assert run("convert", "ad.json", *TO, "-o", "v4.json", "--receipts", receipts).exit_code == 0
            assert run("convert", "v4.json", "--back", "--receipts", receipts, "-o", "v3.json").exit_code == 0
            assert Path("v3.json").read_text("utf-8") == Path("ad.json").read_text("utf-8")


def test_ads_with_one_identifier_get_their_own_receipts(run: Run) -> None:
    """Two dealers may use one identifier, and lines may be missing: a receipt is found by the ad that it belongs to."""
    ads = [{**CAR, "dealer_code": f"dealer-{number}", "title": f"Title {number}"} for number in range(3)]
    assert run("convert", written(*ads), *TO, "-o", "v4.ndjson", "--receipts", "receipts.ndjson").exit_code == 0
    written(*read("v4.ndjson")[:0:-1], name="v4.ndjson")
    done = run("convert", "v4.ndjson", "--back", "--receipts", "receipts.ndjson", "-o", "v3.ndjson")
    assert done.exit_code == 0
    assert read("v3.ndjson") == [ads[2], ads[1]]


def test_a_document_without_its_only_ad_is_not_written(run: Run) -> None:
    """Nor is a file emptied in place if its only ad is set aside."""
    Path("ad.json").write_text(json.dumps(KAYAK), "utf-8")
    assert run("convert", "ad.json", *TO, "-o", "v4.json", "--rejects", "rejects.ndjson").exit_code == 0
    assert not Path("v4.json").exists()
    assert read("rejects.ndjson") == [KAYAK]
    assert run("convert", "ad.json", *TO, "-i", "--rejects", "others.ndjson").exit_code == 0
    assert json.loads(Path("ad.json").read_text("utf-8")) == KAYAK
    assert run("convert", written(KAYAK), *TO, "-o", "v4.ndjson", "--rejects", "rejects.ndjson").exit_code == 0
    assert Path("v4.ndjson").read_bytes() == b""


def test_rejected_ads_do_not_fail_the_run(run: Run) -> None:
    """They may have an unknown category; errors of the old ad do not count if the new ad is complete."""
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
def test_no_other_file_is_taken_for_an_empty_sheet(name: str, text: bytes, run: Run) -> None:
    """A file that is no sheet, or cannot be read, is not overwritten either."""
    Path(name).write_bytes(text)
    done = run("convert", written(MOPED), "--to", "v4", "--questions", name)
    assert (done.exit_code, f"There are answers in {name} already" in " ".join(done.stderr.split())) == (2, True)
    assert Path(name).read_bytes() == text


def test_unreadable_answers_stop_the_run(run: Run) -> None:
    """The run stops before anything is written."""
    Path("answers.csv").write_bytes(b"PK\x03\x04")
    done = run("convert", written(MOPED), *TO, "--answers", "answers.csv", "-o", "v4.ndjson")
    assert (done.exit_code, "answers.csv: This is a workbook, not a CSV file." in done.stderr) == (2, True)
    assert not Path("v4.ndjson").exists()


def test_ads_without_a_row_in_the_sheet_are_counted(run: Run) -> None:
    """They have no identifier, or lack a value that no cell can contain."""
    nameless = {name: value for name, value in MOPED.items() if name != "source_id"}
    priceless = {name: value for name, value in CAR.items() if name != "price"}
    done = run("convert", written(nameless, priceless, MOPED), "--to", "v4", "--questions", "questions.csv")
    assert "2 incomplete ads are not in questions.csv" in done.stderr
    assert len(Path("questions.csv").read_text("utf-8-sig").splitlines()) == 3


def test_several_files_need_an_output_folder(run: Run) -> None:
    """The name of a file is refused as the folder for several files."""
    for name in ("a.json", "b.json"):
        Path(name).write_text(json.dumps(CAR), "utf-8")
    assert "all.json is not a name for a folder" in run("convert", "a.json", "b.json", *TO, "-o", "all.json").stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("args", [TO, [*TO, "--rejects", "rejects.ndjson"]])
def test_a_full_standard_output_is_reported(args: list[str], in_empty_folder: Path) -> None:
    """The message is one sentence, whether output is written at once or at the end."""
    feed = written(CAR)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "v4schema", "convert", feed, *args], check=False, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert b"Cannot write to standard output: No space left on device." in done.stderr
    assert os.listdir(in_empty_folder) == [feed]


def test_a_file_that_cannot_be_replaced_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, and no temporary file is left."""
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
def test_receipts_and_rejects_are_written_before_the_ads(run: Run, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """A run that is killed in between leaves no converted ad without its receipt."""
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


def test_a_closed_standard_output_ends_the_run_with_1(in_empty_folder: Path) -> None:
    """The ads are written at the end of the run, when their reader may be gone."""
    feed = written(CAR)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "v4schema", "convert", feed, *TO, "-q"], check=False, stdout=writer)
    os.close(writer)
    assert done.returncode == 1
    assert os.listdir(in_empty_folder) == [feed]
