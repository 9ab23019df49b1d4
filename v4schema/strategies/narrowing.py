"""From a schema to the values that it takes, and to those that break just one of its assertions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from v4schema.dialect.assertions import Assertion
from v4schema.dialect.fields import Schema
from v4schema.dialect.keywords import DEPENDENT, is_assertion
from v4schema.document.pointer import Token
from v4schema.strategies.domains import EVERYTHING, Arrays, Domain, Objects

Domains = Sequence[Domain]
#: Narrows domains to those values for which something holds, or does not.
Clause = Callable[..., Domains]
#: What describes the parts of a value is read before what restricts several of them at once; what documents show, last.
_ORDER = {"type": 0, "properties": 1, "items": 1, "allOf": 3, "examples": 4}


@dataclass(frozen=True, eq=False)
class Narrower:
    """Narrows domains by schemas; what a part of a schema takes by itself is found out once."""

    _known: dict[int, tuple[Schema, Domains]] = field(default_factory=dict)

    def __call__(self, domains: Iterable[Domain], schema: Schema, *, holds: bool = True) -> Domains:
        """Return those values of some domains for which a schema holds, or does not."""
        clauses = [partial(self._keyword, keyword, schema) for keyword in _in_order(schema)]
        if domains is not EVERYTHING or not holds:
            return _every(domains, clauses, holds=holds)
        if id(schema) not in self._known:
            self._known[id(schema)] = schema, _every(domains, clauses, holds=True)
        return self._known[id(schema)][1]

    def breaking(
        self, schema: Schema, broken: Assertion, *, without: Iterable[Assertion] = (), how: Clause | None = None
    ) -> Domains:
        """Return the values that fail one assertion of a schema, by default however it can fail, and no other.

        Where it fails, nothing has to be heard of some other assertions.
        """
        left = schema
        for each in without:
            left = _lessened(left, each.keyword_at, each.name)
        return self._breaking(EVERYTHING, left, schema, broken.keyword_at, how or partial(self.failing, broken))

    def failing(self, broken: Assertion, domains: Iterable[Domain], schema: Schema) -> Domains:
        """Return those values of some domains that fail an assertion of a schema, which stands in that schema itself."""
        if broken.name is not None:
            others = {"required": [name for name in schema["required"] if name != broken.name]}
            lacking = [left for each in domains if isinstance(each, Objects) for left in each.lacking(broken.name)]
            return self(lacking, others)
        return self._keyword(broken.keyword, schema, domains, holds=False)

    def _breaking(self, domains: Iterable[Domain], schema: Schema, whole: Any, way: Sequence[Token], how: Clause) -> Domains:  # noqa: ANN401  (a part of a schema)
        """Go the way to a keyword, and let it fail; all beside the way holds. The `whole` schema is for what else there is."""
        head, *rest = way
        others = {keyword: value for keyword, value in schema.items() if keyword != head}
        if not rest:
            return self(how(domains, schema), others)
        below: Any = schema[str(head)]
        if head == "then":
            return self(self._breaking(self(domains, others.pop("if")), below, whole[head], rest, how), others)
        if head == "items":
            odd = partial(self._breaking, schema=below, whole=whole[head], way=rest, how=how)
            return self([left for each in domains for left in self._with_odd(each, odd, whole[head])], others)
        token, *rest = rest
        inner = partial(self._breaking, schema=below[token], whole=whole[head][token], way=rest, how=how)
        if head == "allOf":
            others["allOf"] = [rule for index, rule in enumerate(below) if index != token]
            return self(inner(domains), others)
        others["properties"] = {name: node for name, node in below.items() if name != token}
        return self([left for each in domains for left in _with_member(each, str(token), inner)], others)

    def _with_odd(self, domain: Domain, odd: Clause, whole: Schema) -> Iterator[Domain]:
        """Let one item of an array be odd, and the others be as they should."""
        if isinstance(domain, Arrays):
            given = EVERYTHING if domain.items is None else domain.items
            yield from domain.with_odd(odd(given), self(given, whole))

    def _keyword(self, keyword: str, schema: Schema, domains: Iterable[Domain], *, holds: bool) -> Domains:
        """Return the values for which a keyword of a schema holds, or does not."""
        limit = schema[keyword]
        if keyword == "allOf":
            return _every(domains, [partial(self, schema=rule) for rule in limit], holds=holds)
        if keyword == "anyOf":
            return _every(domains, [_not(partial(self, schema=rule)) for rule in limit], holds=not holds)
        if keyword == "not":
            return self(domains, limit, holds=not holds)
        if keyword == "if":
            then = _not(partial(self, schema=schema["then"]))
            return _every(domains, [partial(self, schema=limit), then], holds=not holds)
        return [left for each in domains for left in each.narrowed(keyword, schema, self, holds=holds)]


def _in_order(schema: Schema) -> Sequence[str]:
    told = [keyword for keyword in schema if keyword == "examples" or (is_assertion(keyword) and keyword not in DEPENDENT)]
    return sorted(told, key=lambda keyword: _ORDER.get(keyword, 2))


def _every(domains: Iterable[Domain], clauses: Sequence[Clause], *, holds: bool) -> Domains:
    """Return the values for which all clauses hold; or those for which one does not, while those before it do."""
    kept: Domains = [*domains]
    broken: list[Domain] = []
    for clause in clauses:
        if not holds:
            broken += clause(kept, holds=False)
        kept = clause(kept, holds=True)
    return kept if holds else broken


def _not(clause: Clause) -> Clause:
    """Turn a clause round."""
    return lambda domains, *, holds: clause(domains, holds=not holds)


def _with_member(domain: Domain, name: str, inner: Clause) -> Iterator[Domain]:
    """Let a member of an object be what is left of it."""
    if isinstance(domain, Objects):
        values = inner(domain.members.get(name, EVERYTHING))
        for each in domain.requiring([name]) if values else ():
            yield from each.having(name, values)


def _lessened(node: Any, way: Sequence[Token], name: str | None) -> Any:  # noqa: ANN401  (a schema, or a list or an object of schemas)
    head, *rest = way
    if rest and isinstance(node, list):
        return [_lessened(each, rest, name) if index == head else each for index, each in enumerate(node)]
    if rest:
        return {**node, head: _lessened(node[head], rest, name)}
    left = {keyword: value for keyword, value in node.items() if keyword != head}
    return left if name is None else {**left, head: [other for other in node[head] if other != name]}
