"""Preflight: one report about one ad, and the ad to send."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_strategies import CATALOGUE, KINDS, ads, respell, same

from v4schema import Level, Report, errors, feed, normalise, preflight, validate
from v4schema.document.pointer import exists, resolve

Ad = dict[str, Any]


@pytest.mark.parametrize("how", [str, Path, lambda path: path.read_bytes(), lambda path: io.BytesIO(path.read_bytes())])
def test_a_messy_ad_becomes_ready_to_send(how: Callable[[Path], Any], checkout: Path) -> None:
    """The ad is a path, bytes or a stream: the report is valid, its notes list the changes, and the new ad has no findings."""
    report = preflight(how(checkout / "examples" / "messy-moped.json"))
    assert report.valid
    assert str(report.kind) == "v4/moped"
    assert len(report.notes) == 27
    assert validate(report.ad).findings == ()


def test_a_parsed_ad_is_accepted(clean: Ad) -> None:
    """A clean ad is returned as it is."""
    report = preflight(clean)
    assert report.ad is clean
    assert report.findings == ()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"{", "json.truncated"),
        (b'[{"visible": true}, {}]', "file.several"),
        ("nowhere.json", "file.missing"),
        (b"", "json.empty"),
    ],
)
def test_input_that_is_not_one_ad_has_a_report_without_an_ad(source: bytes | str, code: str) -> None:
    """It is unreadable, or has more than one ad."""
    report = preflight(source)
    assert [finding.code for finding in report.errors] == [code]
    assert report.ad is None
    assert not report.valid


@pytest.mark.parametrize("value", [3, None, [{}], True])
def test_a_parsed_value_that_is_no_ad_is_a_finding(value: object) -> None:
    """`validate` has the same finding."""
    assert [finding.code for finding in preflight(value).errors] == ["ad.not_object"]


def test_notes_about_reading_come_first(clean: Ad) -> None:
    """A byte-order mark is a note."""
    report = preflight(b"\xef\xbb\xbf" + json.dumps(clean).encode())
    assert [finding.code for finding in report.findings] == ["json.byte_order_mark"]
    assert report.ad == clean


def test_places_are_those_of_the_given_ad() -> None:
    """It is so for findings about a value that was moved or read, or comes after a dropped one."""
    report = preflight(
        {
            "category_id": "car",
            "images": ["https://a.se/1.jpg", "https://a.se/1.jpg", "http://a.se/2.jpg"],
            "miltal": "199 999 mil",
            "fuel": "vete",
            "year": "1800",
        }
    )
    found = {(finding.code, finding.at, finding.to) for finding in report.findings if finding.level is not Level.NOTE}
    assert ("schema.pattern", "/images/2", "/image_urls/1") in found
    assert ("mileage.implausible", "/miltal", "/category_fields/condition/mileage/value") in found
    assert ("schema.enum", "/fuel", "/category_fields/powertrain/fuels/0") in found
    assert ("schema.minimum", "/year", "/category_fields/model_year") in found
    assert ("schema.required", "/category_fields/brand", None) in found


def test_a_place_has_one_finding(clean: Ad) -> None:
    """If the normaliser says why it left a value alone, the validator adds no finding."""
    clean["price"][0]["amount"] = "3.500"
    clean["category_fields"] |= {"year": 2019}
    report = preflight(clean)
    assert [(finding.code, finding.at) for finding in report.findings] == [
        ("number.ambiguous", "/price/0/amount"),
        ("field.misnamed", "/category_fields/year"),
    ]


@given(data=st.data())
def test_the_findings_are_those_of_the_ad_to_send(data: st.DataObject) -> None:
    """Preflight is normalise, then validate: the same ad, the same findings, with places in the given ad."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    report = preflight(ad, version=kind.version)
    done = normalise(ad, version=kind.version)
    assert same(report.ad, done.ad)
    assert report.valid
    checked = validate(done.ad, version=kind.version)
    assert sorted(finding.code for finding in report.warnings) == sorted(finding.code for finding in checked.warnings)
    for finding in report.findings:
        assert exists(ad, resolve(ad, finding.at)[:-1])


@given(data=st.data())
def test_fixable_findings_are_gone_after_normalising(data: st.DataObject) -> None:
    """Findings that are not marked as `fixable` remain."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    ad |= data.draw(
        st.dictionaries(st.sampled_from([*ad, "visible", "price", "body"]), st.integers() | st.just("ja"), max_size=2)
    )
    text = json.dumps(ad).encode()
    (checked,) = feed.check([("ad.json", text)], version=kind.version)
    (prepared,) = feed.prepare([("ad.json", text)], version=kind.version)
    left = {finding.at for finding in prepared.report.errors}
    for finding in checked.report.errors:
        assert finding.fixable == (finding.at not in left), finding


def test_many_ads_are_prepared_in_order() -> None:
    """Each has its report and its ad; an input that cannot be read has a result as well."""
    results = list(feed.prepare([("feed.ndjson", b'{"visible": "ja"}\n{\n{"visible": true}\n')], operation="update"))
    assert [result.report.ad for result in results] == [{"visible": True}, None, {"visible": True}]
    assert [result.changed for result in results] == [True, False, False]
    summary = feed.Summary()
    list(summary.counted(results))
    assert (summary.ads, summary.changed, summary.unreadable) == (2, 1, 1)


def test_unknown_settings_raise_before_anything_is_read() -> None:
    """A unit or a setting does not exist."""
    with pytest.raises(errors.UnknownName, match="Unknown setting 'prise_unit'"):
        feed.prepare([("nowhere", b"")], prise_unit="kr")
    with pytest.raises(errors.UnknownName, match="Unknown unit"):
        preflight({}, price_unit="dollar")


def test_the_repr_of_a_report_does_not_contain_the_ad() -> None:
    """An ad contains private values."""
    assert "secret" not in repr(Report(ad={"contact": "secret"}))
    assert hash(Report(ad={})) == hash(Report())


def test_the_callers_category_applies_to_both_steps(clean: Ad) -> None:
    """A partial ad has its category from the caller."""
    report = preflight({"category_fields": {"fuel": "Bensin"}}, category="moped", operation="update")
    assert report.ad == {"category_fields": {"powertrain": {"fuels": ["gasoline"]}}}
    assert report.valid
    assert CATALOGUE.edition().name == "v4"
    assert preflight(clean, version="v3", mileage="mil").ad["category_id"] == 1121  # type: ignore[index]
