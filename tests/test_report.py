"""Findings and reports as values."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

import v4schema
from v4schema import Finding, InvalidAd, Kind, Level, Report, errors
from v4schema.document.pointer import exists, parse, write
from v4schema.spelling import is_near, nearest


def error(at: str, message: str = "No.") -> Finding:
    """An error at a place."""
    return Finding(code="schema.type", at=at, message=message)


def test_a_report_is_valid_without_errors() -> None:
    """Warnings and notes do not make an ad invalid."""
    report = Report(
        kind=Kind(version="v4"),
        findings=(
            Finding(code="a.b", at="", message="x", level=Level.WARNING),
            Finding(code="a.c", at="", message="x", level=Level.NOTE),
        ),
    )
    assert report.valid
    assert (len(report.errors), len(report.warnings), len(report.notes)) == (0, 1, 1)
    assert report.api() == {}
    report.raise_for_errors()


def test_the_exception_lists_all_errors_and_has_the_report() -> None:
    """Its text is for a log: it has places and messages."""
    report = Report(findings=(error("/a", "This field is required."), error("", "No ad.")))
    with pytest.raises(InvalidAd, match=r"/a: This field is required\.\n/: No ad\.") as caught:
        report.raise_for_errors()
    assert caught.value.report is report
    assert isinstance(caught.value, errors.V4SchemaError)


@pytest.mark.parametrize(
    ("at", "body"),
    [
        (["/category_fields/brand"], {"category_fields": {"brand": ["No."]}}),
        (["/price/1/type"], {"price": [{}, {"type": ["No."]}]}),
        (["/price/0/type", "/price/2/amount"], {"price": [{"type": ["No."]}, {}, {"amount": ["No."]}]}),
        (["/fuels/1"], {"fuels": {"1": ["No."]}}),
        (["/price/0", "/price/1/type"], {"price": {"0": ["No."], "1": {"type": ["No."]}}}),
        ([""], ["No."]),
        (["", "/a"], {"non_field_errors": ["No."], "a": ["No."]}),
        (["/a", "/a/b"], {"a": {"non_field_errors": ["No."], "b": ["No."]}}),
        ([], {}),
    ],
)
def test_the_body_of_the_api_is_nested_as_the_ad(at: list[str], body: object) -> None:
    """It is that of Django REST framework: lists of objects as lists, other items by index, the whole as a bare list."""
    assert Report(findings=tuple(map(error, at))).api() == body


def test_findings_and_reports_are_frozen_values() -> None:
    """Equal ones compare equal, and none can be changed."""
    assert error("/a") == error("/a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        error("/a").at = "/b"  # type: ignore[misc]


def test_levels_are_ordered_by_gravity() -> None:
    """The most severe one has the lowest rank."""
    assert sorted([Level.NOTE, Level.ERROR, Level.WARNING], key=lambda level: level.rank) == list(Level)


@given(tokens=st.lists(st.text(max_size=4), max_size=4))
def test_parsing_a_pointer_reverses_writing_it(tokens: list[str]) -> None:
    """RFC 6901: ~ and / are escaped, and nothing is lost."""
    assert parse(write(tokens)) == tuple(tokens)


def test_a_pointer_to_nothing_has_no_target() -> None:
    """Names in lists and indexes in objects are no places."""
    assert not exists({"a": [1]}, ("a", "b"))
    assert not exists({"a": 3}, ("a", "0"))
    assert exists({"a": [1]}, ("a", "0"))


@given(name=st.text("abcdefgh", min_size=4, max_size=8), data=st.data())
def test_one_misspelt_letter_is_near_and_two_are_not(name: str, data: st.DataObject) -> None:
    """A letter is missing, added, replaced or swapped; nearness is mutual."""
    index = data.draw(st.integers(0, len(name) - 1))
    misspellings = [
        name[:index] + name[index + 1 :],
        name[:index] + "z" + name[index:],
        name[:index] + "z" + name[index + 1 :],
        name[:index] + name[index : index + 2][::-1] + name[index + 2 :],
    ]
    for misspelling in misspellings:
        assert is_near(name, misspelling)
        assert is_near(misspelling, name)
    assert not is_near(name, "zz" + name)
    assert not is_near(name, "yz" + name[2:])
    assert not is_near("brand", "brxyd")


def test_the_nearest_of_several_is_the_one_that_differs_least() -> None:
    """Case and word breaks count less than letters."""
    assert nearest("Model_Year", ["modelyears", "model_year"]) == "model_year"
    assert nearest("qqq", ["model_year"]) is None
    assert nearest("v5", ["v3", "v4"]) is None
    assert nearest("V4", ["v3", "v4"]) == "v4"


def test_public_names_exist() -> None:
    """Each name of `__all__` can be imported, others are refused, and `dir` lists them."""
    for name in v4schema.__all__:
        assert getattr(v4schema, name) is not None
    assert set(v4schema.__all__) <= set(dir(v4schema))
    with pytest.raises(AttributeError, match="nonsense"):
        v4schema.nonsense  # noqa: B018
