"""Questions that an ad has to be asked before it is an ad of another edition, and the answers to them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from v4schema import spelling
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.catalogue.quantities import QuantityKind
from v4schema.conversion.mappings import CategoryMapping, Rule
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
from v4schema.document.edit import vacancy, with_value
from v4schema.document.json_value import first_non_json
from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap
from v4schema.normalisation.transform import ChangeRecord, Transformer, Within, to_finding

#: What separates several answers to one question: words from a list, and any other answers.
_WORD_SEPARATORS, _SEPARATORS = re.compile(r"[,;|+/&\n]"), re.compile(r"[;|\n]")

#: Longer texts are no headlines: nothing is suggested from them.
_LONGEST = 1_000

#: Answers that say nothing.
BLANK_ANSWERS = {"", "-", "\N{EN DASH}"}

#: By the places of refused answers: the answer as it was given, the value it was read as, and why steps left it undecided.
Refusals = Mapping[Place, tuple[object, object, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a field that a new ad lacks.

    `at` is a JSON Pointer into the new ad. `description`, `choices` (the values without a warning; empty where any value goes),
    `unit` (such as ``km or mil``; None where there is none) and `example` are those of the target edition. `several` is whether
    the field takes a list, `fits_cell` whether a cell of a table can hold an answer. `why` says why the ad lacks the field,
    `source` has the codes of the documents that want it. Without an answer to a `required` question the ad is not valid;
    without any other answer, there is only a warning. `suggestion` is what the title of the given ad may say; it is never
    filled in.
    """

    at: str
    description: str
    choices: Sequence[object] = ()
    unit: str | None = None
    example: str | None = None
    several: bool = False
    fits_cell: bool = True
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
        """The allowed answers in one line, such as ``gasoline, diesel or electric, several with commas between``."""
        parts = [messages.join_plain(self.choices)] if self.choices else []
        if self.several:
            parts.append("several with commas between" if self.choices else "several with semicolons between")
        if self.unit:
            parts.append(f"the number with its unit, {self.unit}")
        if self.example and not self.choices:
            parts.append(f"for example {self.example}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerResult:
    """An ad with the answers that were filled in, records about all answers, and the answers that the schema refuses."""

    ad: Any = field(repr=False)
    records: Sequence[ChangeRecord] = ()
    refused: Refusals = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Questionnaire:
    """The questions that ads of one kind are asked, by the flat schema of the target kind and the mapping to it."""

    catalogue: Catalogue
    mapping: CategoryMapping
    schema: Schema
    quantity_kinds: Mapping[str, QuantityKind]

    def missing(self, ad: object, given: object = None) -> Iterator[Question]:
        """Yield the questions that an ad still has to be asked, optional ones too, with suggestions from the `given` ad."""
        for question in self.questions:
            if not pointer.exists(ad, question.place) or pointer.get(ad, question.place) is None:
                suggestion = self._suggestion(given, question)
                yield question if suggestion is None else replace(question, suggestion=suggestion)

    @cached_property
    def questions(self) -> Sequence[Question]:
        """All questions that an ad may be asked, in the order of the schema."""
        questions = []
        for at, requirement in required_places(self.schema):
            node, rule = subschema_at(self.schema, at) or {}, self._rules.get(at)
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
                    fits_cell=self._fits_cell(node),
                    why=rule.why if rule else "",
                    source=tuple(requirement.get("x-source", ())),
                    required="x-level" not in requirement,
                )
            )
        return questions

    def answer(self, ad: Any, answers: Mapping[str, object]) -> AnswerResult:  # noqa: ANN401  (any JSON)
        """Fill in answers, by their JSON Pointers, where the ad has no value. Answers are read as the normaliser reads values.

        A blank answer is no answer.
        """
        records: list[ChangeRecord] = []
        refused: dict[Place, tuple[object, object, str | None]] = {}
        usable = self._usable(answers, records, refused)
        skeleton: Any = {}
        for place, value in usable.items():
            skeleton = with_value(skeleton, place, value)
        steps: list[ChangeRecord] = []
        read = self._visit(skeleton, (), steps)
        undecided = {each.at: to_finding(each, SourceMap(), self.catalogue)[1].message for each in steps if not each.done}
        for place in usable:
            given, value = answers[pointer.write(place)], pointer.get(read, place)
            why = next((message for at, message in undecided.items() if at[: len(place)] == place), None)
            if vacancy(ad, place) is None:
                if not pointer.exists(ad, place) or pointer.get(ad, place) != value:
                    records.append(self._record("answer.unasked", place, given))
            elif why is not None or not self._takes(place, value):
                refused[place] = given, value, why
            else:
                ad = with_value(ad, place, value)
                records.append(self._record("answer.given", place, given, value, done=True))
        return AnswerResult(ad=ad, records=records, refused=refused)

    def _usable(
        self, answers: Mapping[str, object], records: list[ChangeRecord], refused: dict[Place, tuple[object, object, str | None]]
    ) -> dict[tuple[str, ...], object]:
        """Split answers into usable ones by place; record the rest as refused or unknown."""
        usable: dict[tuple[str, ...], object] = {}
        for at in sorted(answers, key=lambda at: (self._ranks.get(pointer.parse(str(at)), len(self._ranks)), str(at))):
            value, place = answers[at], pointer.parse(str(at))
            node = self._field(place)
            if not place or node is None:
                records.append(self._unknown_field(place, str(at), value))
            elif first_non_json(value) is not None:
                refused[place] = value, None, str(self.catalogue.finding_codes["json.unsupported_value"]["message"])
            elif not (value is None or (isinstance(value, str) and value.strip() in BLANK_ANSWERS)):
                other = next((each for each in usable if each == place[: len(each)] or each[: len(place)] == place), None)
                if other is None:
                    usable[place] = self._split(node, value)
                else:
                    refused[place] = value, None, f"There is an answer to {pointer.write(other)} as well."
        return usable

    def _unknown_field(self, place: Place, at: str, value: object) -> ChangeRecord:
        """Record an answer to a field that does not exist."""
        name = privacy.masked_pointer(self.catalogue, place) if place else privacy.display_word(at)
        details = {"name": messages.short_json(name), "kind": str(self.mapping.target)}
        return ChangeRecord(
            at=place, code="answer.unknown_field", source=(), hidden=True, details=details, before=value, done=False
        )

    def _record(self, code: str, place: Place, given: object, value: object = None, *, done: bool = False) -> ChangeRecord:
        source = tuple((subschema_at(self.schema, place) or {})["x-source"])
        hidden = is_private(self.schema, place)
        return ChangeRecord(at=place, code=code, source=source, hidden=hidden, details={}, before=given, after=value, done=done)

    @cached_property
    def _rules(self) -> Mapping[tuple[str, ...] | None, Rule]:
        return {rule.to: rule for rule in self.mapping.rules if rule.action == "ask"}

    def _suggestion(self, given: object, question: Question) -> str | None:
        """Return the only value that the given ad may name for a field, if the field would take it."""
        rule = self._rules.get(question.place)
        found: set[str] = set()
        for suggestion in rule.suggest if rule else ():
            text = pointer.text(given, suggestion.at) or ""
            if not is_private(self.schema, question.place):  # no part of a telephone number or a plate is a suggestion
                text = self.catalogue.masked_in_labels.sub(",", text) if len(text) <= _LONGEST else text
            found.update(
                patterns.bounded(suggestion.pattern).findall(spelling.single_spaced(text)) if len(text) <= _LONGEST else ()
            )
        if len(found) != 1:
            return None
        records = self.answer({}, {question.at: next(iter(found)).strip()}).records
        return str(records[0].before) if records else None

    @cached_property
    def _ranks(self) -> Mapping[Place, int]:
        """The order of fields: first the questions, in their order, then the others in the order of the schema."""
        places = dict.fromkeys([*(question.place for question in self.questions), *(at for at, _ in walk(self.schema))])
        return {at: rank for rank, at in enumerate(places)}

    def _split(self, node: Schema, value: object) -> object:
        """Split a text into several answers, where the field takes a list."""
        if "items" not in node or not isinstance(value, str):
            return value
        separators = _WORD_SEPARATORS if choices(node["items"]) else _SEPARATORS
        return [text for text in separators.split(value) if text.strip()]

    def _fits_cell(self, node: Schema) -> bool:
        """Return whether a line of text can be an answer: not for an object that is no quantity, nor for a list of objects."""
        if "items" in node:
            return self._fits_cell(node["items"])
        return "properties" not in node or any("quantity" in step for step in node.get("x-normalise", ()))

    def _field(self, place: Place) -> Schema | None:
        """Return the subschema of a field that is in no array, or None if there is none."""
        node: Schema | None = self.schema
        for token in place:
            node = node and node.get("properties", {}).get(token)
        return node

    def _takes(self, place: Place, value: object) -> bool:
        return engines.compile_schema(errors_only(subschema_at(self.schema, place) or {})).accepts(value)

    @cached_property
    def _visit(self) -> Within:
        """The walk that applies the steps of the schema to every field."""
        return Transformer(
            schema=self.schema,
            words=self.catalogue.words,
            quantity_kinds=self.quantity_kinds,
            fields=lambda schema: schema["properties"],
        ).compiled()

    def _unit(self, node: Schema) -> str | None:
        """Return the units that a quantity is given in, or the unit of a bare number."""
        unit_name = self.catalogue.units["members"]["unit"]
        units = choices(node.get("properties", {}).get(unit_name, {}))
        return messages.join_plain(units) if units else node.get("x-unit")

    def _example(self, node: Schema) -> str | None:
        """Return an example as people write it in a line."""
        value = example(node)
        members = self.catalogue.units["members"]
        if isinstance(value, dict):
            return " ".join(str(value[members[name]]) for name in ("value", "unit") if members[name] in value) or None
        if isinstance(value, list):
            return None if any(isinstance(item, dict | list) for item in value) else "; ".join(map(str, value))
        return None if value is None else str(value)
