"""Validating an ad: one closed schema for its kind, and a finding for each thing that is wrong, none for what only follows."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from v4schema import catalogue as catalogues
from v4schema import engine as engines
from v4schema import pointer, spelling, wording
from v4schema.ad import identify, unspeakable
from v4schema.catalogue import Catalogue
from v4schema.engine import Engine, Failure
from v4schema.pointer import Token
from v4schema.report import Finding, Kind, Level, Report
from v4schema.schema import Schema, describing, facts, private, walk, welcome

Place = tuple[Token, ...]

#: Of several assertions that one value fails, the first of these is told; the others follow from it or can wait.
_FIRST = ("type", "const", "enum", "pattern")
#: The annotations that say how a failed assertion is reported.
_VOICE = ("x-level", "x-code", "x-says", "x-hint", "x-source")
#: How the parsed value of a quoted scalar is recognised, by the type that the schema asks for.
_SCALARS: Mapping[str, type | tuple[type, ...]] = {"integer": int, "number": (int, float), "boolean": bool}


def validate(
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    operation: str = "create",
    engine: str | None = None,
    catalogue: Catalogue | None = None,
) -> Report:
    """Check a parsed ad against everything that public documents say of its kind.

    `version` is the edition of the API (default: the catalogue's), `category` the slug or number of the category (default:
    what the ad says), `operation` what is to be done with the ad: ``create``, ``replace``, ``update`` (a partial ad),
    ``migrate`` or ``response``. Amounts are in the unit of the edition (öre in V4, document S). An ad that names no category
    is checked for what all categories share.

    Any JSON value gets a report. Raises `v4schema.errors.UnknownName` when the caller's own words (version, category,
    operation, engine) name nothing.

    >>> validate({"category_id": "1121", "year": 2020}).findings[1].hint
    'Move it to /category_fields/model_year.'
    """
    held = catalogue or catalogues.default()
    kind = identify(ad, version=version, category=category, catalogue=held)
    if isinstance(kind, Finding):
        shared = _checker(held, held.edition(version).name, None, operation, engine)
        others = (finding for finding in shared.findings(ad) if finding.at != kind.at)
        return Report(findings=(kind, *others))
    checker = _checker(held, kind.version, kind.category, operation, engine)
    findings = () if checker.passes(ad) else checker.findings(ad)
    return Report(kind=kind if kind.category or not checker.needs_category else None, findings=findings)


@lru_cache(maxsize=256)
def _checker(catalogue: Catalogue, version: str, category: str | None, operation: str, engine: str | None) -> "Checker":
    """Return what checks ads of one kind; compiled once."""
    kind = Kind(version=version, category=category)
    schema = catalogue.schema(kind, operation)
    return Checker(catalogue=catalogue, kind=kind, operation=operation, schema=schema, engine=engines.compiled(schema, engine))


@dataclass(frozen=True, kw_only=True)
class Checker:
    """Checks ads of one kind for one operation."""

    catalogue: Catalogue
    kind: Kind
    operation: str
    schema: Schema
    engine: Engine

    def passes(self, ad: object) -> bool:
        """Tell quickly whether there is nothing to say about an ad."""
        return self._silent and unspeakable(ad) is None and self.engine.accepts(ad)

    def findings(self, ad: object) -> tuple[Finding, ...]:
        """Return all there is to say about an ad, in the order of its places."""
        if not isinstance(ad, dict):
            return (self._put("ad.not_object", (), value=wording.Shown(ad, self.catalogue)),)
        untold = unspeakable(ad)
        if untold is not None:
            return (self._put("json.unspeakable", untold),)
        told = [*self._told(ad, set(self.engine.failures(ad))), *self._notes(ad)]
        return tuple(finding for _, finding in sorted(told, key=lambda each: (_order(ad, each[0]), each[1].level.rank, each[1].code)))

    @cached_property
    def needs_category(self) -> bool:
        """Whether an ad that names no category cannot be told from others: the operation requires it to name one."""
        return any(self.catalogue.category_at[0] in fact.get("required", ()) for fact in facts(self.schema))

    @cached_property
    def _silent(self) -> bool:
        """Whether there is nothing to note about every ad of this kind."""
        return not self._open and self._described

    @cached_property
    def _described(self) -> bool:
        edition = self.catalogue.edition(self.kind.version)
        return self.kind.category is not None and edition.categories[self.kind.category].schema is not None

    @cached_property
    def _open(self) -> Sequence[tuple[Place, Schema]]:
        """The places whose own fields no document lists."""
        return [(at, node) for at, node in walk(self.schema) if "x-open" in node]

    @cached_property
    def _places(self) -> Mapping[str, Sequence[Place]]:
        """The places of fields that may be sent and stand in no array, by the field's name without case and word breaks."""
        places: dict[str, list[Place]] = {}
        for at, node in walk(self.schema):
            if at and "*" not in at and welcome(node):
                places.setdefault(spelling.folded(at[-1]), []).append(at)
        return places

    def _notes(self, ad: dict[str, Any]) -> Iterator[tuple[Place, Finding]]:
        """Say what could not be checked."""
        category_at = self.catalogue.category_at
        if not self._described and (self.kind.category or not self.needs_category):
            code = "category.undescribed" if self.kind.category else "category.missing"
            yield category_at, self._put(code, category_at, category=self.kind.category, version=self.kind.version)
        for at, node in self._open:
            if _has(ad, at):
                rule = {"x-says": node["x-open"], "x-source": node["x-source"]}
                yield at, self._put("category.open", at, rule=rule)

    def _told(self, ad: dict[str, Any], failures: Iterable[Failure]) -> Iterator[tuple[Place, Finding]]:
        """Put failures into findings: at each place the gravest, and none that only follows from another."""
        missing: list[tuple[Place, Finding]] = []
        strays: dict[Place, Place] = {}
        faults: dict[Place, list[tuple[Failure, Finding]]] = {}
        for failure in failures:
            node, rule = self._rule(failure)
            value = pointer.get(ad, failure.at)
            keyword = failure.keyword_at[-1]
            if keyword == "required" and isinstance(value, dict):
                for name in node["required"]:
                    if name not in value:
                        at = (*failure.at, name)
                        missing.append((at, self._missing(at, rule)))
            elif keyword == "additionalProperties" and isinstance(value, dict):
                for name in value.keys() - node["properties"].keys():
                    at = (*failure.at, name)
                    right = self._right_place(ad, failure.at, name)
                    if right is not None:
                        strays[at] = right
                    yield at, self._stray(ad, at, right, node)
            else:
                faults.setdefault(failure.at, []).append((failure, self._fault(failure, node, rule, value)))
        named = {at for at, finding in missing if finding.level is Level.ERROR}
        for at, finding in missing:
            followed = any(right[: len(at)] == at for right in strays.values())
            if not followed and (finding.level is Level.ERROR or at not in named):
                yield at, finding
        for at, several in faults.items():
            errors = [each for each in several if each[1].level is Level.ERROR]
            if errors:
                yield at, min(errors, key=lambda each: _precedence(each[0]))[1]
            else:
                yield from ((at, finding) for finding in {finding.code: finding for _, finding in sorted(several)}.values())

    def _rule(self, failure: Failure) -> tuple[Schema, Mapping[str, Any]]:
        """Return the subschema that holds the failed keyword, and the annotations that go for it."""
        node: Any = self.schema
        rule: dict[str, Any] = {key: node[key] for key in _VOICE if key in node}
        for token in failure.keyword_at[:-1]:
            node = node[token]
            if isinstance(node, dict):
                rule.update({key: node[key] for key in _VOICE if key in node})
        return node, rule

    def _put(self, code: str, at: Place, **told: Any) -> Finding:  # noqa: ANN401  (whatever the sentences of the code need)
        return wording.finding(self.catalogue, code, pointer.write(at), **told)

    def _missing(self, at: Place, rule: Mapping[str, Any]) -> Finding:
        described = describing(self.schema, at) or {}
        return self._put(
            str(rule.get("x-code", "schema.required")),
            at,
            rule=rule,
            name=wording.shown(at[-1]),
            description=described.get("description", ""),
        )

    def _stray(self, ad: object, at: Place, right: Place | None, around: Schema) -> Finding:
        """Report a field that is not described."""
        if right is None:
            return self._put("field.unknown", at, rule={"x-source": around["x-source"]}, name=wording.shown(at[-1]))
        described = describing(self.schema, right) or around
        mend = "given" if _has(ad, right) else "rename" if right[:-1] == at[:-1] else ""
        return self._put(
            "field.misnamed",
            at,
            rule={"x-source": described["x-source"]},
            mend=mend,
            name=wording.shown(at[-1]),
            right=wording.shown(right[-1]),
            place=pointer.write(right),
        )

    def _right_place(self, ad: object, within: Place, name: str) -> Place | None:
        """Return the place of the field that a wrong name stands for: a known wrong name, or nearly the name of a field."""
        around = describing(self.schema, within) or {}
        beside = [field for field, node in around["properties"].items() if welcome(node)]
        word = spelling.folded(name)
        known = self.catalogue.names.get(word)
        if known is not None and describing(self.schema, known) is not None:
            return known
        near = spelling.nearest(name, beside)
        if near is not None:
            return (*within, near) if not _has(ad, (*within, near)) else None
        if len(word) < spelling.DISTINCT:
            return None
        found = self._places.get(word) or self._places.get(spelling.nearest(name, self._places) or "", ())
        return found[0] if len(found) == 1 and not _has(ad, found[0]) else None

    def _fault(self, failure: Failure, node: Schema, rule: Mapping[str, Any], value: object) -> Finding:
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
        return self._put(
            str(rule.get("x-code", f"schema.{keyword}")),
            failure.at,
            rule=rule,
            case=case,
            mend=mend,
            value=wording.Shown(value, self.catalogue, private=private(self.schema, failure.at)),
            limit=limit,
            choices=wording.listed(limit),
            got=type(value).__name__,
            **told,
        )

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


