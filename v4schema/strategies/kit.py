"""The strategies of the kit: each takes the words of `v4schema.validate`, and draws from the flat schemas that these mean."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue
from v4schema.dialect.assertions import Assertion
from v4schema.errors import NoDescription, UnknownName
from v4schema.findings.report import Kind
from v4schema.openapi.description import described_editions
from v4schema.strategies.feeds_and_requests import Feed, HttpRequest, endpoints, looks, sent, written
from v4schema.strategies.kind_strategies import KindStrategies, taken
from v4schema.strategies.near_miss import NearMiss, missed
from v4schema.strategies.respellings import Respelling, respelt

Ad = dict[str, Any]


def ads(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    clean: bool = False,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[Ad]:
    """Ads in which `v4schema.validate` finds no error; with `clean`, nothing to warn of either.

    The words are those of `v4schema.validate`: an edition (default: the catalogue's), a category (default: any that is described)
    and an operation. Every field that may be sent is drawn, and every branch of every condition. Raises
    `v4schema.errors.UnknownName` when a word names nothing.

    >>> from hypothesis import find
    >>> find(ads(category="moped", operation="update"), lambda ad: "price" in ad)
    {'price': [{'type': 'list', 'amount': 3500000, 'currency': 'SEK'}]}
    """
    among = _grounds(version, category, operation, catalogue)
    return st.one_of(*(taken(ground, clean=clean) for ground in among))


def near_misses(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    only: Callable[[Assertion], bool] | None = None,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[NearMiss]:
    """Ads that break exactly one rule of their schema, each with the finding that has to be reported of it.

    The words are those of `ads`; `only` chooses among the rules by what `v4schema.dialect.assertions.Assertion` tells of them.
    All other rules hold, those that warn too, so that the finding is the only one that is no note. A rule that another one
    always speaks for is left out. Raises `v4schema.errors.UnknownName` when a word names nothing.

    >>> from hypothesis import find
    >>> misses = near_misses(category="moped", operation="update", only=lambda rule: rule.keyword == "minItems")
    >>> miss = find(misses, lambda _: True)
    >>> miss.ad, miss.finding.at, miss.finding.code
    ({'price': []}, '/price', 'schema.minItems')
    """
    among = _grounds(version, category, operation, catalogue)
    if only is not None:
        among = [ground for ground in among if any(map(only, ground.assertions))]
    return missed(among, only) if among else st.nothing()


def respelled(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[Respelling]:
    """Valid ads as an integrator might spell them, each with the normalised ad that `v4schema.normalise` has to make of it.

    Units, spaces, commas, words, lone values, repeated items and wrong names differ. The words are those of `ads`. Raises
    `v4schema.errors.UnknownName` when one names nothing.
    """
    return st.one_of(*map(respelt, _grounds(version, category, operation, catalogue)))


def feeds(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    of: SearchStrategy[Ad] | None = None,
    most: int = 4,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[Feed]:
    """Files of one to `most` ads, as JSON, as lines, compressed or not; by default of `ads`, to which the words go.

    With `of`, of other ads: `near_misses(…).map(lambda miss: miss.ad)`. Raises `v4schema.errors.UnknownName` when a word names
    nothing.
    """
    return written(ads(version, category, operation, catalogue=catalogue) if of is None else of, most)


def http_requests(
    version: str | None = None,
    category: str | int | None = None,
    operation: str | None = None,
    *,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[HttpRequest]:
    """Requests to the API in which nothing is wrong: any that is described, or those that an `operation` is asked by.

    What they send are `ads`, to which the words go. Raises `v4schema.errors.UnknownName` when a word names nothing, and
    `v4schema.errors.NoDescription` for an edition without an OpenAPI description.
    """
    held = catalogue or catalogues.default()
    edition = held.edition(version)
    if edition.openapi is None:
        raise NoDescription(edition.name, described_editions(held))
    description = held.read(edition.openapi)
    among = [errand for errand in endpoints(description) if operation in {None, errand.operation}]
    if not among:
        asked = [errand.operation for errand in endpoints(description) if errand.operation]
        raise UnknownName(f"operation of a request to {edition.name}", operation, dict.fromkeys(asked))
    sampler = _grounds(version, category, next(iter(edition.operations)), catalogue)[0].sampler
    tokens = {name: sampler.taking(look) for name, look in looks(description).items()}
    bodies = {
        each: None if each is None else ads(version, category, each, catalogue=catalogue)
        for each in {errand.operation for errand in among}
    }
    return st.one_of(*(sent(held, description, errand, bodies[errand.operation], tokens, sampler.texts) for errand in among))


def _grounds(
    version: str | None, category: str | int | None, operation: str, catalogue: Catalogue | None
) -> Sequence[KindStrategies]:
    """Return what is drawn from."""
    held = catalogue or catalogues.default()
    held.operation(version, operation)
    edition = held.edition(version)
    described_editions = [each.slug for each in edition.categories.values() if each.schema] if category is None else [category]
    return [_ground(held, held.kind(version, each), operation) for each in described_editions]


@lru_cache(maxsize=512)
def _ground(catalogue: Catalogue, kind: Kind, operation: str) -> KindStrategies:
    return KindStrategies(catalogue=catalogue, kind=kind, operation=operation)
