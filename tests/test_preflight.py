"""Preflight: one answer about one ad, and the ad to send."""

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
def test_the_messy_ad_is_ready_to_send_wherever_it_comes_from(how: Callable[[Path], Any], checkout: Path) -> None:
    """A path, bytes, a stream: the report is valid, its notes tell the changes, and the ad has nothing wrong with it."""
    report = preflight(how(checkout / "examples" / "messy-moped.json"))
    assert report.valid
    assert str(report.kind) == "v4/moped"
    assert len(report.notes) == 27
    assert validate(report.ad).findings == ()


def test_an_ad_that_is_parsed_already_is_taken_as_well(clean: Ad) -> None:
    """And comes back as it is, where nothing is to be done."""
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
def test_what_is_not_one_ad_has_a_report_without_one(source: bytes | str, code: str) -> None:
    """Not readable, or more than one."""
    report = preflight(source)
    assert [finding.code for finding in report.errors] == [code]
    assert report.ad is None
    assert not report.valid


@pytest.mark.parametrize("value", [3, None, [{}], True])
def test_what_is_parsed_and_no_ad_is_a_finding(value: object) -> None:
    """As it is for `validate`."""
    assert [finding.code for finding in preflight(value).errors] == ["ad.not_object"]


def test_what_was_tolerated_in_reading_is_told_first(clean: Ad) -> None:
    """A byte-order mark is a note."""
    report = preflight(b"\xef\xbb\xbf" + json.dumps(clean).encode())
    assert [finding.code for finding in report.findings] == ["json.byte_order_mark"]
    assert report.ad == clean


def test_places_are_those_of_the_given_ad() -> None:
    """Also of what is wrong with a value that was moved, read or stands behind one that was dropped."""
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


def test_one_place_is_told_of_once(clean: Ad) -> None:
    """Where the normaliser says why it left a value alone, the validator does not say that it is wrong."""
    clean["price"][0]["amount"] = "3.500"
    clean["category_fields"] |= {"year": 2019}
    report = preflight(clean)
    assert [(finding.code, finding.at) for finding in report.findings] == [
        ("number.ambiguous", "/price/0/amount"),
        ("field.misnamed", "/category_fields/year"),
    ]


@given(data=st.data())
def test_the_findings_are_those_of_the_ad_to_send(data: st.DataObject) -> None:
    """Preflight is normalise, then validate: the same ad, the same verdict, and every place in the ad that was given."""
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
def test_what_is_said_to_be_mendable_is_gone_after_normalising(data: st.DataObject) -> None:
    """`fixable` tells the truth, both ways: what is marked is gone, what is not is still there."""
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
    """Each with its report and its ad; what cannot be read is a result as well."""
    results = list(feed.prepare([("feed.ndjson", b'{"visible": "ja"}\n{\n{"visible": true}\n')], operation="update"))
    assert [result.report.ad for result in results] == [{"visible": True}, None, {"visible": True}]
    assert [result.changed for result in results] == [True, False, False]
    summary = feed.Summary()
    list(summary.counted(results))
    assert (summary.ads, summary.changed, summary.unreadable) == (2, 1, 1)


def test_the_callers_own_wrong_words_are_exceptions_before_anything_is_read() -> None:
    """A unit or a setting that there is not."""
    with pytest.raises(errors.UnknownName, match="There is no setting 'prise_unit'"):
        feed.prepare([("nowhere", b"")], prise_unit="kr")
    with pytest.raises(errors.UnknownName, match="There is no unit"):
        preflight({}, price_unit="dollar")


def test_reports_keep_the_ad_out_of_what_is_printed() -> None:
    """An ad holds what is private."""
    assert "secret" not in repr(Report(ad={"contact": "secret"}))
    assert hash(Report(ad={})) == hash(Report())


def test_a_category_of_the_callers_choice_holds_for_both(clean: Ad) -> None:
    """A partial ad has its category from the caller."""
    report = preflight({"category_fields": {"fuel": "Bensin"}}, category="moped", operation="update")
    assert report.ad == {"category_fields": {"powertrain": {"fuels": ["gasoline"]}}}
    assert report.valid
    assert CATALOGUE.edition().name == "v4"
    assert preflight(clean, version="v3", mileage="mil").ad["category_id"] == 1121  # type: ignore[index]