def _precedence(failure: Failure) -> tuple[int, Place]:
    keyword = failure.keyword_at[-1]
    return (_FIRST.index(keyword) if keyword in _FIRST else len(_FIRST)), tuple(map(str, failure.keyword_at))


def _retyped(value: object, wanted: str, described: Schema) -> tuple[str, str]:
    """Say how a value of the wrong type can be sent: the case of the hint, and what fills it."""
    if value is None:
        return "null", ""
    if wanted == "object":
        members = [name for fact in facts(described) for name in fact.get("required", ())]
        return ("members", " and ".join(members)) if members else ("", "")
    if wanted == "array":
        return "list", ""
    if wanted == "string":
        return ("quote", "") if isinstance(value, int | float) else ("", "")
    if isinstance(value, str):
        try:
            bare = json.loads(value)
        except ValueError:
            return "", ""
        if isinstance(bare, _SCALARS[wanted]):
            return "unquote", ""
    return "", ""


def _has(ad: object, at: Place) -> bool:
    try:
        pointer.get(ad, at)
    except LookupError:
        return False
    return True


def _order(ad: object, at: Place) -> tuple[int, ...]:
    """Return where a place stands among all places of an ad; what is missing stands where its object begins."""
    order = []
    here = ad
    for token in at:
        if isinstance(here, dict):
            order.append(list(here).index(token) + 1 if token in here else 0)
            here = here.get(token)
        elif isinstance(here, list):
            order.append(int(token) + 1)
            here = here[int(token)]
    return tuple(order)
