"""What an ad has to be asked before it is one of another edition, and what becomes of the answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from v4schema import spelling
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.catalogue.quantities import QuantityKind
from v4schema.conversion.mappings import CategoryMapping as CategoryMapping
from v4schema.conversion.mappings import Rule
from v4schema.dialect import engines, patterns
from v4schema.dialect.fields import (
    Schema,
    choices,
    errors_only,
    example,
    is_private,
    recommended,
    required_places,
    subschema_at,
    types,
    walk,
)
from v4schema.document import pointer
from v4schema.document.edit import SourceMap, vacancy, with_value
from v4schema.document.pointer import Place
from v4schema.normalisation.transform import ChangeRecord, FieldContext, Transformer, Within, to_finding
from v4schema.reading.identify import first_non_json

#: What stands between several answers to one question: between words that are listed, and between any others.
_BETWEEN_WORDS, _BETWEEN = re.compile(r"[,;|+/&\n]"), re.compile(r"[;|\n]")

#: From a longer text nothing is suggested: it is no headline.
_LONGEST = 1_000

#: Answers that say nothing.
BLANK_ANSWERS = {"", "-", "\N{EN DASH}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A field that an ad has to be asked for.

    `at` is a JSON Pointer into the new ad. `description`, `choices` (the allowed values that no rule warns of, empty where any
    value goes), `unit` (such as ``km or mil``; None where there is none) and `example` are those of the edition that the ad
    comes to; `several` is whether it takes a list, `plain` whether a cell of a table can hold an answer. `why` says why the ad
    does not have it, `source` has the codes of the documents that want it. One that is not `required` is only expected: the ad
    is valid without it. `suggestion` is what the given ad may say of it in other words: read from its title, never filled in.
    """

    at: str
    description: str
    choices: Sequence[object] = ()
    unit: str | None = None
    example: str | None = None
    several: bool = False
    plain: bool = True
    why: str = ""
    source: tuple[str, ...] = ()
    required: bool = True
    suggestion: str | None = field(default=None, repr=False)

    @property
    def place(self) -> tuple[str, ...]:
        """The place in the new ad."""
        return pointer.parse(self.at)

    @property
    def allowed(self) -> str:
        """What may be answered, in a line, such as ``gasoline, diesel, electric or hybrid, several with commas between``."""
        told = [messages.join_plain(self.choices)] if self.choices else []
        if self.several:
            told.append("several with commas between" if self.choices else "several with semicolons between")
        if self.unit:
            told.append(f"the number with its unit, {self.unit}")
        if self.example and not self.choices:
            told.append(f"for example {self.example}")
        return ", ".join(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerResult:
    """An ad with the answers that were filled in, what there is to say of them, and those that the schema does not take.

    Those are told by their places, each with the answer as it was given, what it was read as, and why steps left it as it was,
    if they did.
    """

    ad: Any = field(repr=False)
    entries: Sequence[ChangeRecord] = ()
    refused: Mapping[Place, tuple[object, object, str | None]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Questionnaire:
    """What ads of one kind are asked, by their flat schema and the mapping that makes them."""

    catalogue: Catalogue
    mapping: CategoryMapping
    schema: Schema
    quantity_kinds: Mapping[str, QuantityKind]

    def missing(self, ad: object, given: object = None) -> Iterator[Question]:
        """Yield what an ad is still to be asked; what is only expected as well. Suggestions are read from the `given` one."""
        for ask in self.questions:
            if not pointer.exists(ad, ask.place) or pointer.get(ad, ask.place) is None:
                suggestion = self._suggested(given, ask)
                yield ask if suggestion is None else replace(ask, suggestion=suggestion)

    @cached_property
    def questions(self) -> Sequence[Question]:
        """All that an ad may be asked, in the order of the schema."""
        rules = self._rules
        questions = []
        for at, demand in required_places(self.schema):
            node, rule = subschema_at(self.schema, at) or {}, rules.get(at)
            item = node.get("items", {})
            lists = node if choices(node) else item
            questions.append(
                Question(
                    at=pointer.write(at),
                    description=node.get("description", ""),
                    choices=(True, False) if types(node) == ["boolean"] else tuple(recommended(lists, choices(lists))),
                    unit=self._unit(node),
                    example=self._example(node),
                    several="items" in node,
                    plain=self._plain(node),
                    why=rule.why if rule else "",
                    source=tuple(demand.get("x-source", ())),
                    required="x-level" not in demand,
                )
            )
        return questions

    @cached_property
    def _rules(self) -> Mapping[tuple[str, ...] | None, Rule]:
        return {rule.to: rule for rule in self.mapping.rules if rule.does == "ask"}

    def _suggested(self, given: object, ask: Question) -> str | None:
        """Return the one thing that the given ad may say of a field in other words, if the field would take it."""
        rule = self._rules.get(ask.place)
        found: set[str] = set()
        for suggestion in rule.suggest if rule else ():
            text = pointer.text(given, suggestion.at) or ""
            if not is_private(self.schema, ask.place):  # no part of a number or a plate is a suggestion
                text = self.catalogue.unlabelled.sub(",", text) if len(text) <= _LONGEST else text
            found.update(
                patterns.bounded(suggestion.pattern).findall(spelling.single_spaced(text)) if len(text) <= _LONGEST else ()
            )
        if len(found) != 1:
            return None
        told = self.answered({}, {ask.at: next(iter(found)).strip()}).entries
        return str(told[0].before) if told else None

    def answered(self, ad: Any, answers: Mapping[str, object]) -> AnswerResult:  # noqa: ANN401  (any JSON)
        """Fill answers in, by their JSON Pointers, where the ad has nothing; they are read as the normaliser reads ads.

        A blank answer is none.
        """
        entries: list[ChangeRecord] = []
        refused: dict[Place, tuple[object, object, str | None]] = {}
        told = self._told(answers, entries, refused)
        skeleton: Any = {}
        for place, value in told.items():
            skeleton = with_value(skeleton, place, value)
        steps: list[ChangeRecord] = []
        read = self._visit(skeleton, (), steps)
        why = {entry.at: to_finding(entry, SourceMap(), self.catalogue)[1].message for entry in steps if not entry.done}
        for place in told:
            given, value = answers[pointer.write(place)], pointer.get(read, place)
            left = next((message for at, message in why.items() if at[: len(place)] == place), None)
            if vacancy(ad, place) is None:
                if not pointer.exists(ad, place) or pointer.get(ad, place) != value:
                    entries.append(self._entry("answer.unasked", place, given))
            elif left is not None or not self._takes(place, value):
                refused[place] = given, value, left
            else:
                ad = with_value(ad, place, value)
                entries.append(self._entry("answer.given", place, given, value, done=True))
        return AnswerResult(ad=ad, entries=entries, refused=refused)

    def _told(
        self, answers: Mapping[str, object], entries: list[ChangeRecord], refused: dict[Place, tuple[object, object, str | None]]
    ) -> dict[tuple[str, ...], object]:
        """Return the answers that say something of a field, by places; what is wrong with the others goes where it belongs."""
        told: dict[tuple[str, ...], object] = {}
        for at in sorted(answers, key=lambda at: (self._ranks.get(pointer.parse(str(at)), len(self._ranks)), str(at))):
            value, place = answers[at], pointer.parse(str(at))
            node = self._field(place)
            if not place or node is None:
                name = {"name": self._named(place, str(at)), "kind": str(self.mapping.wanted)}
                entries.append(
                    ChangeRecord(at=place, spot=_NOWHERE, code="answer.unknown_field", told=name, before=value, done=False)
                )
            elif first_non_json(value) is not None:
                refused[place] = value, None, str(self.catalogue.findings["json.unspeakable"]["message"])
            elif not (value is None or (isinstance(value, str) and value.strip() in BLANK_ANSWERS)):
                other = next((each for each in told if each == place[: len(each)] or each[: len(place)] == place), None)
                if other is None:
                    told[place] = self._several(node, value)
                else:
                    refused[place] = value, None, f"There is an answer to {pointer.write(other)} as well."
        return told

    def _named(self, place: Place, at: str) -> str:
        """Write what an answer calls a field, if it may be shown."""
        told = privacy.masked_pointer(self.catalogue, place) if place else privacy.display_word(at)
        return messages.short_json(told)

    def _entry(self, code: str, place: Place, given: object, value: object = None, *, done: bool = False) -> ChangeRecord:
        spot = FieldContext(node=subschema_at(self.schema, place) or {}, hidden=is_private(self.schema, place))
        return ChangeRecord(at=place, spot=spot, code=code, told={}, before=given, after=value, done=done)

    @cached_property
    def _ranks(self) -> Mapping[Place, int]:
        """The order of fields: first what is asked, in its order, then the others in that of the schema."""
        places = dict.fromkeys([*(ask.place for ask in self.questions), *(at for at, _ in walk(self.schema))])
        return {at: rank for rank, at in enumerate(places)}

    def _several(self, node: Schema, value: object) -> object:
        """Return an answer as a list takes it, if it is text for one."""
        if "items" not in node or not isinstance(value, str):
            return value
        between = _BETWEEN_WORDS if choices(node["items"]) else _BETWEEN
        return [text for text in between.split(value) if text.strip()]

    def _plain(self, node: Schema) -> bool:
        """Tell whether a line of text can be an answer: not to an object that is no quantity, nor to a list of objects."""
        if "items" in node:
            return self._plain(node["items"])
        return "properties" not in node or any("quantity" in step for step in node.get("x-normalise", ()))

    def _field(self, place: Place) -> Schema | None:
        """Return what describes a field that stands in no array, or None if there is none."""
        node: Schema | None = self.schema
        for token in place:
            node = node and node.get("properties", {}).get(token)
        return node

    def _takes(self, place: Place, value: object) -> bool:
        return engines.compile_schema(errors_only(subschema_at(self.schema, place) or {})).accepts(value)

    @cached_property
    def _visit(self) -> Within:
        """What the steps of the schema do, at every field."""
        return Transformer(
            schema=self.schema,
            words=self.catalogue.words,
            quantity_kinds=self.quantity_kinds,
            fields=lambda node: node["properties"],
        ).compiled()

    def _unit(self, node: Schema) -> str | None:
        """Return the units that a quantity is given in, or the one that a bare number is in."""
        named = self.catalogue.units["members"]["unit"]
        units = choices(node.get("properties", {}).get(named, {}))
        return messages.join_plain(units) if units else node.get("x-unit")

    def _example(self, node: Schema) -> str | None:
        """Return an example as it is written in a line."""
        value = example(node)
        members = self.catalogue.units["members"]
        if isinstance(value, dict):
            return " ".join(str(value[members[name]]) for name in ("value", "unit") if members[name] in value) or None
        if isinstance(value, list):
            return None if any(isinstance(item, dict | list) for item in value) else "; ".join(map(str, value))
        return None if value is None else str(value)


#: What is said of a field that there is not.
_NOWHERE = FieldContext(node={"x-source": ()}, hidden=True)
