"""From what an engine says fails to what is told about it: one finding for a failed assertion, one for each name it is about."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from v4schema import spelling
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.catalogue.field_names import FieldNames
from v4schema.dialect.assertions import precedence
from v4schema.dialect.engines import Failure
from v4schema.dialect.fields import (
    Schema,
    error_rules,
    is_private,
    matches_type,
    recommended,
    required_places,
    subschema_at,
    types,
)
from v4schema.dialect.keywords import REPORTING
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Finding, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing wrong at one place.

    `needs` are the places that have to be filled, if it is that nothing stands there; `right` is the place of the field that
    is meant, where a wrong name stands there; the lower its `order`, the sooner a fault is told among several at one place.
    """

    at: Place
    finding: Finding
    order: tuple[object, ...] = ()
    needs: frozenset[Place] = frozenset()
    right: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnoser:
    """Puts failures of a flat schema into words."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema

    def of(self, failure: Failure, ad: dict[str, Any]) -> Iterator[Diagnosis]:
        """Yield what a failure is about: each missing name, each name that is not described, or one value."""
        node, rule = self._rule(failure)
        value = pointer.get(ad, failure.at)
        if value is None and self._answer:
            return
        keyword = failure.keyword_at[-1]
        if isinstance(value, dict) and keyword == "required":
            for name in node["required"]:
                if name not in value:
                    yield self._missing((*failure.at, name), rule)
        elif isinstance(value, dict) and keyword == "additionalProperties":
            pointers = privacy.MaskedPointers(self.catalogue, ad)
            for name in value:
                if name not in node["properties"]:
                    yield self._stray(ad, (*failure.at, name), pointers)
        else:
            yield self._value(failure, node, rule, value)

    def strays(self, ad: dict[str, Any], within: Place, node: Schema) -> Iterator[Diagnosis]:
        """Yield the names in an object of undocumented fields that certainly stand for a field that is described."""
        value, pointers = pointer.get(ad, within), privacy.MaskedPointers(self.catalogue, ad)
        for name in value if isinstance(value, dict) else ():
            if name not in node["properties"]:
                fault = self._stray(ad, (*within, name), pointers)
                if fault.right is not None:
                    yield fault

    @cached_property
    def _names(self) -> FieldNames:
        return FieldNames(catalogue=self.catalogue, schema=self.schema)

    @cached_property
    def _answer(self) -> bool:
        """Whether the ad comes from the API, whose own names and nulls are not to be judged."""
        return self.catalogue.operation(self.kind.version, self.operation).answer

    def _rule(self, failure: Failure) -> tuple[Schema, Mapping[str, Any]]:
        """Return the subschema that holds the failed keyword, and the annotations that go for it."""
        node: Any = self.schema
        rule: dict[str, Any] = {key: node[key] for key in REPORTING if key in node}
        for token in failure.keyword_at[:-1]:
            node = node[token]
            if isinstance(node, dict):
                rule.update({key: node[key] for key in REPORTING if key in node})
        return node, rule

    def _missing(self, at: Place, rule: Mapping[str, Any]) -> Diagnosis:
        described = subschema_at(self.schema, at) or {}
        finding = messages.make_finding(
            self.catalogue,
            str(rule.get("x-code", "schema.required")),
            pointer.write(at),
            rule=rule,
            name=messages.short_json(at[-1]),
            description=described.get("description", ""),
        )
        return Diagnosis(at=at, finding=finding, needs=frozenset(self._needed(at)))

    def _needed(self, at: Place) -> Iterator[Place]:
        """Yield the places that a missing field needs filled: its own, or those that are required within it."""
        described = subschema_at(self.schema, at) or {}
        within = (
            []
            if "x-atomic" in described
            else [(*at, *below) for below, rule in required_places(described) if "x-level" not in rule]
        )
        yield from within or [at]

    def _stray(self, ad: object, at: Place, pointers: privacy.MaskedPointers) -> Diagnosis:
        """Report a field that is not described: by the name that is meant, if that can be told."""
        meant = None if self._answer else self._names.match(ad, at)
        right = meant.at if meant else None
        finding = self._names.finding(ad, at, right, pointers=pointers)
        if right is not None and not pointer.exists(ad, right):
            finding = self._also_retyped(finding, subschema_at(self.schema, right) or {}, pointer.get(ad, at))
        return Diagnosis(at=at, finding=finding, right=right)

    def _also_retyped(self, finding: Finding, described: Schema, value: object) -> Finding:
        """Say with the right place how the value has to look there, where that can be told by its type."""
        case, members = ("", "") if matches_type(value, described) else _retyped(value, types(described)[0], described)
        if not case:
            return finding
        shape = messages.make_finding(self.catalogue, "schema.type", "", hint_case=case, members=members, got="").hint
        return replace(finding, hint=f"{finding.hint} {shape}")

    def _value(self, failure: Failure, node: Schema, rule: Mapping[str, Any], value: object) -> Diagnosis:
        """Report a value that fails an assertion."""
        keyword = str(failure.keyword_at[-1])
        limit = node[keyword]
        case = mend = ""
        described = subschema_at(self.schema, failure.at) or {}
        told: dict[str, Any] = {"choices": "", "near": "", "other": "", "members": ""}
        if keyword == "type":
            case = "null" if value is None else types(node)[0]
            mend, told["members"] = _retyped(value, types(node)[0], described)
        elif keyword in {"enum", "const"}:
            listed = limit if keyword == "enum" else [limit]
            choices = recommended(described, listed)
            mend, near, other = self._chosen(failure.at, value, listed, choices)
            told |= {"choices": messages.join_quoted(choices), "near": near, "other": other}
        elif keyword.startswith("min") and value in ("", []):
            case = mend = "empty"
        finding = messages.make_finding(
            self.catalogue,
            str(rule.get("x-code", f"schema.{keyword}")),
            pointer.write(failure.at),
            rule=rule,
            case=case,
            hint_case=mend,
            value=messages.DisplayValue(value, self.catalogue, private=is_private(self.schema, failure.at)),
            limit=limit,
            description=described.get("description", ""),
            got=type(value).__name__,
            **told,
        )
        return Diagnosis(at=failure.at, finding=finding, order=precedence(failure.keyword_at))

    def _chosen(self, at: Place, value: object, listed: Sequence[object], choices: Sequence[object]) -> tuple[str, str, str]:
        """Find out what was probably meant by a value that is not listed: the case of the hint, and what fills it.

        Only one of the choices that can be recommended is named, and none where the word means several of what is listed.
        """
        if not isinstance(value, str):
            return "", "", ""
        meanings = {word for word in self.catalogue.translations.get(spelling.word_key(value), ()) if word in listed}
        if len(meanings) > 1:
            return "", "", ""
        meant = [word for word in meanings if word in choices]
        near = meant[0] if meant else spelling.nearest(value, (choice for choice in choices if isinstance(choice, str)))
        if near is not None:
            return "near", messages.short_json(near), ""
        other = " and ".join(self._elsewhere(at, value))
        return ("elsewhere" if other else ""), "", other

    def _elsewhere(self, at: Place, value: object) -> Iterator[str]:
        """Name the other editions in which a value is a choice at this place."""
        for edition in self.catalogue.editions.values():
            if edition.name != self.kind.version and self.operation in edition.operations:
                category = self.kind.category if self.kind.category in edition.categories else None
                there = subschema_at(self.catalogue.schema(Kind(version=edition.name, category=category), self.operation), at)
                if there is not None and any(value in fact.get("enum", ()) for fact in error_rules(there)):
                    yield edition.name


def _retyped(value: object, wanted: str, described: Schema) -> tuple[str, str]:
    """Say how a value of the wrong type can be sent: the case of the hint, and what fills it."""
    if value is None:
        return "null", ""
    if wanted == "object":
        *first, last = [name for fact in error_rules(described) for name in fact.get("required", ())] or [""]
        return ("members" if last else ""), f"{', '.join(first)} and {last}" if first else last
    if wanted == "array":
        return ("list" if matches_type(value, described.get("items", {})) else ""), ""
    if wanted == "string":
        return ("quote" if isinstance(value, int | float) else ""), ""
    try:
        return ("unquote" if matches_type(json.loads(str(value)), {"type": wanted}) else ""), ""
    except ValueError:
        return "", ""
