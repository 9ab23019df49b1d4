"""Normalising: what is mended, what is left, and the laws that hold for both."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strategies import ANY_JSON, HELD, KINDS, RESPELLINGS, ads, respell, same

from v4schema import normalise, validate
from v4schema.steps import STEPS

Ad = dict[str, Any]


@given(data=st.data())
def test_normalising_twice_is_normalising_once(data: st.DataObject) -> None:
    """Idempotent, for ads in any spelling and for any JSON among them."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = respell(data.draw, kind, data.draw(ads(kind)))
    ad |= data.draw(st.dictionaries(st.sampled_from([*HELD.names, *ad]), ANY_JSON, max_size=2))
    once = normalise(ad, version=kind.version)
    twice = normalise(once.ad, version=kind.version)
    assert not twice.changed, [finding.says for finding in twice.changes]
    assert twice.ad is once.ad


@given(data=st.data())
def test_a_valid_ad_stays_valid_and_means_the_same(data: st.DataObject) -> None:
    """No error comes in, no quantity changes, and nothing is converted but to the wanted unit."""
    kind = data.draw(st.sampled_from(KINDS))
    ad = data.draw(ads(kind))
    assert validate(ad, version=kind.version).valid
    before = copy.deepcopy(ad)
    done = normalise(ad, version=kind.version)
    assert ad == before
    assert done.kind == kind
    report = validate(done.ad, version=kind.version)
    assert report.valid, report.errors


@given(data=st.data())
def test_every_respelling_is_undone(data: st.DataObject) -> None:
    """Units, spaces, commas, words, lone values, repeated items, wrong names: what comes out is what was there before."""
    kind = data.draw(st.sampled_from(KINDS))
    ad: Any = normalise(data.draw(ads(kind)), version=kind.version).ad
    respelt = respell(data.draw, kind, ad)
    done = normalise(respelt, version=kind.version)
    assert same(done.ad, ad), (respelt, done.ad)


def test_every_step_has_its_respelling() -> None:
    """No step goes untried."""
    assert RESPELLINGS.keys() == STEPS.keys()


@given(ad=ANY_JSON, operation=st.sampled_from(["create", "update", "response"]), category=st.none() | st.just("moped"))
def test_any_json_gets_an_answer(ad: object, operation: str, category: str | None) -> None:
    """Normalising never raises, and what is no ad comes out as it was."""
    done = normalise(ad, operation=operation, category=category)
    assert isinstance(ad, dict) or done.ad is ad
    assert done.changed == bool(done.changes)
