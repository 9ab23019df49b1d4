"""What the steps of a schema do to an ad: one walk, compiled from the schema, that keeps whatever it leaves alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.catalogue.quantities import QuantityKind, Undecided
from v4schema.dialect import engines
from v4schema.dialect.fields import Schema, choices, errors_only, is_private, recommended
from v4schema.document import pointer
from v4schema.document.edit import SourceMap
from v4schema.document.pointer import Place, Token
from v4schema.findings.report import Finding
from v4schema.normalisation.step import Field, Step, StepResult
from v4schema.normalisation.steps import LAST, STEPS
from v4schema.reading.identify import first_non_json


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldContext:
    """A field that steps work on: the part of the schema that describes it, and whether its values are private."""

    node: Schema
    hidden: bool

    def below(self, token: Token) -> "FieldContext":
        """Return the spot of a member, or of an item."""
        node = self.node["items"] if isinstance(token, int) else self.node["properties"][token]
        return FieldContext(node=node, hidden=self.hidden or "x-private" in node)


@dataclass(slots=True, kw_only=True)
class ChangeRecord:
    """A change, or why there was none.

    The place is the one before items are dropped, and `gone` says that this one is; `source` is that in the given ad, where it
    does not follow from what has moved.
    """

    at: Place
    spot: FieldContext
    code: str
    told: Mapping[str, object] = field(repr=False)
    before: object = field(repr=False)
    after: object = field(default=None, repr=False)
    source: Place | None = None
    done: bool = True
    gone: bool = False


#: Takes a value, the place around it, its name or number there, and the entries of the walk, to which it adds what steps had
#: to say; gives the value that is to stand there, the same object if nothing is to be done.
Visit = Callable[[Any, Place, Token, list[ChangeRecord]], Any]
#: Takes an object or an array, its place, and the entries of the walk.
Within = Callable[[Any, Place, list[ChangeRecord]], Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Transformer:
    """How ads of one kind are mended.

    `words` and `measures` are what steps know. `fields` tells of an object's schema which fields are seen to.
    """

    schema: Schema
    words: Mapping[str, Mapping[str, Sequence[object]]]
    quantity_kinds: Mapping[str, QuantityKind]
    fields: Callable[[Schema], Mapping[str, Schema]]

    def compiled(self) -> Within:
        """Return the walk over an ad."""
        return self._of_object(self.schema, ()) or (lambda ad, *_: ad)

    def _visitor(self, node: Schema, at: tuple[str, ...]) -> Visit | None:
        """Compile what is done at a field and within it, if anything is."""
        within = self._within(node, at)
        steps = [(name, argument) for step in node.get("x-normalise", ()) for name, argument in step.items()]
        if not steps:
            return _entering(within) if within else None
        listed = choices(node)
        described = Field(
            schema=node,
            choices=listed,
            offered=recommended(node, listed),
            words=self.words,
            quantity_kinds=self.quantity_kinds,
        )
        first = [STEPS[name](argument, described) for name, argument in steps if name not in LAST]
        last = [STEPS[name](argument, described) for name, argument in steps if name in LAST]
        spot = FieldContext(node=node, hidden=is_private(self.schema, at))
        if "properties" in node or "items" in node:
            return _of_container(first, within, last, spot)
        return _of_scalar([*first, *last], spot)

    def _within(self, node: Schema, at: tuple[str, ...]) -> Within | None:
        """Compile what is done within a field, if it can hold others and anything is done at them."""
        if "properties" in node:
            return self._of_object(node, at)
        visit = self._visitor(node["items"], (*at, "*")) if "items" in node else None
        return _of_array(visit) if visit else None

    def _of_object(self, node: Schema, at: tuple[str, ...]) -> Within | None:
        """Compile what is done within an object, at each member that anything is done at; None if nothing is."""
        fields = self.fields(node).items()
        members = {name: visit for name, below in fields if (visit := self._visitor(below, (*at, name)))}
        if not members:
            return None

        def within(value: Any, place: Place, entries: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
            if not isinstance(value, dict):
                return value
            changed = None
            for name, member in value.items():
                visit = members.get(name)
                if visit is not None:
                    new = visit(member, place, name, entries)
                    if new is not member:
                        changed = dict(value) if changed is None else changed
                        changed[name] = new
            return value if changed is None else changed

        return within


def to_finding(entry: ChangeRecord, trail: SourceMap, catalogue: Catalogue) -> tuple[Place, Finding]:
    """Put a change into words, or why there was none; the place is that in the ad that was given."""
    source, target = entry.source or trail.source(entry.at), trail.target(entry.at)
    change = {"before": entry.before, "after": entry.after} if entry.done else {"before": entry.before}
    if target != source and not entry.gone:
        change["to"] = pointer.write(target)
    told: dict[str, Any] = {
        "case": "private" if entry.spot.hidden else "",
        "value": messages.DisplayValue(entry.before, catalogue, private=entry.spot.hidden),
        "became": messages.DisplayValue(entry.after, catalogue, private=entry.spot.hidden),
        **entry.told,
    }
    rule = {"x-source": entry.spot.node["x-source"]}
    return source, messages.make_finding(
        catalogue, entry.code, privacy.masked_pointer(catalogue, source), rule=rule, change=change, **told
    )


def _entering(within: Within) -> Visit:
    """Compile the visit of an object or an array that no steps are for."""
    return lambda value, around, token, entries: within(value, (*around, token), entries)


def _of_array(visit: Visit) -> Within:
    """Compile what is done within an array."""

    def within(value: Any, place: Place, entries: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        if not isinstance(value, list):
            return value
        changed = None
        for index, item in enumerate(value):
            new = visit(item, place, index, entries)
            if new is not item:
                changed = [*value] if changed is None else changed
                changed[index] = new
        return value if changed is None else changed

    return within


def _of_scalar(steps: Sequence[Step], spot: FieldContext) -> Visit:
    """Compile what is done at a field that holds no others; what it takes is not spoilt for the sake of its looks."""
    accepts = _acceptor(spot.node)

    def visit(value: Any, around: Place, token: Token, entries: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        new, mark = value, 0
        for step in steps:
            outcome = step(new)
            if outcome is not None:
                mark = len(entries) if new is value else mark
                new = _noted(outcome, new, (*around, token), spot, entries)
        if new is not value and not accepts(new) and accepts(value):
            del entries[mark:]
            return value
        return new

    return visit


def _of_container(first: Sequence[Step], within: Within | None, last: Sequence[Step], spot: FieldContext) -> Visit:
    """Compile what is done at an object or an array: the steps before those within it, then those, then the steps after.

    What a step refuses is left as it is, with all that is in it.
    """

    def visit(value: Any, around: Place, token: Token, entries: list[ChangeRecord]) -> Any:  # noqa: ANN401  (any JSON)
        place = (*around, token)
        for step in first:
            outcome = step(value)
            value = _noted(outcome, value, place, spot, entries)
            if isinstance(outcome, Undecided):
                return value
        value = within(value, place, entries) if within else value
        for step in last:
            value = _noted(step(value), value, place, spot, entries)
        return value

    return visit


def _noted(
    outcome: StepResult | Undecided | None, value: object, place: Place, spot: FieldContext, entries: list[ChangeRecord]
) -> object:
    """Note what a step said of a value, and return the value that is to stand there."""
    if outcome is None:
        return value
    if isinstance(outcome, Undecided):
        at, about, before = place, spot, value
        if outcome.member is not None:
            at, about, before = (*place, outcome.member), spot.below(outcome.member), pointer.get(value, [outcome.member])
        entries.append(ChangeRecord(at=at, spot=about, code=outcome.code, told=outcome.told, before=before, done=False))
        return value
    if not outcome.below:
        last = entries[-1] if entries else None
        before = value
        told = outcome.told
        if last is not None and last.at == place and last.code == outcome.code:
            before, told = entries.pop().before, {}
        entries.append(ChangeRecord(at=place, spot=spot, code=outcome.code, told=told, before=before, after=outcome.value))
    for token, before, after in outcome.below:
        entries.append(
            ChangeRecord(
                at=(*place, token),
                spot=spot.below(token),
                code=outcome.code,
                told=outcome.told,
                before=before,
                after=after,
                gone=isinstance(token, int),
            )
        )
    return outcome.value


def _acceptor(node: Schema) -> Callable[[object], bool]:
    """Return what tells whether a field takes a value, warnings aside; compiled when it is first asked."""
    compiled: list[Callable[[object], bool]] = []

    def accepts(value: object) -> bool:
        if not compiled:
            compiled.append(engines.compile_schema(errors_only(node)).accepts)
        return first_non_json(value) is None and compiled[0](value)

    return accepts
