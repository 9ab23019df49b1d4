"""From what an engine says fails to what is told about it: one finding for a failed assertion, one for each name it is about."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from v4schema import pointer, spelling, wording
from v4schema.catalogue import Catalogue
from v4schema.engine import Failure
from v4schema.pointer import Place
from v4schema.report import Finding, Kind
from v4schema.schema import Schema, describing, facts, private, walk, welcome

#: Of several assertions that one value fails, the first of these is told; the others follow from it or can wait.
_FIRST = ("type", "const", "enum", "pattern")
#: The annotations that say how a failed assertion is reported.
_VOICE = ("x-level", "x-code", "x-says", "x-hint", "x-source")
#: What Python type a bare scalar is parsed to, by the type that the schema asks for.
_SCALARS: Mapping[str, type | tuple[type, ...]] = {"integer": int, "number": (int, float), "boolean": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong at one place.

    `missing` says that nothing stands there; `right` is the place of the field that is meant, where a wrong name stands
    there; the lower its `order`, the sooner a fault is told among several at one place.
    """

    at: Place
    finding: Finding
    order: tuple[object, ...] = ()
    missing: bool = False
    right: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Puts failures of a flat schema into words."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema

    def of(self, failure: Failure, ad: dict[str, Any]) -> Iterator[Fault]:
        """Yield what a failure is about: each missing name, each name that is not described, or one value."""
        node, rule = self._rule(failure)
        value = pointer.get(ad, failure.at)
        keyword = failure.keyword_at[-1]
        if isinstance(value, dict) and keyword == "required":
            for name in node["required"]:
                if name not in value:
                    yield self._missing((*failure.at, name), rule)
        elif isinstance(value, dict) and keyword == "additionalProperties":
            for name in value:
                if name not in node["properties"]:
                    yield self._stray(ad, (*failure.at, name), node)
        else:
            yield self._value(failure, node, rule, value)

    def _rule(self, failure: Failure) -> tuple[Schema, Mapping[str, Any]]:
        """Return the subschema that holds the failed keyword, and the annotations that go for it."""
        node: Any = self.schema
        rule: dict[str, Any] = {key: node[key] for key in _VOICE if key in node}
        for token in failure.keyword_at[:-1]:
            node = node[token]
            if isinstance(node, dict):
                rule.update({key: node[key] for key in _VOICE if key in node})
        return node, rule

    def _missing(self, at: Place, rule: Mapping[str, Any]) -> Fault:
        described = describing(self.schema, at) or {}
        finding = wording.finding(
            self.catalogue,
            str(rule.get("x-code", "schema.required")),
            pointer.write(at),
            rule=rule,
            name=wording.shown(at[-1]),
            description=described.get("description", ""),
        )
        return Fault(at=at, finding=finding, missing=True)

    def _stray(self, ad: object, at: Place, around: Schema) -> Fault:
        """Report a field that is not described: by the name that is meant, if that can be told."""
        right = self._right_place(ad, at)
        described = describing(self.schema, right or ()) or around
        mend = ""
        if right is not None:
            mend = "given" if pointer.leads(ad, right) else "rename" if right[:-1] == at[:-1] else ""
        finding = wording.finding(
            self.catalogue,
            "field.misnamed" if right else "field.unknown",
            pointer.write(at),
            rule={"x-source": (described if right else around)["x-source"]},
            case=mend,
            mend=mend,
            name=wording.shown(at[-1]),
            right=wording.shown(right[-1]) if right else None,
            place=pointer.write(right or ()),
        )
        return Fault(at=at, finding=finding, right=right)

    def _right_place(self, ad: object, at: Place) -> Place | None:
        """Return the place of the field that a wrong name stands for: a known wrong name, or nearly the name of a field."""
        *within, name = at
        word = spelling.folded(str(name))
        known = self.catalogue.names.get(word)
        if known is not None and describing(self.schema, known) is not None:
            return known
        around = describing(self.schema, within) or {}
        near = spelling.nearest(str(name), (field for field, node in around["properties"].items() if welcome(node)))
        if near is not None:
            found = [(*within, near)]
        elif len(word) >= spelling.DISTINCT:
            found = list(self._places.get(word) or self._places.get(spelling.nearest(word, self._places) or "", ()))
        else:
            found = []
        return found[0] if len(found) == 1 and not pointer.leads(ad, found[0]) else None

    def _value(self, failure: Failure, node: Schema, rule: Mapping[str, Any], value: object) -> Fault:
        """Report a value that fails an assertion."""
        keyword = str(failure.keyword_at[-1])
        limit = node[keyword]
        case = mend = ""
        told: dict[str, object] = {"near": "", "other": "", "members": ""}
        if keyword == "type":
            wanted = limit[0] if isinstance(limit, list) else limit
            case = "null" if value is None else wanted
            mend, told["members"] = _retyped(value, wanted, describing(self.schema, failure.at) or {})
        elif keyword in {"enum", "const"}:
            mend, told = self._chosen(failure.at, value, limit if keyword == "enum" else [limit])
        elif keyword.startswith("min") and value in ("", []):
            case = "empty"
        finding = wording.finding(
            self.catalogue,
            str(rule.get("x-code", f"schema.{keyword}")),
            pointer.write(failure.at),
            rule=rule,
            case=case,
            mend=mend,
            value=wording.Shown(value, self.catalogue, private=private(self.schema, failure.at)),
            limit=limit,
            choices=wording.listed(limit),
            got=type(value).__name__,
            **told,
        )
        rank = _FIRST.index(keyword) if keyword in _FIRST else len(_FIRST)
        return Fault(at=failure.at, finding=finding, order=(rank, *map(str, failure.keyword_at)))

    @cached_property
    def _places(self) -> Mapping[str, Sequence[Place]]:
        """The places of fields that may be sent and stand in no array, by the field's name without case and word breaks."""
        places: dict[str, list[Place]] = {}
        for at, _ in walk(self.schema, into=welcome):
            if at and "*" not in at:
                places.setdefault(spelling.folded(at[-1]), []).append(at)
        return places

    def _chosen(self, at: Place, value: object, choices: Sequence[object]) -> tuple[str, dict[str, object]]:
        """Find out what was probably meant by a value that is not among the choices."""
        if not isinstance(value, str):
            return "", {"near": "", "other": ""}
        meant = [word for word in self.catalogue.translations.get(value.casefold(), ()) if word in choices]
        near = meant[0] if meant else spelling.nearest(value, (choice for choice in choices if isinstance(choice, str)))
        if near is not None:
            return "near", {"near": wording.shown(near), "other": ""}
        other = " and ".join(self._elsewhere(at, value))
        return ("elsewhere" if other else ""), {"near": "", "other": other}

    def _elsewhere(self, at: Place, value: object) -> Iterator[str]:
        """Name the other editions in which a value is a choice at this place."""
        for edition in self.catalogue.editions.values():
            if edition.name != self.kind.version and self.operation in edition.operations:
                category = self.kind.category if self.kind.category in edition.categories else None
                there = describing(self.catalogue.schema(Kind(version=edition.name, category=category), self.operation), at)
                if there is not None and any(value in fact.get("enum", ()) for fact in facts(there)):
                    yield edition.name


def _retyped(value: object, wanted: str, described: Schema) -> tuple[str, str]:
    """Say how a value of the wrong type can be sent: the case of the hint, and what fills it."""
    if value is None:
        return "null", ""
    if wanted == "object":
        members = [name for fact in facts(described) for name in fact.get("required", ())]
        return ("members", " and ".join(members)) if members else ("", "")
    if wanted in {"array", "string"}:
        return ("list" if wanted == "array" else "quote" if isinstance(value, int | float) else ""), ""
    try:
        return ("unquote" if isinstance(json.loads(str(value)), _SCALARS[wanted]) else ""), ""
    except ValueError:
        return "", ""
