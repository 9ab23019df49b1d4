"""Where the rules about a field come from: the files and lines of its layers, of their rules, and of the tables that they use."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from v4schema.catalogue import Catalogue, plausibility
from v4schema.dialect.fields import Schema, subschema_at
from v4schema.dialect.flatten import PLAUSIBLE_BOUNDS, is_separate
from v4schema.dialect.keywords import DEPENDENT, KEYWORDS, REPORTING, Role, is_assertion, names
from v4schema.document import positions
from v4schema.document.pointer import EVERY, Token, write
from v4schema.errors import UnknownName
from v4schema.findings.report import Kind

#: Keywords that say nothing about values by themselves.
_STRUCTURE = names(Role.APPLICATOR, Role.IDENTITY) | DEPENDENT
#: Annotations about the assertions beside them, which are listed with those.
_REPORTING = REPORTING | {"x-operations"}
_CATALOGUE = "catalogue.json"
_PLAUSIBILITY = "plausibility.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one line of a file says about a field: a keyword, its value, and the documents that it rests on.

    `file` is the path below ``schemas/`` and `within` the place of the keyword in it. `level` is the level of a failure, None
    where nothing can fail. `condition` is the schema under the ``if`` that a statement follows from, without references. `about`
    describes a row of a table, or names the schema that a keyword refers to.
    """

    file: str
    within: tuple[Token, ...]
    keyword: str
    value: object
    source: Sequence[str] = ()
    level: str | None = None
    code: str | None = None
    condition: Schema | None = None
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """A part of a schema, and where it is."""

    node: Schema
    file: str
    within: tuple[Token, ...]

    def below(self, *tokens: Token) -> "_Layer":
        """Return the part at some tokens below."""
        node: Any = self.node
        for token in tokens:
            node = node[token]
        return replace(self, node=node, within=(*self.within, *tokens))


