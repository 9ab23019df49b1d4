"""The public strategies. They take the arguments of `v4schema.validate`, and draw from the flat schemas of the kinds chosen."""

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
from v4schema.openapi.description import described_editions, source
from v4schema.strategies.feeds_and_requests import Feed, HttpRequest, endpoints, feed_files, requests_to, token_schemas
from v4schema.strategies.kind_strategies import KindStrategies, accepted_ads
from v4schema.strategies.near_miss import NearMiss, near_misses_among
from v4schema.strategies.respellings import Respelling, respelled_ads

Ad = dict[str, Any]


def ads(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    clean: bool = False,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[Ad]:
    """Ads in which `v4schema.validate` finds no errors; with `clean`, no warnings either.

    The arguments are those of `v4schema.validate`: an edition (default: the catalogue's), a category (default: any that has a
    schema) and an operation. Every field that may be sent is drawn, and every branch of every condition. Raises
    `v4schema.errors.UnknownName` for an unknown edition, category or operation.

    >>> from hypothesis import find
    >>> find(ads(category="hunting", operation="update"), lambda ad: "price" in ad)
    {'price': [{'type': 'list', 'amount': 3500000, 'currency': 'SEK'}]}
    """
    candidates = _candidates(version, category, operation, catalogue)
    return st.one_of(*(accepted_ads(each, clean=clean) for each in candidates))


def near_misses(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    only: Callable[[Assertion], bool] | None = None,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[NearMiss]:
    """Ads that violate exactly one assertion of their schema, each with the finding that has to be reported.

    The arguments are those of `ads`; `only` chooses assertions by their `v4schema.dialect.assertions.Assertion`. All other
    assertions hold, those of warnings too, so that an ad has this finding and else only notes. Assertions whose failure is always
    covered by another finding are left out. Raises `v4schema.errors.UnknownName` for an unknown edition, category or operation.

    >>> from hypothesis import Phase, find, settings
    >>> misses = near_misses(category="hunting", operation="update", only=lambda assertion: assertion.keyword == "minItems")
    >>> miss = find(misses, lambda _: True, settings=settings(phases=[Phase.generate]))
    >>> miss.ad, miss.finding.at, miss.finding.code
    ({'price': []}, '/price', 'schema.minItems')
    """
    candidates = _candidates(version, category, operation, catalogue)
    if only is not None:
        candidates = [each for each in candidates if any(map(only, each.assertions))]
    return near_misses_among(candidates, only) if candidates else st.nothing()


def respelled(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[Respelling]:
    """Valid ads as an integrator might spell them, each with the ad that `v4schema.normalise` has to make of it.

    Units, spaces, commas, words, single values instead of lists, repeated items and names of fields differ. The arguments are
    those of `ads`. Raises `v4schema.errors.UnknownName` for an unknown edition, category or operation.
    """
    return st.one_of(*map(respelled_ads, _candidates(version, category, operation, catalogue)))


def feeds(
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    *,
    of: SearchStrategy[Ad] | None = None,
    max_ads: int = 4,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[Feed]:
    """Files of one to `max_ads` ads, as JSON or as JSON lines, compressed or not.

    By default, the ads are those of `ads`, which gets the other arguments. With `of`, they are drawn from another strategy, such
    as ``near_misses(…).map(lambda miss: miss.ad)``. Raises `v4schema.errors.UnknownName` for an unknown edition, category or
    operation.
    """
    return feed_files(ads(version, category, operation, catalogue=catalogue) if of is None else of, max_ads)


def http_requests(
    version: str | None = None,
    category: str | int | None = None,
    operation: str | None = None,
    *,
    catalogue: Catalogue | None = None,
) -> SearchStrategy[HttpRequest]:
    """Valid requests to the API: to any endpoint, or to those that take an ad for `operation`.

    Their bodies are drawn from `ads`, which gets the arguments. Raises `v4schema.errors.UnknownName` for an unknown edition,
    category or operation, and `v4schema.errors.NoDescription` for an edition without an OpenAPI description.
    """
    catalogue = catalogue or catalogues.default()
    edition = catalogue.edition(version)
    if edition.openapi is None:
        raise NoDescription(edition.name, described_editions(catalogue))
    description = source(catalogue, edition.openapi)
    chosen = [endpoint for endpoint in endpoints(description) if operation in {None, endpoint.operation}]
    if not chosen:
        known = [endpoint.operation for endpoint in endpoints(description) if endpoint.operation]
        raise UnknownName(f"operation of a request to {edition.name}", operation, dict.fromkeys(known))
    sampler = _candidates(version, category, next(iter(edition.operations)), catalogue)[0].sampler
    tokens = {name: sampler.accepted_by(schema) for name, schema in token_schemas(description).items()}
    bodies = {
        each: None if each is None else ads(version, category, each, catalogue=catalogue)
        for each in {endpoint.operation for endpoint in chosen}
    }
    return st.one_of(
        *(requests_to(catalogue, description, endpoint, bodies[endpoint.operation], tokens, sampler.texts) for endpoint in chosen)
    )


def _candidates(
    version: str | None, category: str | int | None, operation: str, catalogue: Catalogue | None
) -> Sequence[KindStrategies]:
    """Return the strategies of each kind that the arguments allow."""
    catalogue = catalogue or catalogues.default()
    catalogue.operation(version, operation)
    categories = catalogue.edition(version).categories.values()
    slugs = [each.slug for each in categories if each.schema] if category is None else [category]
    return [_kind_strategies(catalogue, catalogue.kind(version, slug), operation) for slug in slugs]


@lru_cache(maxsize=512)
def _kind_strategies(catalogue: Catalogue, kind: Kind, operation: str) -> KindStrategies:
    return KindStrategies(catalogue=catalogue, kind=kind, operation=operation)
