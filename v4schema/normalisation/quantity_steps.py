"""The steps that read and write quantities."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from v4schema import spelling
from v4schema.catalogue import quantities
from v4schema.catalogue.quantities import Amount, QuantityKind, QuantityText, Undecided
from v4schema.dialect.fields import types
from v4schema.document.edit import is_blank
from v4schema.normalisation.step import Field, Step, StepResult

#: A bare whole number from this on is not converted by the short way.
_LARGE = 1 << 64
#: No more characters than this of a contradicting unit are shown.
_MAX_LENGTH = 20


def quantity(kind: str, field: Field) -> Step:
    """Write a quantity as an object of value and unit, in the wanted unit or else in the one that it is given in."""
    quantity_kind = field.quantity_kinds[kind]
    unit_name, value_name = quantity_kind.members
    units = field.schema["properties"][unit_name]["enum"]
    wanted = quantity_kind.wanted if quantity_kind.wanted in units else None
    final_units = {wanted} if wanted else {*units}

    def step(value: object) -> StepResult | Undecided | None:
        if isinstance(value, dict) and type(value.get(value_name)) in {int, float}:
            unit = value.get(unit_name)
            if isinstance(unit, str) and unit in final_units:
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
        if target == unit and isinstance(value, dict) and type(value[value_name]) in {int, float}:
            number = value[value_name]
        new = {**(value if isinstance(value, dict) else {}), unit_name: target, value_name: number}
        code = "unit.converted" if target != unit else "unit.read"
        return StepResult(value=new, code=code, details=_details(value, amount, unit, converted, target))

    return step


def in_unit(kind: str, field: Field) -> Step:
    """Write a quantity as a number in the unit of the field; only a whole number if the field takes no fractions."""
    quantity_kind = field.quantity_kinds[kind]
    wanted = field.schema["x-unit"]
    whole = "integer" in types(field.schema)
    convert_bare = _bare_converter(quantity_kind, wanted)

    def step(value: object) -> StepResult | Undecided | None:
        if type(value) is int and convert_bare and abs(value) < _LARGE:
            return convert_bare(value)
        amount = _read_exactly(value, quantity_kind)
        if not isinstance(amount, Amount):
            return amount
        unit = amount.unit or quantity_kind.bare
        if unit is None:
            units = " or ".join(quantity_kind.units)
            return Undecided(code="unit.missing", details={"units": units}) if isinstance(value, str) else None
        converted = quantity_kind.converted(amount.number, unit, wanted)
        number = quantities.to_json_number(converted)
        if number == value and not isinstance(value, str | dict):
            return None
        if number is None or (whole and not isinstance(number, int)):
            return Undecided(code="unit.fraction", details={"given": QuantityText(amount.number, unit), "unit": wanted})
        code = "unit.converted" if unit != wanted else "unit.read"
        return StepResult(value=number, code=code, details=_details(value, amount, unit, converted, wanted))

    return step


def _bare_converter(quantity_kind: QuantityKind, wanted: str) -> Callable[[int], StepResult | None] | None:
    """Return a fast function that converts bare whole numbers, the most usual amounts; None if a result may be a fraction."""
    unit = quantity_kind.bare
    if unit is None or unit == wanted:
        return lambda _: None
    factor = quantity_kind.units[unit].sizes[wanted]
    if factor.denominator > 1:
        return None

    def convert(value: int) -> StepResult:
        product = value * factor.numerator
        details = {"case": "bare", "given": QuantityText(value, unit), "became": QuantityText(product, wanted)}
        return StepResult(value=product, code="unit.converted", details=details)

    return convert


def imply(argument: Mapping[str, str], field: Field) -> Step:
    """Fill in a member that follows from the unit of another, such as a currency; a different value there is a contradiction."""
    quantity_kind = field.quantity_kinds[argument["kind"]]
    member, implied, source = argument["member"], argument["value"], argument["by"]
    words = {word for table in field.words.values() for word, meanings in table.items() if implied in meanings}

    def step(value: object) -> StepResult | Undecided | None:
        if not isinstance(value, dict) or source not in value:
            return None
        given = value.get(member)
        if given == implied:
            return None
        amount = _read_exactly(value[source], quantity_kind)
        if not isinstance(amount, Amount) or amount.unit is None:
            return None
        if is_blank(given):
            parts = [(member, given, implied)]
            return StepResult(value={**value, member: implied}, code="value.filled", details={"by": amount.unit}, parts=parts)
        if isinstance(given, str) and quantity_kind.unit(given) is None and spelling.word_key(given) not in words:
            details = {"unit": amount.unit, "other": given[:_MAX_LENGTH]}
            return Undecided(code="unit.contradicted", details=details, member=source)
        return None

    return step


def _read_exactly(value: object, quantity_kind: QuantityKind) -> Amount | Undecided | None:
    """Read a quantity; None for an object that has more members than its value and unit."""
    more = isinstance(value, dict) and value.keys() - {*quantity_kind.members}
    return None if more else quantity_kind.read(value)


def _details(given: object, amount: Amount, unit: str, converted: Fraction, target: str) -> Mapping[str, object]:
    """Return the details of the message about a quantity: the given one, and the new one."""
    return {
        "case": "bare" if amount.unit is None else "object" if isinstance(given, dict) else "",
        "given": QuantityText(amount.number, unit),
        "became": QuantityText(converted, target),
    }
