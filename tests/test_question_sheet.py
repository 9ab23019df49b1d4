"""Questions and answers as a table: what spreadsheets make of it, and how answers are read."""

import csv
import io
import json
import re
from typing import Any

import pytest
from ads import CAR, MOPED
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from json_strategies import CATALOGUE

from v4schema import convert, feed
from v4schema.feed import Result
from v4schema.feed.answer_sheet import AnswerSheet
from v4schema.feed.question_sheet import LABEL, LEGEND, SUGGESTIONS, QuestionSheet

HEAD = "source_id;brand;model;model_year;registration_number;mileage;transmission;fuels"
ROW = "moped-017;Yamaha;Aerox;2020;ABC123;1 540,5 mil;automat;bensin"


def ndjson(*ads: Any) -> bytes:  # noqa: ANN401
    """Return a feed of ads."""
    return b"".join(json.dumps(ad).encode() + b"\n" for ad in ads)


def converted(answers: str | bytes | None, *ads: Any) -> list[Result]:  # noqa: ANN401
    """Return the results of converting ads with a sheet of answers."""
    text = answers.encode() if isinstance(answers, str) else answers
    sheet = None if text is None else AnswerSheet(text, to="v4", name="questions.csv")
    return list(feed.convert([("feed.ndjson", ndjson(*ads))], to="v4", answers=sheet))


def remarks(results: list[Result]) -> list[tuple[str, int | None, int | None]]:
    """Return code, row and column of the findings about the sheet."""
    return [
        (finding.code, finding.line, finding.column)
        for result in results
        if result.is_side_file
        for finding in result.report.findings
    ]


def rows(*ads: Any) -> list[list[str]]:  # noqa: ANN401
    """Return the question sheet of ads, as a spreadsheet reads it."""
    with QuestionSheet(CATALOGUE) as sheet:
        for result in converted(None, *ads):
            assert result.conversion
            sheet.add(result.conversion)
        text = b"".join(sheet.lines()).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_a_sheet_has_a_row_for_each_ad_with_questions() -> None:
    """It has the identifier, a label and a cell for each field; a field without a question is marked."""
    trailer = {**MOPED, "source_id": "s-2", "category_id": 1045, "title": "=Släp; 750 kg"}
    head, legend, first, second = rows(MOPED, CAR, trailer)
    assert head[:2] == ["source_id", LABEL]
    assert head[-1] == SUGGESTIONS
    assert head[2:9] == [
        "/category_fields/brand",
        "/category_fields/model",
        "/category_fields/model_year",
        "/category_fields/registration_number",
        "/category_fields/condition/mileage",
        "/category_fields/powertrain/transmission",
        "/category_fields/powertrain/fuels",
    ]
    assert legend[0] == LEGEND
    assert legend[3].startswith("Optional for some. The model, at most 64 characters. For example aerox or ")
    assert legend[6] == (
        "The mileage of the vehicle, in km or in mil (1 mil is 10 km). Write the number with its unit, km or mil, "
        "for example 5000 km."
    )
    assert legend[7] == "The kind of gearbox. Write manual or automatic."
    assert first == ["moped-017", "Yamaha Aerox 2020", *[""] * 7, "-", "brand: Yamaha; model: Aerox; model_year: 2020"]
    assert second[:2] == ["s-2", "'=Släp; 750 kg"]
    assert second[2:10] == ["", "", "", "", "-", "-", "-", ""]


def test_the_legend_describes_a_column_for_every_category() -> None:
    """Descriptions that differ are listed one after the other."""
    head, legend, *_ = rows({**MOPED, "category_id": 1102}, {**MOPED, "category_id": 1101})
    assert legend[head.index("/category_fields/body_type")] == (
        "Optional for some. The kind of body, as a slug such as integrated, semi-integrated or alcove. For example integrated. / "
        "The kind of body, as a slug of at most 24 characters. For example caravan."
    )


def test_a_sheet_without_questions_has_only_its_header() -> None:
    """An old sheet is replaced, so that its questions are not taken for open ones."""
    assert rows(CAR) == [["source_id", LABEL, SUGGESTIONS], [LEGEND, "", ""]]


