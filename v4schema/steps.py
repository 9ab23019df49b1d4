"""What can be done to a value, in exact arithmetic."""

from collections.abc import Mapping
from fractions import Fraction


def convert(amount: float | str, unit: str, other: str, factors: Mapping[str, str]) -> Fraction:
    """Return `amount`, given in `unit`, in the unit `other`; exactly.

    `factors` gives the size of each unit as a decimal, in a common base; a float counts as the decimal it is written as.
    Raises `KeyError` for a unit that is not among them.

    >>> convert(1540, "mil", "km", {"km": "1", "mil": "10"})
    Fraction(15400, 1)
    """
    return Fraction(str(amount)) * Fraction(factors[unit]) / Fraction(factors[other])


def written(amount: Fraction, digits: int = 2) -> str:
    """Write a number for people: whole if it is whole, otherwise rounded to at most `digits` decimals.

    >>> written(Fraction(350)), written(Fraction(1103, 10)), written(Fraction(1, 3))
    ('350', '110.3', '0.33')
    """
    if amount.denominator == 1:
        return str(amount.numerator)
    return f"{float(amount):.{digits}f}".rstrip("0").rstrip(".")
