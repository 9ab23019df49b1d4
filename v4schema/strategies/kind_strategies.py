"""What is drawn from: the flat schema of a kind of ad, the values that it takes, and those that break one rule of it."""

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
from v4schema.strategies.domains import EVERYTHING, Domain, Objects, UnknownMember, Values
from v4schema.strategies.narrowing import Domains, Narrower
from v4schema.strategies.sampling import Sampler
from v4schema.validation.diagnosis import Diagnoser

Ad = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """How one assertion is broken: the values that break it, and what is told beside it, since it cannot be broken without."""

    assertion: Assertion
    domains: Domains
    beside: tuple[Assertion, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class KindStrategies:
    """The flat schema of a kind of ad for an operation."""

    catalogue: Catalogue
    kind: Kind
    operation: str

    @cached_property
    def schema(self) -> Schema:
        """The flat schema."""
        return self.catalogue.schema(self.kind, self.operation)

    @cached_property
    def assertions(self) -> Sequence[Assertion]:
        """Every assertion of it."""
        return [*assertions(self.schema)]

    @cached_property
    def faults(self) -> Diagnoser:
        """What puts failures of it into words."""
        return Diagnoser(catalogue=self.catalogue, kind=self.kind, operation=self.operation, schema=self.schema)

    @cached_property
    def _narrow(self) -> Narrower:
        return Narrower()

    @cached_property
    def sampler(self) -> Sampler:
        """What makes strategies of its values."""
        samples = self.catalogue.read("samples.json")
        return Sampler(texts=samples["texts"], letters=samples["letters"], names=samples["names"], narrow=self._narrow)

    @cached_property
    def clean(self) -> SearchStrategy[Ad]:
        """Ads of which there is nothing to warn."""
        return self.sampler.taking(self.schema)

    @cached_property
    def valid(self) -> SearchStrategy[Ad]:
        """Ads without an error."""
        return self.sampler.taking(errors_only(_sendable(self.schema)))

    @cached_property
    def breaches(self) -> Mapping[AssertionId, Violation]:
        """How each rule can be broken so that it is told; those are left out that another one always speaks for."""
        found = {each.id: self._breach(each) for each in self.assertions}
        return {rule: breach for rule, breach in found.items() if breach is not None}

    def _breach(self, broken: Assertion) -> Violation | None:
        weaker = [each for each in self.assertions if _is_silenced(each, broken)]
        unwelcome = [each for each in self._unwelcome if each.at == broken.at[: len(each.at)] and each is not broken]
        for without, beside in ((), ()), (weaker, ()), ([*weaker, *unwelcome], unwelcome):
            domains = [] if any(_is_silenced(broken, each) for each in beside) else self._breaking(broken, without)
            if domains:
                return Violation(assertion=broken, domains=domains, beside=tuple(each for each in beside if each not in weaker))
        return None

    @cached_property
    def _unwelcome(self) -> Sequence[Assertion]:
        """The assertions for which a field may not be there at all."""
        return [each for each in self.assertions if each.keyword == "not" and self._rule(each)["not"] == {}]

    def _rule(self, assertion: Assertion) -> Any:  # noqa: ANN401  (a part of a schema)
        return pointer.get(self.schema, assertion.keyword_at[:-1])

    def _breaking(self, broken: Assertion, without: Sequence[Assertion]) -> Domains:
        found = [*self._narrow.breaking(self.schema, broken, without=without, how=partial(self._failing, broken))]
        for name, wrong in self._misnamed(broken).items():
            needed = [each for each in self.assertions if each.at == broken.at and each.name == name]
            how = partial(self._named, name, wrong)
            found += self._narrow.breaking(self.schema, broken, without=[*without, *needed], how=how)
        return found

    def _failing(self, broken: Assertion, domains: Iterable[Domain], schema: Schema) -> Domains:
        """Let an assertion fail in any way that is told: of what the API has left null, nothing is."""
        failing = self._narrow.failing(broken, domains, schema)
        return [each for each in failing if each != Values(listed=(None,))] if self._answer else failing

    @property
    def _answer(self) -> bool:
        return self.catalogue.operation(self.kind.version, self.operation).answer

    def _misnamed(self, broken: Assertion) -> Mapping[str, tuple[str, ...]]:
        """Return, for an object that takes no other members, the fields that may be sent, each with wrong names that mean it."""
        if broken.keyword != "additionalProperties" or self._answer:
            return {}
        described = self._rule(broken)["properties"]
        names = {name: [name.upper()] for name, node in described.items() if is_sendable(node) and name.upper() not in described}
        for wrong, right in self.catalogue.names.items():
            if right.at[:-1] == broken.at and right.at[-1] in names and right.unit is None and wrong not in described:
                names[right.at[-1]].append(wrong)
        return {name: tuple(wrong) for name, wrong in names.items()}

    def _named(self, name: str, wrong: tuple[str, ...], domains: Iterable[Domain], schema: Schema) -> Domains:
        """Let a field stand under a wrong name."""
        stray = UnknownMember(names=wrong, values=self._narrow(EVERYTHING, schema["properties"][name]))
        objects = [each for each in domains if isinstance(each, Objects)]
        return [replace(left, stray=stray) for each in objects for left in each.lacking(name)]


def _sendable(node: Schema) -> Schema:
    """Return a flat schema without the fields that are only described in order to be warned of."""
    kept = dict(node)
    if "properties" in node:
        kept["properties"] = {name: _sendable(below) for name, below in node["properties"].items() if is_sendable(below)}
    if "items" in node:
        kept["items"] = _sendable(node["items"])
    return kept


def _is_silenced(one: Assertion, other: Assertion) -> bool:
    """Tell whether nothing is heard of an assertion where another one fails: of a value one error is told, each warning once."""
    if one.at != other.at or one.order <= other.order or other.keyword in {"required", "additionalProperties"}:
        return False
    return other.level is Level.ERROR or one.code == other.code


@st.composite
def taken(draw: DrawFn, ground: KindStrategies, *, clean: bool = False) -> Ad:
    """Ads that a schema takes: without an error, or with nothing to warn of either."""
    return draw(ground.clean if clean else ground.valid)
