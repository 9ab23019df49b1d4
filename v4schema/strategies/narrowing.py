"""Narrows domains by schemas: to the values that a schema accepts, or to those that fail exactly one of its assertions."""

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
#: Narrows domains to the values for which something holds, or does not hold.
Clause = Callable[..., Domains]
#: The order of keywords, 2 by default: those that describe the parts of a value come before those that restrict several parts.
_ORDER = {"type": 0, "properties": 1, "items": 1, "allOf": 3, "examples": 4}


@dataclass(frozen=True, eq=False)
class Narrower:
    """Narrows domains by schemas; the values that a part of a schema accepts by itself are computed once."""

    _cache: dict[int, tuple[Schema, Domains]] = field(default_factory=dict)  # by identity of the schema, which stays alive here

    def __call__(self, domains: Iterable[Domain], schema: Schema, *, holds: bool = True) -> Domains:
        """Return the values of some domains for which a schema holds, or does not hold."""
        clauses = [partial(self._keyword, keyword, schema) for keyword in _ordered_keywords(schema)]
        if domains is not EVERYTHING or not holds:
            return _all_of(domains, clauses, holds=holds)
        if id(schema) not in self._cache:
            self._cache[id(schema)] = schema, _all_of(domains, clauses, holds=True)
        return self._cache[id(schema)][1]

    def failing_only(
        self, schema: Schema, broken: Assertion, *, without: Iterable[Assertion] = (), fail: Clause | None = None
    ) -> Domains:
        """Return the values that fail exactly one assertion of a schema; assertions in `without` may fail too.

        `fail` narrows domains to the values that fail the assertion; by default, it is `failing`.
        """
        relaxed = schema
        for each in without:
            relaxed = _without_assertion(relaxed, each.keyword_at, each.name)
        return self._fail_at(EVERYTHING, relaxed, schema, broken.keyword_at, fail or partial(self.failing, broken))

    def failing(self, broken: Assertion, domains: Iterable[Domain], schema: Schema) -> Domains:
        """Return the values of some domains that fail an assertion whose keyword is directly in `schema`."""
        if broken.name is not None:
            others = {"required": [name for name in schema["required"] if name != broken.name]}
            objects = [lacking for each in domains if isinstance(each, Objects) for lacking in each.without_member(broken.name)]
            return self(objects, others)
        return self._keyword(broken.keyword, schema, domains, holds=False)

    def _fail_at(self, domains: Iterable[Domain], schema: Schema, complete: Any, path: Sequence[Token], fail: Clause) -> Domains:  # noqa: ANN401  (a part of a schema)
        """Return the values that fail the keyword at the end of a path, while all other keywords hold.

        `schema` lacks the assertions that may fail too; the other items of an array have to match the `complete` schema.
        """
        head, *rest = path
        others = {keyword: value for keyword, value in schema.items() if keyword != head}
        if not rest:
            return self(fail(domains, schema), others)
        below: Any = schema[str(head)]
        if head == "then":
            return self(self._fail_at(self(domains, others.pop("if")), below, complete[head], rest, fail), others)
        if head == "items":
            inner = partial(self._fail_at, schema=below, complete=complete[head], path=rest, fail=fail)
            return self([kept for each in domains for kept in self._with_failing_item(each, inner, complete[head])], others)
        token, *rest = rest
        inner = partial(self._fail_at, schema=below[token], complete=complete[head][token], path=rest, fail=fail)
        if head == "allOf":
            others["allOf"] = [rule for index, rule in enumerate(below) if index != token]
            return self(inner(domains), others)
        others["properties"] = {name: node for name, node in below.items() if name != token}
        return self([kept for each in domains for kept in _with_member(each, str(token), inner)], others)

    def _with_failing_item(self, domain: Domain, failing: Clause, schema: Schema) -> Iterator[Domain]:
        """Narrow one item of an array by `failing`, and the others by their schema."""
        if isinstance(domain, Arrays):
            items = EVERYTHING if domain.items is None else domain.items
            yield from domain.with_failing_item(failing(items), self(items, schema))

    def _keyword(self, keyword: str, schema: Schema, domains: Iterable[Domain], *, holds: bool) -> Domains:
        """Return the values for which a keyword of a schema holds, or does not hold."""
        limit = schema[keyword]
        if keyword == "allOf":
            return _all_of(domains, [partial(self, schema=rule) for rule in limit], holds=holds)
        if keyword == "anyOf":
            return _all_of(domains, [_negated(partial(self, schema=rule)) for rule in limit], holds=not holds)
        if keyword == "not":
            return self(domains, limit, holds=not holds)
        if keyword == "if":
            then = _negated(partial(self, schema=schema["then"]))
            return _all_of(domains, [partial(self, schema=limit), then], holds=not holds)
        return [kept for each in domains for kept in each.narrowed(keyword, schema, self, holds=holds)]


def _ordered_keywords(schema: Schema) -> Sequence[str]:
    """Return the keywords of a schema that narrow domains, in the order in which they do."""
    keywords = [key for key in schema if key == "examples" or (is_assertion(key) and key not in DEPENDENT)]
    return sorted(keywords, key=lambda keyword: _ORDER.get(keyword, 2))


def _all_of(domains: Iterable[Domain], clauses: Sequence[Clause], *, holds: bool) -> Domains:
    """Return the values for which all clauses hold; without `holds`, those that fail one clause and satisfy those before it."""
    kept: Domains = [*domains]
    failing: list[Domain] = []
    for clause in clauses:
        if not holds:
            failing += clause(kept, holds=False)
        kept = clause(kept, holds=True)
    return kept if holds else failing


def _negated(clause: Clause) -> Clause:
    """Return the opposite of a clause."""
    return lambda domains, *, holds: clause(domains, holds=not holds)


def _with_member(domain: Domain, name: str, clause: Clause) -> Iterator[Domain]:
    """Yield the objects that have a member whose value a clause keeps."""
    if isinstance(domain, Objects):
        values = clause(domain.members.get(name, EVERYTHING))
        for each in domain.requiring([name]) if values else ():
            yield from each.with_member(name, values)


def _without_assertion(node: Any, path: Sequence[Token], name: str | None) -> Any:  # noqa: ANN401  (a schema, or a list or an object of schemas)
    """Return a schema without the keyword at a path, or, with `name`, without this name in the keyword's list."""
    head, *rest = path
    if rest and isinstance(node, list):
        return [_without_assertion(each, rest, name) if index == head else each for index, each in enumerate(node)]
    if rest:
        return {**node, head: _without_assertion(node[head], rest, name)}
    others = {keyword: value for keyword, value in node.items() if keyword != head}
    return others if name is None else {**others, head: [other for other in node[head] if other != name]}
