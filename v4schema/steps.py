"""What can be done to a value, in exact arithmetic."""

from collections.abc import Mapping
from fractions import Fraction

#: A number of more digits than this is written with an exponent.
_MOST_DIGITS = 15


def convert(amount: float | str, unit: str, other: str, factors: Mapping[str, str]) -> Fraction:
    """Return `amount`, given in `unit`, in the unit `other`; exactly.

    `factors` gives the size of each unit as a decimal, in a common base; a float counts as the decimal it is written as.
    Raises `KeyError` for a unit that is not among them.

    >>> convert(1540, "mil", "km", {"km": "1", "mil": "10"})
    Fraction(15400, 1)
    """
    return Fraction(str(amount)) * Fraction(factors[unit]) / Fraction(factors[other])


def written(amount: Fraction, digits: int = 2) -> str:
    """Write a number for people: rounded to at most `digits` decimals, and short however large it is.

    >>> written(Fraction(350)), written(Fraction(1103, 10)), written(Fraction(1, 3)), written(Fraction(10**400))
    ('350', '110.3', '0.33', '1.00e+400')
    """
    whole, rest = divmod(abs(round(amount * 10**digits)), 10**digits)
    sign, text = "-" if amount < 0 else "", str(whole)
    if len(text) > _MOST_DIGITS:
        return f"{sign}{text[0]}.{text[1:3]}e+{len(text) - 1}"
    return f"{sign}{text}.{rest:0{digits}d}".rstrip("0").rstrip(".")
