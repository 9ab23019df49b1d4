"""How a finding is put: the sentence and the hint of its code, filled with what the case holds.

The sentences are data (``schemas/findings.json``, ``x-message`` and ``x-hint``). In them ``{value}`` is the value at fault as
JSON, ``{value:öre>kr}`` the same number converted, ``{value[latitude]}`` a member of it, and any other name is what the
caller gives.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from v4schema.catalogue import Catalogue
from v4schema.errors import InvalidSchemas
from v4schema.findings.report import Finding, Level

#: A value longer than this is cut: a message is no dump of the document.
LONGEST = 40
#: More choices than this are not listed.
MOST = 8
#: An integer of more bits than this is told by its length alone.
_LONG_BITS = 1_000
_LEVELS = {str(level): level for level in Level}
#: Control characters; formats, of which those that can be seen are left out; separators of lines; halves of characters.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Units of sizes, in bytes.
_SIZES = ((1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB"))
_JSON = json.JSONEncoder(ensure_ascii=False)


class DisplayValue:
    """A value as it may stand in a sentence: short, and not at all where it is private."""

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

            unit, _, other = spec.partition(">")
            amount = quantities.to_fraction(self._value)
            if amount is not None:
                return quantities.format_number(amount * self._catalogue.quantity_kind(unit).units[unit].sizes[other])
        return short_json(self._value)


def short_json(value: object) -> str:
    """Write a value as short JSON: a long text is cut, and what holds other values is only named.

    >>> shown("manuell"), shown(3), shown([1, 2, 3]), shown({})
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
    if isinstance(value, int) and value.bit_length() > _LONG_BITS:
        return "a number of hundreds of digits"
    text = _JSON.encode(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}…{text[-1] if isinstance(value, str) else ''}"


def printable(text: str, *, but: str = "") -> str:
    r"""Write what could steer a terminal, turn the direction of text or not be seen as escapes of JSON, save what is in `but`.

    >>> print(printable("a\x1b[2J\u202e"))
    a\u001b[2J\u202e
    """
    return _STEERING.sub(lambda found: found[0] if found[0] in but else json.dumps(found[0])[1:-1], text)


def format_size(size: int) -> str:
    """Write a number of bytes for people: exact where it is a whole number of a unit, else rounded.

    >>> sized(16 << 20), sized(3_000_000_001), sized(1)
    ('16 MiB', '2.8 GiB', '1 byte')
    """
    if size < _SIZES[0][0]:
        return f"{size} byte{'s' * (size != 1)}"
    unit, name = max(each for each in _SIZES if round(size / each[0], 3) >= 1)
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"


def to_json(value: object) -> str:
    """Write a value as JSON, however long."""
    return _JSON.encode(value)


def join_quoted(choices: Sequence[object]) -> str:
    """List the choices there are, or as many as a sentence can hold; without any, "nothing".

    >>> listed(["km", "mil"]), listed(list("abcdefghij"))
    ('"km" or "mil"', '"a", "b", "c", "d", "e", "f", "g", "h" or 2 others')
    """
    words = [short_json(choice) for choice in choices] or ["nothing"]
    if len(words) > MOST:
        words = [*words[:MOST], f"{len(words) - MOST} other{'s' if len(words) > MOST + 1 else ''}"]
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def join_plain(choices: Sequence[object]) -> str:
    """List choices without quotes, all of them.

    >>> enumerated(["gasoline", "diesel", True])
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

    `rule` holds the annotations of the failed rule (level, source, its own message). `case` and `hint_case` choose among the
    messages and the hints of a code that has several; `details` fill their placeholders. `change` has the finding's ``before``,
    ``after`` and ``to``, where it is about a change. Raises `v4schema.errors.InvalidSchemas` where a placeholder has no detail.
    """
    rule = rule or {}
    entry = catalogue.finding_codes[code]
    message = rule.get("x-message") or _chosen(entry["message"], case)
    hint = rule.get("x-hint") if "x-message" in rule or "x-hint" in rule else _chosen(entry.get("hint"), hint_case)
    try:
        sentence, advice = str(message).format(**details).strip(), hint and hint.format(**details).strip()
    except (LookupError, ValueError) as error:
        raise InvalidSchemas("findings.json", f"the message of {code} cannot be filled: {error}") from None
    return Finding(
        code=code,
        at=at,
        message=sentence[:1].upper() + sentence[1:],
        level=_LEVELS[rule.get("x-level", entry["level"])],
        hint=advice or None,
        source=tuple(rule.get("x-source", ())),
        **(change or {}),
    )


def _chosen(sentences: str | Mapping[str, str] | None, case: str) -> str | None:
    """Choose the sentence of a case, where a code has several; the one under "" serves all other cases."""
    if sentences is None or isinstance(sentences, str):
        return sentences
    return sentences.get(case) or sentences.get("")