def test_a_label_is_one_short_line() -> None:
    """It is the beginning of the title; an ad without its identifier has no row."""
    first, second = rows({**MOPED, "title": "Fin\nmoped " * 30}, {**MOPED, "title": None, "body": 3})[2:]
    assert first[1] == ("Fin moped " * 30)[:79] + "…"
    assert second[1] == ""
    assert len(rows({name: value for name, value in MOPED.items() if name != "source_id"})) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROW}\n",
        f"\ufeff{HEAD}\r\n{ROW}\r\n",
        f"sep=;\n{HEAD}\n\n{ROW}\n;;;\n",
        f"{HEAD}\n{LEGEND};Write;this;;;;;\n{ROW};;;\n",
        f"ad;{HEAD}\nMoped;;;;\n{LABEL};{ROW}\n",
        f"{HEAD};{SUGGESTIONS}\n{ROW};brand: Honda\n",
        f"{HEAD}\n{ROW}\n".replace(";", "\t"),
        f"{HEAD}\n{ROW}\n".replace("1 540,5 mil", '"1 540,5 mil"').replace(";", ","),
        f"{HEAD}\n{ROW}\n".replace("brand", "Märke").replace("fuels", "bränsle"),
        f"ad;{HEAD}\nMoped;{ROW}\n".replace("model_year", "/category_fields/model_year").replace("source_id", "Source ID"),
        '"' + HEAD.replace(";", '";"') + '"\n"' + ROW.replace(";", '";"') + '"\n',
    ],
)
def test_answers_are_read_as_spreadsheets_write_them(text: str) -> None:
    """Delimiters, byte-order marks, line ends and quotes vary; columns may be names, and the legend may be missing."""
    results = converted(text, MOPED)
    assert remarks(results) == []
    assert [result.complete for result in results] == [True]
    fields: Any = results[0].report.ad
    assert fields["category_fields"]["condition"]["mileage"] == {"unit": "km", "value": 15405}


def test_findings_about_a_sheet_have_row_and_column() -> None:
    """They are about refused values, unknown columns and unknown ads."""
    text = f"{HEAD};colour of hope\nmoped-017;Yamaha;Aerox;20x0;ABC123;1540;automat;bensin;x\n\nmoped-18;Honda;;;;;;;\n"
    results = converted(text, MOPED)
    assert remarks(results) == [
        ("answer.refused", 2, 4),
        ("answer.refused", 2, 6),
        ("answer.unknown_column", 1, 9),
        ("answer.unknown_ad", 4, 1),
    ]
    assert [result.reading.source for result in results] == [
        "questions.csv",
        "questions.csv",
        "feed.ndjson",
        "questions.csv",
        "questions.csv",
    ]
    assert [finding.code for finding in results[2].report.errors] == ["field.asked", "field.asked"]


def test_a_changed_identifier_gets_a_hint() -> None:
    """Zeros are missing or a letter is wrong; a misspelt column gets a hint as well."""
    text = "source_id;/category_fields/brnd;model\n17;Yamaha;\n17;;Aerox\nmopde-18;;Aerox\n"
    results = converted(text, {**MOPED, "source_id": "0017"}, {**MOPED, "source_id": "moped-18"})
    hints = [str(finding.hint) for result in results if result.is_side_file for finding in result.report.findings]
    assert [hint.partition("?")[0] for hint in hints] == [
        "Did you mean /category_fields/brand",
        "Did you mean 0017",
        "Did you mean moped-18",
    ]


def test_rows_of_one_identifier_go_to_its_ads_in_order() -> None:
    """If two ads share one row, the second gets no answers, and a finding says why."""
    other = ROW.replace("Yamaha", "Honda")
    results = converted(f"{HEAD}\n{ROW}\n{other}\n", MOPED, MOPED)
    ads: list[Any] = [result.report.ad for result in results]
    assert [ad["category_fields"]["brand"] for ad in ads] == ["yamaha", "honda"]
    first, second = converted(f"{HEAD}\n{ROW}\n", MOPED, MOPED)
    assert (first.complete, second.complete) == (True, False)
    assert second.report.errors[-1].code == "answer.shared"


