"""Plausible numbers: the lowest, typical and highest of a measure in a category, from ``plausibility.json``."""

from collections.abc import Mapping
from typing import Any


def find(measure: Mapping[str, Any], category: str | None, which: str) -> tuple[tuple[str, ...], int] | None:
    """Return the ``lowest``, ``typical`` or ``highest`` number of a measure, with its place in the measure; None without one.

    >>> power = {"unit": "hp", "all": {"lowest": 1}, "categories": {"moped": {"highest": 20}}}
    >>> find(power, "moped", "highest"), find(power, "moped", "lowest"), find(power, None, "highest")
    ((('categories', 'moped', 'highest'), 20), (('all', 'lowest'), 1), None)
    """
    rows = {
        ("categories", str(category)): measure.get("categories", {}).get(category, {}),
        ("all",): measure.get("all", {}),
    }
    return next((((*place, which), numbers[which]) for place, numbers in rows.items() if which in numbers), None)


def convert(amount: int, factor: str, other: str) -> float:
    """Convert an amount to another unit, by the factors of both units as exact decimals: exactly, or to the nearest float.

    It does without `fractions`, because importing that costs a cold start more than flattening a schema.

    >>> convert(20, "0.73549875", "1"), convert(35, "100", "1")
    (14.709975, 3500)
    """
    (numerator, divisor), (other_numerator, other_divisor) = _ratio(factor), _ratio(other)
    above, below = amount * numerator * other_divisor, divisor * other_numerator
    return above / below if above % below else above // below


def _ratio(decimal: str) -> tuple[int, int]:
    """Return an exact decimal as a ratio of two whole numbers."""
    whole, _, rest = decimal.partition(".")
    return int(whole + rest), 10 ** len(rest)
