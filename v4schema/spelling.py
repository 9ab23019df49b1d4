"""Comparing names and words: equal except for case and word breaks, or one letter apart. It imports no other package."""

from collections.abc import Iterable

#: A name of fewer letters than this resembles too many others to be looked for in a whole ad.
MIN_DISTINCT = 5
#: Names of fewer letters than this are near only if they are equal.
_MIN_NEAR = 4
#: A longer text is no word or name. Normalising its accents would take quadratic time.
_MAX_LENGTH = 1_000
#: Characters that do not distinguish words; white space does not either.
_IGNORED = dict.fromkeys(map(ord, "-_."))


def name_key(name: str) -> str:
    """Return the key of a name: the name without case and word breaks.

    >>> name_key("modelYear") == name_key("model_year") == name_key("Model-Year")
    True
    """
    word = _composed(name).casefold()
    return word if word.isalnum() else "".join(filter(str.isalnum, word))


def is_near(word: str, other: str) -> bool:
    """Return whether two names, as `name_key` returns them, differ in at most one letter.

    A letter may be wrong, missing, added, or swapped with its neighbour.

    >>> is_near("milage", "mileage"), is_near("brnad", "brand"), is_near("brxyd", "brand")
    (True, True, False)
    """
    one, other = sorted((word, other), key=len)
    if len(other) - len(one) > 1 or len(other) < _MIN_NEAR:
        return one == other
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    if len(one) < len(other):
        return rest == other_rest[1:]
    return rest[1:] == other_rest[1:] or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that equals `name` except for case and word breaks, or else is one letter apart; None if none.

    >>> nearest("Manual", ["manual", "automatic"])
    'manual'
    """
    word = name_key(name)
    candidates = [candidate for candidate in names if is_near(word, name_key(candidate))]
    return min(candidates, key=lambda candidate: name_key(candidate) != word, default=None)


def single_spaced(text: str) -> str:
    """Return a text with single spaces, no white space at its ends, and its accents composed with their letters (NFC).

    >>> single_spaced(" svenska\u00a0 kronor ")
    'svenska kronor'
    """
    return " ".join(_composed(text).split())


def word_key(word: str) -> str:
    """Return the key of a word: the word without case, spaces, hyphens, underscores and full stops.

    Other characters stay, because it is uncertain what ``bensin/el`` or ``diesel?`` means.

    >>> word_key("Plug-in  Hybrid") == word_key("plugin hybrid"), word_key("bensin/el")
    (True, 'bensin/el')
    """
    return "".join(_composed(word).casefold().split()).translate(_IGNORED)


def _composed(text: str) -> str:
    """Return a text with its accents composed with their letters (NFC), unless it is too long to be a word."""
    if text.isascii() or len(text) > _MAX_LENGTH:
        return text
    from unicodedata import normalize

    return normalize("NFC", text)
