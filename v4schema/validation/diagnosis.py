"""From failed assertions to findings: one finding for each assertion, or one for each name that it is about."""

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
    """One error or warning at one place.

    If a field is missing, `needs` are the places that have to be filled. If a name is wrong, `right` is the place of the field
    that it means. Of several diagnoses at one place, the one with the lowest `order` is reported first.
    """

    at: Place
    finding: Finding
    order: tuple[object, ...] = ()
    needs: frozenset[Place] = frozenset()
    right: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnoser:
    """Makes findings from the failures of ads of one kind."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema

    def diagnose(self, failure: Failure, ad: dict[str, Any]) -> Iterator[Diagnosis]:
        """Yield the diagnoses of a failure: one for each missing field, one for each unknown name, or one for the value."""
        node, rule = self._failed_rule(failure)
        value = pointer.get(ad, failure.at)
        if value is None and self._is_response:
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
                    yield self._unknown_name(ad, (*failure.at, name), pointers)
        else:
            yield self._wrong_value(failure, node, rule, value)

    def wrong_names(self, ad: dict[str, Any], at: Place, node: Schema) -> Iterator[Diagnosis]:
        """Yield the names in an object with undocumented fields that are wrong names of documented fields.

        `at` is the place of the object, and `node` its schema.
        """
        value, pointers = pointer.get(ad, at), privacy.MaskedPointers(self.catalogue, ad)
        for name in value if isinstance(value, dict) else ():
            if name not in node["properties"]:
                diagnosis = self._unknown_name(ad, (*at, name), pointers)
                if diagnosis.right is not None:
                    yield diagnosis

    @cached_property
    def _names(self) -> FieldNames:
        return FieldNames(catalogue=self.catalogue, schema=self.schema)

    @cached_property
    def _is_response(self) -> bool:
        """Whether the ad comes from the API; its nulls and its further fields are no errors."""
        return self.catalogue.operation(self.kind.version, self.operation).is_response

    def _failed_rule(self, failure: Failure) -> tuple[Schema, Mapping[str, Any]]:
        """Return the subschema with the failed keyword, and the annotations that apply to it."""
        node: Any = self.schema
        rule: dict[str, Any] = {key: node[key] for key in REPORTING if key in node}
        for token in failure.keyword_at[:-1]:
            node = node[token]
            if isinstance(node, dict):
                rule.update({key: node[key] for key in REPORTING if key in node})
        return node, rule

    def _missing(self, at: Place, rule: Mapping[str, Any]) -> Diagnosis:
        """Return the diagnosis of a missing field."""
        schema = subschema_at(self.schema, at) or {}
        finding = messages.make_finding(
            self.catalogue,
            str(rule.get("x-code", "schema.required")),
            pointer.write(at),
            rule=rule,
            name=messages.short_json(at[-1]),
            description=schema.get("description", ""),
        )
        return Diagnosis(at=at, finding=finding, needs=frozenset(self._needed(at)))

    def _needed(self, at: Place) -> Iterator[Place]:
        """Yield the places that must be filled if a field is missing: its own, or those that are required within it."""
        schema = subschema_at(self.schema, at) or {}
        inner_places = (
            [] if "x-atomic" in schema else [(*at, *inner) for inner, rule in required_places(schema) if "x-level" not in rule]
        )
        yield from inner_places or [at]

    def _unknown_name(self, ad: object, at: Place, pointers: privacy.MaskedPointers) -> Diagnosis:
        """Return the diagnosis of a name that is no field; it names the field that is meant, if that is known."""
        match = None if self._is_response else self._names.match(ad, at)
        right = match.at if match else None
        finding = self._names.finding(ad, at, right, pointers=pointers)
        if right is not None and not pointer.exists(ad, right):
            finding = self._with_type_hint(finding, subschema_at(self.schema, right) or {}, pointer.get(ad, at))
        return Diagnosis(at=at, finding=finding, right=right)

    def _with_type_hint(self, finding: Finding, schema: Schema, value: object) -> Finding:
        """Add to the hint of a wrong name how to write the value, if its type is wrong for the right field."""
        hint_case, members = ("", "") if matches_type(value, schema) else _type_hint(value, types(schema)[0], schema)
        if not hint_case:
            return finding
        hint = messages.make_finding(self.catalogue, "schema.type", "", hint_case=hint_case, members=members, got="").hint
        return replace(finding, hint=f"{finding.hint} {hint}")

    def _wrong_value(self, failure: Failure, node: Schema, rule: Mapping[str, Any], value: object) -> Diagnosis:
        """Return the diagnosis of a value that fails an assertion."""
        keyword = str(failure.keyword_at[-1])
        limit = node[keyword]
        case = hint_case = ""
        schema = subschema_at(self.schema, failure.at) or {}
        details: dict[str, Any] = {"choices": "", "near": "", "other": "", "members": ""}
        if keyword == "type":
            case = "null" if value is None else types(node)[0]
            hint_case, details["members"] = _type_hint(value, types(node)[0], schema)
        elif keyword in {"enum", "const"}:
            listed = limit if keyword == "enum" else [limit]
            choices = recommended(schema, listed)
            hint_case, near, other = self._choice_hint(failure.at, value, listed, choices)
            details |= {"choices": messages.join_quoted(choices), "near": near, "other": other}
        elif keyword.startswith("min") and value in ("", []):
            case = hint_case = "empty"
        finding = messages.make_finding(
            self.catalogue,
            str(rule.get("x-code", f"schema.{keyword}")),
            pointer.write(failure.at),
            rule=rule,
            case=case,
            hint_case=hint_case,
            value=messages.DisplayValue(value, self.catalogue, private=is_private(self.schema, failure.at)),
            limit=limit,
            description=schema.get("description", ""),
            got=type(value).__name__,
            **details,
        )
        return Diagnosis(at=failure.at, finding=finding, order=precedence(failure.keyword_at))

    def _choice_hint(self, at: Place, value: object, listed: Sequence[object], choices: Sequence[object]) -> tuple[str, str, str]:
        """Return the case of the hint about a value that is not listed, the choice that is near, and the editions that have it.

        Only a recommended choice is named, and none if the value means several of the listed ones.
        """
        if not isinstance(value, str):
            return "", "", ""
        meanings = {word for word in self.catalogue.translations.get(spelling.word_key(value), ()) if word in listed}
        if len(meanings) > 1:
            return "", "", ""
        recommended_meanings = [word for word in meanings if word in choices]
        near = (
            recommended_meanings[0]
            if recommended_meanings
            else spelling.nearest(value, (choice for choice in choices if isinstance(choice, str)))
        )
        if near is not None:
            return "near", messages.short_json(near), ""
        other = " and ".join(self._editions_with_choice(at, value))
        return ("elsewhere" if other else ""), "", other

    def _editions_with_choice(self, at: Place, value: object) -> Iterator[str]:
        """Yield the names of the other editions in which a value is a choice at this place."""
        for edition in self.catalogue.editions.values():
            if edition.name != self.kind.version and self.operation in edition.operations:
                category = self.kind.category if self.kind.category in edition.categories else None
                schema = subschema_at(self.catalogue.schema(Kind(version=edition.name, category=category), self.operation), at)
                if schema is not None and any(value in rule.get("enum", ()) for rule in error_rules(schema)):
                    yield edition.name


def _type_hint(value: object, right_type: str, schema: Schema) -> tuple[str, str]:
    """Return the case of the hint about a value of the wrong type, and the members that it lists for an object."""
    if value is None:
        return "null", ""
    if right_type == "object":
        *first, last = [name for rule in error_rules(schema) for name in rule.get("required", ())] or [""]
        return ("members" if last else ""), f"{', '.join(first)} and {last}" if first else last
    if right_type == "array":
        return ("list" if matches_type(value, schema.get("items", {})) else ""), ""
    if right_type == "string":
        return ("quote" if isinstance(value, int | float) else ""), ""
    try:
        return ("unquote" if matches_type(json.loads(str(value)), {"type": right_type}) else ""), ""
    except ValueError:
        return "", ""
