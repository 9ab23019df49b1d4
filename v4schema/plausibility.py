"""What is plausible of a measure in a category: a number of ``plausibility.json``, in the unit that a field has."""

from collections.abc import Mapping
from typing import Any


def row(quantity_kind: Mapping[str, Any], category: str | None, which: str) -> tuple[tuple[str, ...], int] | None:
    """Return the way to the ``lowest``, ``typical`` or ``highest`` of a measure, and that number; None where no row has it.

    >>> power = {"unit": "hp", "all": {"lowest": 1}, "categories": {"moped": {"highest": 20}}}
    >>> row(power, "moped", "highest"), row(power, "moped", "lowest"), row(power, None, "highest")
    ((('categories', 'moped', 'highest'), 20), (('all', 'lowest'), 1), None)
    """
    rows = {
        ("categories", str(category)): quantity_kind.get("categories", {}).get(category, {}),
        ("all",): quantity_kind.get("all", {}),
    }
    return next((((*way, which), numbers[which]) for way, numbers in rows.items() if which in numbers), None)


def converted(amount: int, factor: str, wanted: str) -> float:
    """Return an amount in another unit of its kind, by the factors of both as exact decimals; exact, or the nearest float.

    >>> converted(20, "0.73549875", "1"), converted(35, "100", "1")
    (14.709975, 3500)
    """
    (multiplied, parts), (divided, wholes) = _ratio(factor), _ratio(wanted)
    above, below = amount * multiplied * wholes, parts * divided
    return above / below if above % below else above // below


def _ratio(decimal: str) -> tuple[int, int]:
    """Return an exact decimal as two whole numbers, the one to be divided by the other."""
    whole, _, rest = decimal.partition(".")
    return int(whole + rest), 10 ** len(rest)