def test_a_row_goes_to_the_ad_that_it_was_written_for() -> None:
    """Of several ads with one identifier, it is the one with the label of the row, and never one without questions."""
    other = {**MOPED, "title": "Honda Vision"}
    text = f"ad;{HEAD}\nHonda Vision;{ROW.replace('Yamaha', 'Honda')}\n{MOPED['title']};{ROW}\n"
    ads: list[Any] = [result.report.ad for result in converted(text, {**CAR, "source_id": "moped-017"}, MOPED, other)]
    assert [ad["category_fields"]["brand"] for ad in ads] == ["volvo", "yamaha", "honda"]


def test_unused_rows_are_findings() -> None:
    """They are a second row for an ad, and one for an ad without questions."""
    results = converted(f"{HEAD}\n{ROW}\n{ROW}\n1;Saab;;;;;;\n", MOPED, {**CAR, "source_id": "1"})
    assert remarks(results) == [("answer.unknown_ad", 3, 1), ("answer.unknown_ad", 4, 1)]
    messages = [finding.message for result in results if result.is_side_file for finding in result.report.findings]
    assert messages[0] == 'The ad "moped-017" has an earlier row, or no open question, so this row was not used.'


def test_lists_of_choices_and_of_texts_have_their_separators() -> None:
    """A comma separates choices, but may be part of a text."""
    done = convert(MOPED, to="v4", answers={"/category_fields/equipment": "Skärm 2,5 tum; Box | Lås"})
    assert done.ad["category_fields"]["equipment"] == ["Skärm 2,5 tum", "Box", "Lås"]
    done = convert(MOPED, to="v4", answers={"/category_fields/powertrain/fuels": "bensin/el"})
    assert done.ad["category_fields"]["powertrain"]["fuels"] == ["gasoline", "electric"]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"{HEAD};märke\n{ROW};Honda\n".encode(), (1, 1), "Two columns are for /category_fields/brand."),
        (b"", (1, 1), "The table is empty."),
        (b"\n\n", (1, 1), "The table is empty."),
        (b"PK\x03\x04rest", (1, 1), "This is a workbook, not a CSV file."),
        (b"brand;model\nYamaha;Aerox\n", (1, 1), "The column source_id is missing."),
        (f"{HEAD}\nmoped-017;F\xf6hn\n".encode("latin-1"), (1, 1), "This is not UTF-8."),
        (f"{HEAD}\n".encode("utf-16"), (1, 1), "This is not UTF-8."),
        (f"{HEAD}\n{ROW};more\n".encode(), (2, 1), "This line has 9 cells, but there are 8 columns."),
        (f"{HEAD}\n;Yamaha\n".encode(), (2, 1), "This line has no source_id."),
        (f'{HEAD}\nmoped-017;"Yamaha" x\n'.encode(), (2, 1), "This line is not part of a table"),
    ],
)
def test_a_sheet_that_is_no_table_is_a_finding(text: bytes, place: tuple[int, int], message: str) -> None:
    """The message says why, and no answer is used."""
    results = converted(text, MOPED)
    found = [finding for result in results if result.is_side_file for finding in result.report.findings]
    assert [(finding.code, finding.line, finding.column) for finding in found] == [("answer.malformed", *place)]
    assert message in found[0].message
    assert sum(result.complete for result in results if not result.is_side_file) == (message.startswith("Two columns"))


@given(text=st.binary(max_size=60) | st.text("\"';,\n\tsource_idbrand1", max_size=60).map(str.encode))
def test_any_bytes_get_a_result(text: bytes) -> None:
    """Nothing raises."""
    assert len([result for result in converted(text, MOPED) if not result.is_side_file]) == 1


@pytest.mark.slow
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
        | st.sampled_from(["=1+1", "-", "'a", "'=b", "+46", "@c", "007"]),
        min_size=1,
        max_size=4,
    ),
    title=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
)
def test_a_filled_in_sheet_answers_its_ads(names: list[str], title: str) -> None:
    """Each row finds its ad by any identifier."""
    ads = [{**MOPED, "source_id": name, "title": title} for name in names]
    head, legend, *lines = rows(*ads)
    answered = [[*line[:2], "Yamaha", "Aerox", "2020", "ABC123", "5 km", "automat", "bensin", line[-1]] for line in lines]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([head, legend, *answered])
    results = converted(text.getvalue(), *ads)
    named = [name for name in names if name.strip()]
    assert sum(result.complete for result in results if not result.is_side_file) == len(named)