def field(catalogue: Catalogue, kind: Kind, operation: str, at: Sequence[str]) -> tuple[str, ...]:
    """Return the place of a field, with ``*`` for the index of an item.

    Raises `v4schema.errors.UnknownName` for an undescribed field.
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
    """Yield what the files say about a field: its own layers first, then the rules about it, from the inside out."""
    yield from _Layers(catalogue, kind, operation).about(place)


def line(catalogue: Catalogue, statement: Statement) -> int:
    """Return the line of a statement, from 1."""
    found = positions.positions(catalogue.text(statement.file)).nearest(statement.within)
    return (found.name or found.value).line if found else 1


class _Layers:
    """The layers of one kind of ad, for an operation."""

    def __init__(self, catalogue: Catalogue, kind: Kind, operation: str) -> None:
        self._catalogue = catalogue
        self._kind = kind
        self._operation = operation
        self._edition = catalogue.edition(kind.version)
        self._category = self._edition.categories[kind.category] if kind.category else None

    def about(self, place: tuple[str, ...]) -> Iterator[Statement]:
        """Yield the statements about a place: of its own layers, of the rules in them, and of the enclosing ones."""
        around = subschema_at(self._catalogue.schema(self._kind, self._operation), place[:-1]) or {}
        partial = self._edition.operations[self._operation].partial
        found: list[Statement] = []
        layers = self._levels(place)
        found += self._own(layers[-1])
        for depth, several in reversed([*enumerate(layers)]):
            for layer in several:
                for rule in self._rules(layer):
                    found += self._of_rule(rule, place[depth:], self._merged(rule))
                if place[depth:] and not place[depth + 1 :]:
                    found += self._required(layer, place[-1], {"x-source": around.get("x-source", ()), **self._merged(layer)})
        free = partial and "x-atomic" not in around
        return (each for each in found if not (free and each.keyword == "required"))

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
        """Yield the layers that a layer refers to, then itself."""
        if "$ref" in layer.node:
            yield from self._laid(self._referred(layer))
        for index, branch in enumerate(layer.node.get("allOf", ())):
            if not is_separate(self._merged(layer.below("allOf", index)), branch):
                yield from self._laid(layer.below("allOf", index))
        yield layer

    def _referred(self, layer: _Layer) -> _Layer:
        node, file = self._catalogue.resolved(layer.node["$ref"], layer.file)
        return _Layer(node=node, file=file, within=tuple(layer.node["$ref"].partition("#")[2].split("/")[1:]))

    def _merged(self, layer: _Layer) -> Mapping[str, Any]:
        """Return the members of a part of a schema, merged with those that it refers to."""
        below = self._merged(self._referred(layer)) if "$ref" in layer.node else {}
        return {**below, **layer.node}

    def _rules(self, layer: _Layer) -> Iterator[_Layer]:
        """Yield the rules of a layer that apply to the operation."""
        for index, branch in enumerate(layer.node.get("allOf", ())):
            rule = layer.below("allOf", index)
            annotations = self._merged(rule)
            if is_separate(annotations, branch) and self._operation in annotations.get("x-operations", (self._operation,)):
                yield rule

    def _own(self, layers: Sequence[_Layer]) -> list[Statement]:
        """Return the statements of the layers of a field, each with the documents that it rests on in the end."""
        found: list[tuple[Statement, Sequence[str]]] = []
        source: Sequence[str] = ()
        standing = False
        for layer in layers:
            own, statements = layer.node.get("x-source", ()), [*self._of_node(layer, layer.node)]
            asserted = any(map(is_assertion, layer.node.keys() - _STRUCTURE))
            stays_apart = asserted and standing and source and own and own != source
            found += [(each, own if stays_apart else ()) for each in statements]
            source = source if stays_apart else own or source
            standing = standing or asserted
        return [each if each.about else replace(each, source=apart_from or source) for each, apart_from in found]

    def _of_rule(
        self, rule: _Layer, rest: tuple[str, ...], annotations: Mapping[str, Any], *, condition: Schema | None = None
    ) -> Iterator[Statement]:
        """Yield what a rule says about the place at some tokens below."""
        node = rule.node
        if not rest:
            yield from self._of_node(rule, annotations, condition=condition)
        elif len(rest) == 1:
            yield from self._required(rule, rest[0], annotations, condition=condition)
        if "$ref" in node:
            yield from self._of_rule(self._referred(rule), rest, annotations, condition=condition)
        if "then" in node:
            yield from self._of_rule(rule.below("then"), rest, annotations, condition=self._condition(rule.below("if")))
        if rest and rest[0] in node.get("properties", ()):
            yield from self._of_rule(rule.below("properties", rest[0]), rest[1:], annotations, condition=condition)
        if rest and rest[0] == EVERY and "items" in node:
            yield from self._of_rule(rule.below("items"), rest[1:], annotations, condition=condition)

    def _condition(self, layer: _Layer) -> Schema:
        """Return the schema of a condition, without references."""
        below = self._condition(self._referred(layer)) if "$ref" in layer.node else {}
        own = {keyword: value for keyword, value in layer.node.items() if keyword != "$ref"}
        if "not" in own:
            own["not"] = self._condition(layer.below("not"))
        members = {name: self._condition(layer.below("properties", name)) for name in own.get("properties", ())}
        return {**below, **own, "properties": {**below.get("properties", {}), **members}}

    def _required(
        self, layer: _Layer, name: str, annotations: Mapping[str, Any], *, condition: Schema | None = None
    ) -> Iterator[Statement]:
        """Yield the statement that a member is required, if it is."""
        if name in layer.node.get("required", ()):
            yield self._statement(layer, "required", name, annotations, condition=condition)

    def _of_node(self, layer: _Layer, annotations: Mapping[str, Any], *, condition: Schema | None = None) -> Iterator[Statement]:
        """Yield the assertions and annotations of a part of a schema, and the rows of tables that they refer to."""
        for keyword, value in layer.node.items():
            if keyword == "x-plausible":
                yield from self._plausible(layer, value, annotations, condition=condition)
            elif keyword == "x-category":
                yield from self._number(self._statement(layer, keyword, value, annotations, condition=condition))
            elif keyword not in _STRUCTURE | _REPORTING and (is_assertion(keyword) or keyword.startswith("x-")):
                statement = self._statement(layer, keyword, value, annotations, condition=condition)
                yield statement
                if isinstance(value, dict) and "$ref" in value:
                    yield self._referred_value(statement, layer.below(keyword))

    def _statement(
        self, layer: _Layer, keyword: str, value: object, annotations: Mapping[str, Any], *, condition: Schema | None
    ) -> Statement:
        return Statement(
            file=layer.file,
            within=(*layer.within, keyword),
            keyword=keyword,
            value=value,
            source=annotations.get("x-source", ()),
            level=annotations.get("x-level", "error") if is_assertion(keyword) or KEYWORDS[keyword].becomes else None,
            code=annotations.get("x-code"),
            condition=condition,
        )

    def _referred_value(self, statement: Statement, layer: _Layer) -> Statement:
        """Return the statement about the schema that the value of a keyword refers to."""
        referred = self._referred(layer)
        value = {name: each for name, each in referred.node.items() if is_assertion(name) or name == "properties"}
        return replace(
            statement, file=referred.file, within=referred.within, value=value, about=layer.node["$ref"].rpartition("/")[2]
        )

    def _plausible(
        self, layer: _Layer, measures: Mapping[str, str], annotations: Mapping[str, Any], *, condition: Schema | None
    ) -> Iterator[Statement]:
        """Yield the plausible limits of the category, each with its row in the table."""
        for which, keyword in PLAUSIBLE_BOUNDS.items():
            unit = measures.get("in", layer.node.get("x-unit"))
            limit = self._catalogue.plausible(self._kind.category, measures[which], which, unit) if which in measures else None
            if limit is None:
                continue
            statement = self._statement(layer, keyword, limit, annotations, condition=condition)
            yield replace(statement, within=(*layer.within, "x-plausible", which))
            measure = self._catalogue.read(_PLAUSIBILITY)["measures"][measures[which]]
            place, number = plausibility.find(measure, self._kind.category, which) or ((), 0)
            yield replace(
                statement,
                file=_PLAUSIBILITY,
                within=("measures", measures[which], *place),
                keyword=which,
                value=number,
                source=measure["source"],
                condition=None,
                about=" in ".join(filter(None, [measures[which], measure.get("unit")])),
            )

    def _number(self, statement: Statement) -> Iterator[Statement]:
        """Yield the statement about the number of the category, and where the number is; nothing for ads without a category."""
        if self._category is None or self._category.schema is None:
            return
        yield statement
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
