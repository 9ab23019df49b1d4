"""The steps that read and write quantities."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from v4schema import spelling
from v4schema.catalogue import quantities
from v4schema.catalogue.quantities import Amount, QuantityKind, QuantityText, Undecided
from v4schema.dialect.fields import types
from v4schema.document.edit import is_blank
from v4schema.normalisation.step import Field, Step, StepResult

#: Amounts beyond this are taken with more care.
_LARGE = 1 << 64
#: No more letters than this of what stands beside an amount are told.
_LONGEST = 20


def quantity(kind: str, described: Field) -> Step:
    """Write a quantity as an object of value and unit, in the wanted unit or in the one it is given in."""
    quantity_kind = described.quantity_kinds[kind]
    named, member = quantity_kind.members
    units = described.schema["properties"][named]["enum"]
    wanted = quantity_kind.wanted if quantity_kind.wanted in units else None
    settled = {wanted} if wanted else {*units}

    def step(value: object) -> StepResult | Undecided | None:
        if isinstance(value, dict) and type(value.get(member)) in {int, float}:
            unit = value.get(named)
            if isinstance(unit, str) and unit in settled:
                return None
        amount = quantity_kind.read(value)
        if not isinstance(amount, Amount):
            return amount
        unit = amount.unit or quantity_kind.bare
        if unit is None:
            return None if isinstance(value, dict) else Undecided(code="unit.missing", details={"units": " or ".join(units)})
        target = wanted or (unit if unit in units else units[0])
        converted = quantity_kind.converted(amount.number, unit, target)
        number = quantities.to_json_number(converted)
        if number is None:
            return None
        if target == unit and isinstance(value, dict) and type(value[member]) in {int, float}:
            number = value[member]
        new = {**value, named: target, member: number} if isinstance(value, dict) else {named: target, member: number}
        code = "unit.converted" if target != unit else "unit.read"
        return StepResult(value=new, code=code, details=_told(value, amount, unit, converted, target))

    return step


def in_unit(kind: str, described: Field) -> Step:
    """Write a quantity as a number, in the unit that the field is in; a whole one where the field takes no fractions."""
    quantity_kind = described.quantity_kinds[kind]
    wanted = described.schema["x-unit"]
    whole = "integer" in types(described.schema)
    usual = _times(quantity_kind, wanted)

    def step(value: object) -> StepResult | Undecided | None:
        if type(value) is int and usual and abs(value) < _LARGE:
            return usual(value)
        amount = _alone(value, quantity_kind)
        if not isinstance(amount, Amount):
            return amount
        unit = amount.unit or quantity_kind.bare
        if unit is None:
            return (
                Undecided(code="unit.missing", details={"units": " or ".join(quantity_kind.units)})
                if isinstance(value, str)
                else None
            )
        converted = quantity_kind.converted(amount.number, unit, wanted)
        number = quantities.to_json_number(converted)
        if number == value and not isinstance(value, str | dict):
            return None
        if number is None or (whole and not isinstance(number, int)):
            return Undecided(code="unit.fraction", details={"given": QuantityText(amount.number, unit), "unit": wanted})
        code = "unit.converted" if unit != wanted else "unit.read"
        return StepResult(value=number, code=code, details=_told(value, amount, unit, converted, wanted))

    return step


def _times(quantity_kind: QuantityKind, wanted: str) -> Callable[[int], StepResult | None] | None:
    """Return what converts whole bare numbers, as most amounts are, without a fraction; None where there may be one."""
    unit = quantity_kind.bare
    if unit is None or unit == wanted:
        return lambda _: None
    factor = quantity_kind.units[unit].sizes[wanted]
    if factor.denominator > 1:
        return None

    def usual(value: int) -> StepResult:
        product = value * factor.numerator
        told = {"case": "bare", "given": QuantityText(value, unit), "became": QuantityText(product, wanted)}
        return StepResult(value=product, code="unit.converted", details=told)

    return usual


def imply(told: Mapping[str, str], described: Field) -> Step:
    """Fill in a member that follows from the unit that another is written with; one that says something else is in its way."""
    quantity_kind = described.quantity_kinds[told["kind"]]
    words = {word for table in described.words.values() for word, meanings in table.items() if told["value"] in meanings}

    def step(value: object) -> StepResult | Undecided | None:
        if not isinstance(value, dict) or told["by"] not in value:
            return None
        stood = value.get(told["member"])
        if stood == told["value"]:
            return None
        amount = _alone(value[told["by"]], quantity_kind)
        if not isinstance(amount, Amount) or amount.unit is None:
            return None
        if is_blank(stood):
            new = {**value, told["member"]: told["value"]}
            below = [(told["member"], stood, told["value"])]
            return StepResult(value=new, code="value.filled", details={"by": amount.unit}, parts=below)
        if isinstance(stood, str) and quantity_kind.unit(stood) is None and spelling.word_key(stood) not in words:
            return Undecided(
                code="unit.contradicted", details={"unit": amount.unit, "other": stood[:_LONGEST]}, member=told["by"]
            )
        return None

    return step


def _alone(value: object, quantity_kind: QuantityKind) -> Amount | Undecided | None:
    """Read a quantity that says nothing else; None for an object with more members than its value and unit."""
    more = isinstance(value, dict) and value.keys() - {*quantity_kind.members}
    return None if more else quantity_kind.read(value)


def _told(given: object, amount: Amount, unit: str, converted: Fraction, target: str) -> Mapping[str, object]:
    """Return what fills the sentence about a quantity: what was given, and what it became."""
    return {
        "case": "bare" if amount.unit is None else "object" if isinstance(given, dict) else "",
        "given": QuantityText(amount.number, unit),
        "became": QuantityText(converted, target),
    }