#: Signs that begin a formula in some spreadsheet, and characters at which programs split cells.
SIGNS, SPLITS = "=+-@\uff1d\uff0b\uff0d\uff20\u2212", ",;|\t\r\n"
#: Texts of signs, of characters that are ignored before them, of those that split cells, and of the guard against formulas.
ODD = st.text(st.sampled_from([*SIGNS, *SPLITS, *"'\"# a1.:\u00a0\u200b\ufeff\u202e\x00"]), max_size=12)


def table(*ads: dict[str, Any]) -> str:
    """Return the text of the question sheet of ads."""
    with QuestionSheet(CATALOGUE) as sheet:
        for ad in ads:
            sheet.add(convert(ad, to="v4"))
        return b"".join(sheet.lines()).decode("utf-8-sig")


@examples(50)
@example("1;=", "")
@given(ODD, ODD)
def test_no_part_of_a_cell_is_a_formula(name: str, title: str) -> None:
    """Programs split cells at commas, semicolons, tabs, pipes or line ends, and ignore quotes, spaces or invisible characters."""
    _, _, *lines = table({**MOPED, "source_id": name, "title": title}).split("\r\n")
    for cell in re.split(f"[{SPLITS}]", "\r\n".join(lines)):
        bare = "".join(each for each in cell if each.isprintable() and each not in '" \u00a0')
        assert bare[:1] not in SIGNS or bare in {"", "-"}


@examples(40)
@example(["1;=", "-1", "1"], "")
@given(st.lists(ODD | st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=3, unique_by=str.strip), ODD)
def test_any_identifier_is_read_back_from_its_cell(names: list[str], title: str) -> None:
    """Each row finds the ad that it was written for."""
    ads = [{**MOPED, "source_id": name, "title": title} for name in names if name.strip()]
    text = table(*ads)
    head, legend, *rows_ = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    filled = [[*row[:2], *(cell or f"Yamaha {number}" for cell in row[2:])] for number, row in enumerate(rows_)]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";").writerows([head, legend, *filled])
    answers = AnswerSheet(written.getvalue().encode(), to="v4")
    assert [*filter(None, map(answers.take, ads))] != [] or not ads
    answers = AnswerSheet(written.getvalue().encode(), to="v4")
    for number, ad in enumerate(ads):
        row = answers.take(ad)
        assert row is not None
        assert row.name == ad["source_id"].strip()
        assert row.answers["/category_fields/brand"] == f"Yamaha {number}"
    assert not [*answers.remaining()]


@pytest.mark.parametrize("name", ["# what to answer", "legend"])
@pytest.mark.parametrize("title", ["# what to answer", "Yamaha"])
def test_an_ad_named_like_the_legend_is_answered(name: str, title: str) -> None:
    """The legend is the second line, or, in a sorted sheet, the line without a label."""
    ad = {**MOPED, "source_id": name, "title": title}
    head, legend, row = csv.reader(io.StringIO(table(ad), newline=""), delimiter=";")
    row = [*row[:2], *(cell or "Yamaha" for cell in row[2:])]
    for lines in ([head, legend, row], [head, row, legend], [head, legend, [row[0].removeprefix("'"), *row[1:]]]):
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";").writerows(lines)
        answers = AnswerSheet(text.getvalue().encode(), to="v4")
        row_ = answers.take(ad)
        assert row_ is not None
        assert row_.answers["/category_fields/brand"] == "Yamaha"
        assert not [*answers.remaining()]


def test_an_identifier_that_a_spreadsheet_would_change_is_marked() -> None:
    """It has leading zeros, an exponent, a date or many digits; short whole numbers and words are not marked."""
    for name in ("007", "1E5", "2020-01", "1/2", "12.50", "1,5", "123456789012", "3-dörrars"):
        assert table({**MOPED, "source_id": name}).split("\r\n")[2].split(";")[0].strip('"') == f"'{name}"
    for name in ("0", "17", "12345678901", "moped-017", "YA 1"):
        assert table({**MOPED, "source_id": name}).split("\r\n")[2].split(";")[0] == name


def test_a_plate_in_a_title_is_no_suggestion_in_a_sheet() -> None:
    """Nor is a part of it, or of a telephone number, a suggestion for another field."""
    (*_, row) = rows({**MOPED, "title": "Yamaha 0701234567 ABC 12D 2020"})
    assert row[-1] == "brand: Yamaha; model_year: 2020"
