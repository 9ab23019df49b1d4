"""Applying the steps of a schema to an ad: one walk, compiled from the schema, that copies only what it changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.catalogue.quantities import QuantityKind, Undecided
from v4schema.catalogue.vocabulary import WordTables
from v4schema.dialect import engines
from v4schema.dialect.fields import Schema, choices, errors_only, is_private, recommended
from v4schema.document import pointer
from v4schema.document.json_value import first_non_json
from v4schema.document.pointer import Place, Token
from v4schema.document.source_map import SourceMap
from v4schema.findings.report import Finding
from v4schema.normalisation.step import Field, Step, StepResult
from v4schema.normalisation.steps import LAST, STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldContext:
    """A field that steps work on: the subschema that describes it, and whether its values are private."""

    schema: Schema
    hidden: bool

    @property
    def source(self) -> tuple[str, ...]:
        """The codes of the documents that the field rests on."""
        return tuple(self.schema["x-source"])

    def below(self, token: Token) -> "FieldContext":
        """Return the context of a member or an item."""
        schema = self.schema["items"] if isinstance(token, int) else self.schema["properties"][token]
        return FieldContext(schema=schema, hidden=self.hidden or "x-private" in schema)


@dataclass(slots=True, kw_only=True)
class ChangeRecord:
    """A change to an ad, or, where it is not `done`, why there was none.

    `at` is the place before items are removed, and `removed` tells that this item is; `origin` is the place in the given ad,
    where it does not follow from what has moved. `code` and `details` make the finding, with the `source` of its documents;
    `before` and `after` are the values, which are not shown where they are `hidden`.
    """

    at: Place
    code: str
    source: tuple[str, ...]
    hidden: bool
    details: Mapping[str, object] = field(repr=False)
    before: object = field(repr=False)
    after: object = field(default=None, repr=False)
    origin: Place | None = None
    done: bool = True
    removed: bool = False


#: Takes a value, the place around it, its name or index there, and the records of the walk, to which it adds its own. Returns the
#: new value, or the same object if nothing changes.
Visit = Callable[[Any, Place, Token, list[ChangeRecord]], Any]
#: Takes an object or an array, its place, and the records of the walk.
Within = Callable[[Any, Place, list[ChangeRecord]], Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Transformer:
    """Applies the steps of a flat schema to ads.

    `words` and `quantity_kinds` are what steps know. `fields` returns the fields of an object's schema that are visited.
    """

    schema: Schema
    words: WordTables
    quantity_kinds: Mapping[str, QuantityKind]
    fields: Callable[[Schema], Mapping[str, Schema]]

    def compiled(self) -> Within:
        """Return the walk over an ad."""
        return self._of_object(self.schema, ()) or (lambda ad, *_: ad)

    def _visitor(self, schema: Schema, at: tuple[str, ...]) -> Visit | None:
        """Compile the visit of a field and of what it holds; None where no step applies."""
        within = self._within(schema, at)
        steps = [(name, argument) for step in schema.get("x-normalise", ()) for name, argument in step.items()]
        if not steps:
            return _entering(within) if within else None
        listed = choices(schema)
        described = Field(
            schema=schema,
            choices=listed,
            recommended=recommended(schema, listed),
            words=self.words,
            quantity_kinds=self.quantity_kinds,
        )
        first = [STEPS[name](argument, described) for name, argument in steps if name not in LAST]
        last = [STEPS[name](argument, described) for name, argument in steps if name in LAST]
        context = FieldContext(schema=schema, hidden=is_private(self.schema, at))
        if "properties" in schema or "items" in schema:
            return _of_container(first, within, last, context)
        return _of_scalar([*first, *last], context)

    def _within(self, schema: Schema, at: tuple[str, ...]) -> Within | None:
        """Compile the walk within a field; None where it holds no others, or no step applies to them."""
        if "properties" in schema:
            return self._of_object(schema, at)
        visit = self._visitor(schema["items"], (*at, "*")) if "items" in schema else None
        return _of_array(visit) if visit else None

    def _of_object(self, schema: Schema, at: tuple[str, ...]) -> Within | None:
        """Compile the walk within an object; None where no step applies to its members."""
        fields = self.fields(schema).items()
        members = {name: visit for name, below in fields if (visit := self._visitor(below, (*at, name)))}
        if not members:
            return None

        def within(value: Any, place: Place, records: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
            if not isinstance(value, dict):
                return value
            changed = None
            for name, member in value.items():
                visit = members.get(name)
                if visit is not None:
                    new = visit(member, place, name, records)
                    if new is not member:
                        changed = dict(value) if changed is None else changed
                        changed[name] = new
            return value if changed is None else changed

        return within


def to_finding(record: ChangeRecord, source_map: SourceMap, catalogue: Catalogue) -> tuple[Place, Finding]:
    """Return the finding about a change, or about why there was none, with its place in the given ad."""
    origin, target = record.origin or source_map.source(record.at), source_map.target(record.at)
    change = {"before": record.before, "after": record.after} if record.done else {"before": record.before}
    if target != origin and not record.removed:
        change["to"] = pointer.write(target)
    details: dict[str, Any] = {
        "case": "private" if record.hidden else "",
        "value": messages.DisplayValue(record.before, catalogue, private=record.hidden),
        "became": messages.DisplayValue(record.after, catalogue, private=record.hidden),
        **record.details,
    }
    at = privacy.masked_pointer(catalogue, origin)
    return origin, messages.make_finding(catalogue, record.code, at, rule={"x-source": record.source}, change=change, **details)


def _entering(within: Within) -> Visit:
    """Compile the visit of an object or an array that has no steps of its own."""
    return lambda value, around, token, records: within(value, (*around, token), records)


def _of_array(visit: Visit) -> Within:
    """Compile the walk within an array."""

    def within(value: Any, place: Place, records: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        if not isinstance(value, list):
            return value
        changed = None
        for index, item in enumerate(value):
            new = visit(item, place, index, records)
            if new is not item:
                changed = [*value] if changed is None else changed
                changed[index] = new
        return value if changed is None else changed

    return within


def _of_scalar(steps: Sequence[Step], context: FieldContext) -> Visit:
    """Compile the visit of a field that holds no others. A valid value stays as it is where the steps would make it invalid."""
    accepts = _acceptor(context.schema)

    def visit(value: Any, around: Place, token: Token, records: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        new, mark = value, 0
        for step in steps:
            outcome = step(new)
            if outcome is not None:
                mark = len(records) if new is value else mark
                new = _recorded(outcome, new, (*around, token), context, records)
        if new is not value and not accepts(new) and accepts(value):
            del records[mark:]
            return value
        return new

    return visit


def _of_container(first: Sequence[Step], within: Within | None, last: Sequence[Step], context: FieldContext) -> Visit:
    """Compile the visit of an object or an array: the first steps, then the walk within it, then the last steps.

    What a step leaves undecided stays as it is, with all that it holds.
    """

    def visit(value: Any, around: Place, token: Token, records: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        place = (*around, token)
        for step in first:
            outcome = step(value)
            value = _recorded(outcome, value, place, context, records)
            if isinstance(outcome, Undecided):
                return value
        value = within(value, place, records) if within else value
        for step in last:
            value = _recorded(step(value), value, place, context, records)
        return value

    return visit


def _recorded(
    outcome: StepResult | Undecided | None, value: object, place: Place, context: FieldContext, records: list[ChangeRecord]
) -> object:
    """Record the outcome of a step, and return the value that results."""
    if outcome is None:
        return value
    if isinstance(outcome, Undecided):
        records.append(_undecided(outcome, value, place, context))
        return value
    if not outcome.parts:
        last = records[-1] if records else None
        before, details = value, outcome.details
        if last is not None and last.at == place and last.code == outcome.code:
            before, details = records.pop().before, {}
        records.append(
            ChangeRecord(
                at=place,
                code=outcome.code,
                source=context.source,
                hidden=context.hidden,
                details=details,
                before=before,
                after=outcome.value,
            )
        )
    for token, before, after in outcome.parts:
        part = context.below(token)
        records.append(
            ChangeRecord(
                at=(*place, token),
                code=outcome.code,
                source=part.source,
                hidden=part.hidden,
                details=outcome.details,
                before=before,
                after=after,
                removed=isinstance(token, int),
            )
        )
    return outcome.value


def _undecided(outcome: Undecided, value: object, place: Place, context: FieldContext) -> ChangeRecord:
    """Return the record of a value that stays as it is, or of the one of its members that the step could not decide."""
    if outcome.member is not None:
        value, place, context = pointer.get(value, [outcome.member]), (*place, outcome.member), context.below(outcome.member)
    return ChangeRecord(
        at=place,
        code=outcome.code,
        source=context.source,
        hidden=context.hidden,
        details=outcome.details,
        before=value,
        done=False,
    )


def _acceptor(schema: Schema) -> Callable[[object], bool]:
    """Return a function that tells whether a field takes a value, warnings aside; it compiles the schema when first called."""
    compiled: list[Callable[[object], bool]] = []

    def accepts(value: object) -> bool:
        if not compiled:
            compiled.append(engines.compile_schema(errors_only(schema)).accepts)
        return first_non_json(value) is None and compiled[0](value)

    return accepts
