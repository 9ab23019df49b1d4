"""The steps that read and write quantities."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from v4schema import quantities, spelling
from v4schema.moving import blank
from v4schema.quantities import Amount, Measure, Refused, Told
from v4schema.schema import types
from v4schema.step import Done, Field, Step

#: Amounts beyond this are taken with more care.
_LARGE = 1 << 64
#: No more letters than this of what stands beside an amount are told.
_LONGEST = 20


def quantity(kind: str, described: Field) -> Step:
    """Write a quantity as an object of value and unit, in the wanted unit or in the one it is given in."""
    measure = described.measures[kind]
    named, member = measure.members
    units = described.schema["properties"][named]["enum"]
    wanted = measure.wanted if measure.wanted in units else None
    settled = {wanted} if wanted else {*units}

    def step(value: object) -> Done | Refused | None:
        if isinstance(value, dict) and type(value.get(member)) in {int, float}:
            unit = value.get(named)
            if isinstance(unit, str) and unit in settled:
                return None
        amount = measure.read(value)
        if not isinstance(amount, Amount):
            return amount
        unit = amount.unit or measure.bare
        if unit is None:
            return None if isinstance(value, dict) else Refused(code="unit.missing", told={"units": " or ".join(units)})
        target = wanted or (unit if unit in units else units[0])
        converted = measure.converted(amount.number, unit, target)
        number = quantities.plain(converted)
        if number is None:
            return None
        if target == unit and isinstance(value, dict) and type(value[member]) in {int, float}:
            number = value[member]
        new = {**value, named: target, member: number} if isinstance(value, dict) else {named: target, member: number}
        code = "unit.converted" if target != unit else "unit.read"
        return Done(value=new, code=code, told=_told(value, amount, unit, converted, target))

    return step


def in_unit(kind: str, described: Field) -> Step:
    """Write a quantity as a number, in the unit that the field is in; a whole one where the field takes no fractions."""
    measure = described.measures[kind]
    wanted = described.schema["x-unit"]
    whole = "integer" in types(described.schema)
    usual = _times(measure, wanted)

    def step(value: object) -> Done | Refused | None:
        if type(value) is int and usual and abs(value) < _LARGE:
            return usual(value)
        amount = _alone(value, measure)
        if not isinstance(amount, Amount):
            return amount
        unit = amount.unit or measure.bare
        if unit is None:
            return Refused(code="unit.missing", told={"units": " or ".join(measure.units)}) if isinstance(value, str) else None
        converted = measure.converted(amount.number, unit, wanted)
        number = quantities.plain(converted)
        if number == value and not isinstance(value, str | dict):
            return None
        if number is None or (whole and not isinstance(number, int)):
            return Refused(code="unit.fraction", told={"given": Told(amount.number, unit), "unit": wanted})
        code = "unit.converted" if unit != wanted else "unit.read"
        return Done(value=number, code=code, told=_told(value, amount, unit, converted, wanted))

    return step


def _times(measure: Measure, wanted: str) -> Callable[[int], Done | None] | None:
    """Return what converts whole bare numbers, as most amounts are, without a fraction; None where there may be one."""
    unit = measure.bare
    if unit is None or unit == wanted:
        return lambda _: None
    factor = measure.units[unit].sizes[wanted]
    if factor.denominator > 1:
        return None

    def usual(value: int) -> Done:
        product = value * factor.numerator
        told = {"case": "bare", "given": Told(value, unit), "became": Told(product, wanted)}
        return Done(value=product, code="unit.converted", told=told)

    return usual


def imply(told: Mapping[str, str], described: Field) -> Step:
    """Fill in a member that follows from the unit that another is written with; one that says something else is in its way."""
    measure = described.measures[told["kind"]]
    words = {word for table in described.words.values() for word, meanings in table.items() if told["value"] in meanings}

    def step(value: object) -> Done | Refused | None:
        if not isinstance(value, dict) or told["by"] not in value:
            return None
        stood = value.get(told["member"])
        if stood == told["value"]:
            return None
        amount = _alone(value[told["by"]], measure)
        if not isinstance(amount, Amount) or amount.unit is None:
            return None
        if blank(stood):
            new = {**value, told["member"]: told["value"]}
            below = [(told["member"], stood, told["value"])]
            return Done(value=new, code="value.filled", told={"by": amount.unit}, below=below)
        if isinstance(stood, str) and measure.unit(stood) is None and spelling.plain(stood) not in words:
            return Refused(code="unit.contradicted", told={"unit": amount.unit, "other": stood[:_LONGEST]}, member=told["by"])
        return None

    return step


def _alone(value: object, measure: Measure) -> Amount | Refused | None:
    """Read a quantity that says nothing else; None for an object with more members than its value and unit."""
    more = isinstance(value, dict) and value.keys() - {*measure.members}
    return None if more else measure.read(value)


def _told(given: object, amount: Amount, unit: str, converted: Fraction, target: str) -> Mapping[str, object]:
    """Return what fills the sentence about a quantity: what was given, and what it became."""
    return {
        "case": "bare" if amount.unit is None else "object" if isinstance(given, dict) else "",
        "given": Told(amount.number, unit),
        "became": Told(converted, target),
    }
