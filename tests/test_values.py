"""Results are values: they can be compared, copied, pickled, and sent through a pool of processes."""

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ads import CAR, MOPED

import v4schema
from v4schema import convert, migrate, normalise, preflight, validate
from v4schema.catalogue import Catalogue, default

Ad = dict[str, Any]

MESSY: Ad = {
    "source_id": " 17 ",
    "category_id": "Moped",
    "year": "2020",
    "Year": 2021,
    "price": [{"type": "list", "amount": "34 900 kr"}],
    "image_urls": "https://example.com/1.jpg",
    "category_fields": {"hk": 3, "gearbox": "automat", "regnr": "abc 123"},
}
#: Functions that return a result, by name.
WORK: dict[str, Callable[[], Any]] = {
    "validate": partial(validate, MESSY),
    "preflight": partial(preflight, MESSY, mileage_unit="mil"),
    "normalise": partial(normalise, MESSY, price_unit="kr"),
    "normalise what no schema knows": partial(normalise, [1, {"x": 2.5}]),
    "convert": partial(convert, MOPED, to="v4", answers={"/category_fields/brand": "Yamaha", "/nowhere": 1}),
    "convert a car": partial(convert, CAR, to="v4", price_unit="kr"),
    "migrate": partial(migrate, {**MESSY, "category_id": 1121}, to="v4"),
    "convert what has no counterpart": partial(convert, {"category_id": 1041}, to="v4"),
    "convert what is no ad": partial(convert, 3, to="v4"),
    "restore without a receipt": partial(convert, CAR, to="v3", receipt={}),
}


def contents(result: Any) -> dict[str, Any]:  # noqa: ANN401  (any result)
    """Return the public attributes of a result."""
    names = ("ad", "kind", "findings", "changed", "complete", "questions", "optional_questions", "receipt", "valid", "errors")
    return {name: getattr(result, name) for name in names if hasattr(result, name)}


@pytest.mark.parametrize("copied", [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy])  # noqa: S301  (our own)
@pytest.mark.parametrize("name", WORK)
def test_a_copy_has_the_same_contents(name: str, copied: Callable[[Any], Any]) -> None:
    """The result may or may not have created its messages before it is copied."""
    fresh = WORK[name]()
    asked = WORK[name]()
    expected = contents(asked)
    assert contents(copied(fresh)) == expected
    assert contents(copied(asked)) == expected
    assert copied(fresh) == fresh == asked
    assert len({copied(fresh), fresh}) == 1


def test_results_of_other_ads_differ() -> None:
    """Results are compared by their values."""
    results = [work() for work in WORK.values()]
    assert all((one == other) is (one is other) for one in results for other in results if type(one) is type(other))


@pytest.mark.slow
@pytest.mark.parametrize("name", WORK)
def test_results_can_be_sent_between_processes(name: str, pool: ProcessPoolExecutor) -> None:
    """Results of either process have the same findings in the other one."""
    here = WORK[name]()
    assert contents(pool.submit(WORK[name]).result()) == contents(here)
    assert pool.submit(contents, WORK[name]()).result() == contents(here)


@pytest.fixture(scope="module")
def pool() -> Any:  # noqa: ANN401  (a pool)
    """A pool of one process, which shares nothing with this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def test_a_conversion_can_be_reverted_in_another_process() -> None:
    """Its receipt restores the given ad."""
    done = convert(MOPED, to="v4")
    assert v4schema.revert(pickle.loads(pickle.dumps(done))) == MOPED  # noqa: S301  (our own)


def test_catalogues_are_pickled_by_their_folder(schemas: Path) -> None:
    """Files that were read are not pickled, and all results of one catalogue share it afterwards."""
    assert pickle.loads(pickle.dumps(default())) is default()  # noqa: S301  (our own)
    catalogue = Catalogue(schemas, lists={"brands": ["volvo"]})
    again = pickle.loads(pickle.dumps(catalogue))  # noqa: S301  (our own)
    assert len(pickle.dumps(catalogue)) < 500
    report = validate({**CAR, "category_fields": {"brand": "saab"}}, catalogue=catalogue, version="v3")
    assert report == validate({**CAR, "category_fields": {"brand": "saab"}}, catalogue=again, version="v3")
    assert "value.unlisted" in {finding.code for finding in report.findings}
