"""Strategies for one kind of ad: ads that its flat schema accepts, and ads that violate one of its assertions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from v4schema.catalogue import Catalogue
from v4schema.dialect.assertions import Assertion, AssertionId, assertions
from v4schema.dialect.fields import Schema, errors_only, is_sendable
from v4schema.document import pointer
from v4schema.findings.report import Kind, Level
from v4schema.strategies.domains import EVERYTHING, Domain, Enumeration, Objects, UnknownMember
from v4schema.strategies.narrowing import Domains, Narrower
from v4schema.strategies.sampling import Sampler
from v4schema.validation.diagnosis import Diagnoser

Ad = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """How one assertion can fail: the values that fail it, and the assertions whose failure is always reported with it."""

    assertion: Assertion
    domains: Domains
    accompanying: tuple[Assertion, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class KindStrategies:
    """The strategies for a kind of ad and an operation."""

    catalogue: Catalogue
    kind: Kind
    operation: str

    @cached_property
    def schema(self) -> Schema:
        """The flat schema."""
        return self.catalogue.schema(self.kind, self.operation)

    @cached_property
    def assertions(self) -> Sequence[Assertion]:
        """Every assertion of the schema."""
        return [*assertions(self.schema)]

    @cached_property
    def diagnoser(self) -> Diagnoser:
        """Turns failures of the schema into findings."""
        return Diagnoser(catalogue=self.catalogue, kind=self.kind, operation=self.operation, schema=self.schema)

    @cached_property
    def _narrow(self) -> Narrower:
        return Narrower()

    @cached_property
    def sampler(self) -> Sampler:
        """Makes strategies from domains and schemas."""
        samples = self.catalogue.read("samples.json")
        return Sampler(texts=samples["texts"], letters=samples["letters"], names=samples["names"], narrow=self._narrow)

    @cached_property
    def clean_ads(self) -> SearchStrategy[Ad]:
        """Ads without errors and warnings."""
        return self.sampler.accepted_by(self.schema)

    @cached_property
    def valid_ads(self) -> SearchStrategy[Ad]:
        """Ads without errors."""
        return self.sampler.accepted_by(errors_only(_sendable(self.schema)))

    @cached_property
    def violations(self) -> Mapping[AssertionId, Violation]:
        """How each assertion can fail so that this is reported; without those that are always covered by another."""
        found = {each.id: self._violation(each) for each in self.assertions}
        return {assertion_id: violation for assertion_id, violation in found.items() if violation is not None}

    def _violation(self, broken: Assertion) -> Violation | None:
        """Return how an assertion can fail: alone if possible, else with weaker ones, else with those that forbid its field."""
        weaker = [each for each in self.assertions if _is_covered(each, by=broken)]
        forbidding = [each for each in self._forbidding if each.at == broken.at[: len(each.at)] and each is not broken]
        for without, reported in ((), ()), (weaker, ()), ([*weaker, *forbidding], forbidding):
            domains = [] if any(_is_covered(broken, by=each) for each in reported) else self._failing(broken, without)
            if domains:
                accompanying = tuple(each for each in reported if each not in weaker)
                return Violation(assertion=broken, domains=domains, accompanying=accompanying)
        return None

    @cached_property
    def _forbidding(self) -> Sequence[Assertion]:
        """The assertions that forbid a field altogether."""
        return [each for each in self.assertions if each.keyword == "not" and self._subschema(each)["not"] == {}]

    def _subschema(self, assertion: Assertion) -> Any:  # noqa: ANN401  (a part of a schema)
        return pointer.get(self.schema, assertion.keyword_at[:-1])

    def _failing(self, broken: Assertion, without: Sequence[Assertion]) -> Domains:
        """Return the values that fail one assertion; those in `without` may fail too."""
        found = [*self._narrow.failing_only(self.schema, broken, without=without, fail=partial(self._reported, broken))]
        for name, wrong_names in self._wrong_names(broken).items():
            requiring = [each for each in self.assertions if each.at == broken.at and each.name == name]
            fail = partial(self._misnamed, name, wrong_names)
            found += self._narrow.failing_only(self.schema, broken, without=[*without, *requiring], fail=fail)
        return found

    def _reported(self, broken: Assertion, domains: Iterable[Domain], schema: Schema) -> Domains:
        """Return the values that fail an assertion and are reported: a null that the API has returned is not."""
        failing = self._narrow.failing(broken, domains, schema)
        return [each for each in failing if each != Enumeration(values=(None,))] if self._is_response else failing

    @property
    def _is_response(self) -> bool:
        return self.catalogue.operation(self.kind.version, self.operation).is_response

    def _wrong_names(self, broken: Assertion) -> Mapping[str, tuple[str, ...]]:
        """Return the wrong names of each field of an object that takes no other members, by the right name."""
        if broken.keyword != "additionalProperties" or self._is_response:
            return {}
        properties = self._subschema(broken)["properties"]
        names = {
            name: [name.upper()] for name, node in properties.items() if is_sendable(node) and name.upper() not in properties
        }
        for wrong, right in self.catalogue.names.items():
            if right.at[:-1] == broken.at and right.at[-1] in names and right.unit is None and wrong not in properties:
                names[right.at[-1]].append(wrong)
        return {name: tuple(wrong_names) for name, wrong_names in names.items()}

    def _misnamed(self, name: str, wrong_names: tuple[str, ...], domains: Iterable[Domain], schema: Schema) -> Domains:
        """Return the objects that have a field under a wrong name."""
        unknown_member = UnknownMember(names=wrong_names, values=self._narrow(EVERYTHING, schema["properties"][name]))
        objects = [each for each in domains if isinstance(each, Objects)]
        return [replace(lacking, unknown_member=unknown_member) for each in objects for lacking in each.without_member(name)]


def _sendable(node: Schema) -> Schema:
    """Return a flat schema without the fields that are described only to warn of them."""
    kept = dict(node)
    if "properties" in node:
        kept["properties"] = {name: _sendable(below) for name, below in node["properties"].items() if is_sendable(below)}
    if "items" in node:
        kept["items"] = _sendable(node["items"])
    return kept


def _is_covered(assertion: Assertion, *, by: Assertion) -> bool:
    """Return whether the failure of an assertion is not reported where another one fails.

    Of the errors about one value only the first is reported, and each warning once.
    """
    if assertion.at != by.at or assertion.order <= by.order or by.keyword in {"required", "additionalProperties"}:
        return False
    return by.level is Level.ERROR or assertion.code == by.code


@st.composite
def accepted_ads(draw: DrawFn, kind_strategies: KindStrategies, *, clean: bool = False) -> Ad:
    """Ads without errors; with `clean`, without warnings too."""
    return draw(kind_strategies.clean_ads if clean else kind_strategies.valid_ads)
