"""Where under ``schemas/`` something is said about one field: in its layers, in the rules in them, in the tables they read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from v4schema import plausibility
from v4schema.catalogue import Catalogue
from v4schema.dialect.fields import BOUNDS, Schema, apart, is_assertion, subschema_at
from v4schema.document import positions
from v4schema.document.pointer import EVERY, Token, write
from v4schema.errors import UnknownName
from v4schema.findings.report import Kind

#: What only leads to other keywords, is read together with one beside it, or says nothing about values.
_LEADING = {
    "properties",
    "items",
    "allOf",
    "$ref",
    "$defs",
    "$schema",
    "$id",
    "$comment",
    "if",
    "then",
    "minContains",
    "maxContains",
}
#: Annotations that become assertions.
_ASSERTING = {"x-category", "x-unique", "x-years-ahead", "x-years-back"}
#: Annotations that go for what stands beside them, and are told with it.
_VOICE = {"x-source", "x-level", "x-code", "x-message", "x-hint", "x-operations"}
_CATALOGUE = "catalogue.json"
_PLAUSIBILITY = "plausibility.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one line of a file says about a field: a keyword and its value, and on whose word.

    `file` is the path below ``schemas/`` and `within` the way to the keyword in it. `level` is how grave a failure is, None where
    nothing can fail. It is `conditional` where it follows from an ``if``. `about` tells what a row of a table is about.
    """

    file: str
    within: tuple[Token, ...]
    keyword: str
    value: object
    source: Sequence[str] = ()
    level: str | None = None
    code: str | None = None
    conditional: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A part of a schema and where it stands."""

    node: Schema
    file: str
    within: tuple[Token, ...]

    def below(self, *tokens: Token) -> "_Layer":
        """Return the part that some steps lead to."""
        node: Any = self.node
        for token in tokens:
            node = node[token]
        return replace(self, node=node, within=(*self.within, *tokens))


def field(catalogue: Catalogue, kind: Kind, operation: str, at: Sequence[str]) -> tuple[str, ...]:
    """Return the place of the field that a place in an ad means: ``*`` for any number of an item.

    Raises `v4schema.errors.UnknownName` where no field is described.
    """
    place: tuple[str, ...] = ()
    here = catalogue.schema(kind, operation)
    for token in at:
        names = [*here.get("properties", ()), *([EVERY] * ("items" in here))]
        step = EVERY if token.isdecimal() else token
        if step not in names:
            near = [(*place, name) for name in names] or [place]
            raise UnknownName(f"field of {kind}", write((*place, step)), map(write, near))
        here = here["items"] if step == EVERY else here["properties"][step]
        place = (*place, step)
    return place


def statements(catalogue: Catalogue, kind: Kind, operation: str, place: tuple[str, ...]) -> Iterator[Statement]:
    """Yield what the files say about a field: first its own layers, then the rules about it, those around it last."""
    yield from _Reading(catalogue, kind, operation).about(place)


def line(catalogue: Catalogue, statement: Statement) -> int:
    """Return the line that a statement stands in, from 1."""
    found = positions.positions(catalogue.text(statement.file)).nearest(statement.within)
    return (found.name or found.value).line if found else 1


class _Reading:
    """The layers of one kind of ads, for an operation."""

    def __init__(self, catalogue: Catalogue, kind: Kind, operation: str) -> None:
        self._catalogue = catalogue
        self._kind = kind
        self._operation = operation
        self._edition = catalogue.edition(kind.version)
        self._category = self._edition.categories[kind.category] if kind.category else None

    def about(self, place: tuple[str, ...]) -> Iterator[Statement]:
        """Yield what is said about a place: by its own layers, by the rules in them, and by those around it."""
        around = subschema_at(self._catalogue.schema(self._kind, self._operation), place[:-1]) or {}
        partial = self._edition.operations[self._operation].partial
        told = []
        layers = self._levels(place)
        told += self._own(layers[-1])
        for depth, several in reversed([*enumerate(layers)]):
            for layer in several:
                for rule in self._rules(layer):
                    told += self._spoken(rule, place[depth:], self._voice(rule))
                if place[depth:] and not place[depth + 1 :]:
                    told += self._required(layer, place[-1], {"x-source": around.get("x-source", ()), **self._voice(layer)})
        free = partial and "x-atomic" not in around
        return (each for each in told if not (free and each.keyword == "required"))

    def _levels(self, place: tuple[str, ...]) -> list[list[_Layer]]:
        """Return the layers of the ad, and of each field on the way to a place, the lowest first."""
        file = (self._category.schema if self._category else None) or self._edition.schema
        levels = [[*self._laid(_Layer(node=self._catalogue.read(file), file=file, within=()))]]
        for token in place:
            below: list[_Layer] = []
            for layer in levels[-1]:
                if token == EVERY and "items" in layer.node:
                    below += self._laid(layer.below("items"))
                elif token in layer.node.get("properties", ()):
                    below += self._laid(layer.below("properties", token))
            levels.append(below)
        return levels

    def _laid(self, layer: _Layer) -> Iterator[_Layer]:
        """Yield the layers below a layer, and itself."""
        if "$ref" in layer.node:
            yield from self._laid(self._referred(layer))
        for index, branch in enumerate(layer.node.get("allOf", ())):
            if not apart(self._voice(layer.below("allOf", index)), branch):
                yield from self._laid(layer.below("allOf", index))
        yield layer

    def _referred(self, layer: _Layer) -> _Layer:
        node, file = self._catalogue.resolved(layer.node["$ref"], layer.file)
        return _Layer(node=node, file=file, within=tuple(layer.node["$ref"].partition("#")[2].split("/")[1:]))

    def _voice(self, layer: _Layer) -> Mapping[str, Any]:
        """Return the members of a part of a schema, with those of what it refers to."""
        below = self._voice(self._referred(layer)) if "$ref" in layer.node else {}
        return {**below, **layer.node}

    def _rules(self, layer: _Layer) -> Iterator[_Layer]:
        """Yield the rules of a layer that hold for the operation."""
        for index, branch in enumerate(layer.node.get("allOf", ())):
            rule = layer.below("allOf", index)
            voice = self._voice(rule)
            if apart(voice, branch) and self._operation in voice.get("x-operations", (self._operation,)):
                yield rule

    def _own(self, layers: Sequence[_Layer]) -> list[Statement]:
        """Return what the layers of a field say themselves, each with the documents that it comes to rest on."""
        told: list[tuple[Statement, Sequence[str]]] = []
        source: Sequence[str] = ()
        standing = False
        for layer in layers:
            own, said = layer.node.get("x-source", ()), [*self._said(layer, layer.node)]
            asserted = any(map(is_assertion, layer.node.keys() - _LEADING))
            stays_apart = asserted and standing and source and own and own != source
            told += [(each, own if stays_apart else ()) for each in said]
            source = source if stays_apart else own or source
            standing = standing or asserted
        return [each if each.about else replace(each, source=apart_from or source) for each, apart_from in told]

    def _spoken(
        self, rule: _Layer, rest: tuple[str, ...], voice: Mapping[str, Any], *, conditional: bool = False
    ) -> Iterator[Statement]:
        """Yield what a rule says about the place that some steps lead to."""
        node = rule.node
        if not rest:
            yield from self._said(rule, voice, conditional=conditional)
        elif len(rest) == 1:
            yield from self._required(rule, rest[0], voice, conditional=conditional)
        if "$ref" in node:
            yield from self._spoken(self._referred(rule), rest, voice, conditional=conditional)
        if "then" in node:
            yield from self._spoken(rule.below("then"), rest, voice, conditional=True)
        if rest and rest[0] in node.get("properties", ()):
            yield from self._spoken(rule.below("properties", rest[0]), rest[1:], voice, conditional=conditional)
        if rest and rest[0] == EVERY and "items" in node:
            yield from self._spoken(rule.below("items"), rest[1:], voice, conditional=conditional)

    def _required(self, layer: _Layer, name: str, voice: Mapping[str, Any], *, conditional: bool = False) -> Iterator[Statement]:
        """Yield that a member is required, if it is."""
        if name in layer.node.get("required", ()):
            yield self._statement(layer, "required", name, voice, conditional=conditional)

    def _said(self, layer: _Layer, voice: Mapping[str, Any], *, conditional: bool = False) -> Iterator[Statement]:
        """Yield the assertions and annotations of a part of a schema, and the rows of tables that they stand for."""
        for keyword, value in layer.node.items():
            if keyword == "x-plausible":
                yield from self._plausible(layer, value, voice, conditional=conditional)
            elif keyword == "x-category":
                yield from self._number(self._statement(layer, keyword, value, voice, conditional=conditional))
            elif keyword not in _LEADING | _VOICE and (is_assertion(keyword) or keyword.startswith("x-")):
                yield self._statement(layer, keyword, value, voice, conditional=conditional)

    def _statement(self, layer: _Layer, keyword: str, value: object, voice: Mapping[str, Any], *, conditional: bool) -> Statement:
        return Statement(
            file=layer.file,
            within=(*layer.within, keyword),
            keyword=keyword,
            value=value,
            source=voice.get("x-source", ()),
            level=voice.get("x-level", "error") if is_assertion(keyword) or keyword in _ASSERTING else None,
            code=voice.get("x-code"),
            conditional=conditional,
        )

    def _plausible(
        self, layer: _Layer, asked: Mapping[str, str], voice: Mapping[str, Any], *, conditional: bool
    ) -> Iterator[Statement]:
        """Yield the limits that the table of what is plausible has for the category, each with its row."""
        for which, keyword in BOUNDS.items():
            unit = asked.get("in", layer.node.get("x-unit"))
            limit = self._catalogue.plausible(self._kind.category, asked[which], which, unit) if which in asked else None
            if limit is None:
                continue
            told = self._statement(layer, keyword, limit, voice, conditional=conditional)
            yield replace(told, within=(*layer.within, "x-plausible", which))
            quantity_kind = self._catalogue.read(_PLAUSIBILITY)["measures"][asked[which]]
            way, number = plausibility.row(quantity_kind, self._kind.category, which) or ((), 0)
            yield replace(
                told,
                file=_PLAUSIBILITY,
                within=("measures", asked[which], *way),
                keyword=which,
                value=number,
                source=quantity_kind["source"],
                conditional=False,
                about=" in ".join(filter(None, [asked[which], quantity_kind.get("unit")])),
            )

    def _number(self, told: Statement) -> Iterator[Statement]:
        """Yield that the number of the category is wanted, and where it stands; nothing for ads that have none to name."""
        if self._category is None or self._category.schema is None:
            return
        yield told
        editions = [edition["name"] for edition in self._catalogue.read(_CATALOGUE)["editions"]]
        categories = [*self._edition.categories]
        yield Statement(
            file=_CATALOGUE,
            within=("editions", editions.index(self._edition.name), "categories", categories.index(self._category.slug), "id"),
            keyword="id",
            value=self._category.id,
            source=self._category.source,
            about=str(self._kind),
        )
