"""The messages and hints of findings.

They are templates in data: ``schemas/findings.json``, ``x-message`` and ``x-hint``. In them, ``{value}`` is the wrong value as
JSON, ``{value:öre>kr}`` the same number converted to another unit, and ``{value[latitude]}`` a member of it. Any other name is a
detail that the caller gives.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.errors import InvalidSchemas
from v4schema.findings.report import Finding, Level

#: A value of more characters than this is cut.
MAX_LENGTH = 40
#: No more choices than this are listed.
MAX_CHOICES = 8
#: An integer of more bits than this is not written out.
_MAX_BITS = 1_000
_LEVELS = {str(level): level for level in Level}
#: Characters that control a terminal or the direction of text, or are invisible; line separators; surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: The units of sizes, with their bytes.
_SIZES = ((1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB"))
_JSON = json.JSONEncoder(ensure_ascii=False)


class DisplayValue:
    """A value in a message: short, and not shown at all if it is private. A format such as ``{:öre>kr}`` converts a number."""

    def __init__(self, value: object, catalogue: Catalogue, *, private: bool = False) -> None:
        self._value = value
        self._catalogue = catalogue
        self._private = private

    def __getitem__(self, name: str) -> "DisplayValue":
        value = self._value[name] if isinstance(self._value, dict) else None
        return DisplayValue(value, self._catalogue, private=self._private)

    def __format__(self, spec: str) -> str:
        if self._private:
            return "this value"
        if spec:
            from v4schema.catalogue import quantities

            unit, _, target = spec.partition(">")
            amount = quantities.to_fraction(self._value)
            if amount is not None:
                return quantities.format_number(amount * self._catalogue.quantity_kind(unit).units[unit].sizes[target])
        return short_json(self._value)


def short_json(value: object) -> str:
    """Write a value as short JSON: a long text is cut, and a list or an object is only named.

    >>> short_json("manuell"), short_json(3), short_json([1, 2, 3]), short_json({})
    ('"manuell"', '3', 'a list', 'an object')
    """
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float | None):
        return f"a Python {type(value).__name__}"
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return "a number of hundreds of digits"
    text = _JSON.encode(value)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 2]}…{text[-1] if isinstance(value, str) else ''}"


def printable(text: str, *, but: str = "") -> str:
    r"""Write control characters, invisible characters and those that change the direction of text as JSON escapes.

    The characters in `but` stay as they are.

    >>> print(printable("a\x1b[2J\u202e"))
    a\u001b[2J\u202e
    """
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] in but else json.dumps(found[0])[1:-1], text)


def format_size(size: int) -> str:
    """Write a number of bytes for people, in the largest unit that fits, with at most one decimal.

    >>> format_size(16 << 20), format_size(3_000_000_001), format_size(1)
    ('16 MiB', '2.8 GiB', '1 byte')
    """
    if size < _SIZES[0][0]:
        return f"{size} byte{'s' * (size != 1)}"
    unit, name = max((unit, name) for unit, name in _SIZES if round(size / unit, 3) >= 1)
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"


def to_json(value: object) -> str:
    """Write a value as JSON, however long."""
    return _JSON.encode(value)


def join_quoted(choices: Sequence[object]) -> str:
    """List choices as JSON, the first eight if there are more; "nothing" if there are none.

    >>> join_quoted(["km", "mil"]), join_quoted(list("abcdefghij"))
    ('"km" or "mil"', '"a", "b", "c", "d", "e", "f", "g", "h" or 2 others')
    """
    words = [short_json(choice) for choice in choices] or ["nothing"]
    if len(words) > MAX_CHOICES:
        words = [*words[:MAX_CHOICES], f"{len(words) - MAX_CHOICES} other{'s' if len(words) > MAX_CHOICES + 1 else ''}"]
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def join_plain(choices: Sequence[object]) -> str:
    """List all choices, without quotes.

    >>> join_plain(["gasoline", "diesel", True])
    'gasoline, diesel or true'
    """
    *first, last = [choice if isinstance(choice, str) else _JSON.encode(choice) for choice in choices]
    return f"{', '.join(first)} or {last}" if first else str(last)


def make_finding(
    catalogue: Catalogue,
    code: str,
    at: str,
    *,
    rule: Mapping[str, Any] | None = None,
    case: str = "",
    hint_case: str = "",
    change: Mapping[str, Any] | None = None,
    **details: object,
) -> Finding:
    """Make a finding of a code.

    `rule` has the annotations of the failed rule (level, source, its own message). `case` and `hint_case` choose among the
    messages and the hints of a code that has several; `details` fill their placeholders. For a change, `change` has the finding's
    ``before``, ``after`` and ``to``. Raises `v4schema.errors.InvalidSchemas` if a placeholder has no detail.
    """
    rule = rule or {}
    entry = catalogue.finding_codes[code]
    message_template = rule.get("x-message") or _choose(entry["message"], case)
    hint_template = rule.get("x-hint") if "x-message" in rule or "x-hint" in rule else _choose(entry.get("hint"), hint_case)
    try:
        message = str(message_template).format(**details).strip()
        hint = hint_template and hint_template.format(**details).strip()
    except (LookupError, ValueError) as error:
        raise InvalidSchemas("findings.json", f"the message of {code} cannot be filled: {error}") from None
    return Finding(
        code=code,
        at=at,
        message=message[:1].upper() + message[1:],
        level=_LEVELS[rule.get("x-level", entry["level"])],
        hint=hint or None,
        source=tuple(rule.get("x-source", ())),
        **(change or {}),
    )


def _choose(templates: str | Mapping[str, str] | None, case: str) -> str | None:
    """Return the template of a case if a code has several; the one under "" is for all other cases."""
    if templates is None or isinstance(templates, str):
        return templates
    return templates.get(case) or templates.get("")
