"""Names that are nearly right."""

from collections.abc import Iterable

#: Shorter names than this have too many neighbours to be told from one another across a whole ad.
DISTINCT = 5
#: Names shorter than this are all neighbours of one another.
_SHORTEST = 4
#: No word or name is longer than this. Putting accents in order takes the square of their number.
_LONGEST = 1_000
#: What does not tell one word from another, beside white space.
_UNTOLD = dict.fromkeys(map(ord, "-_."))


def name_key(name: str) -> str:
    """Return what is left of a name without case and word breaks.

    >>> folded("modelYear") == folded("model_year") == folded("Model-Year")
    True
    """
    word = _composed(name).casefold()
    return word if word.isalnum() else "".join(filter(str.isalnum, word))


def is_near(word: str, other: str) -> bool:
    """Tell whether at most one letter is wrong, missing, in excess, or swapped with its neighbour, in names as `folded` has them.

    >>> near("milage", "mileage"), near("brnad", "brand"), near("make", "brand")
    (True, True, False)
    """
    one, other = sorted((word, other), key=len)
    if len(other) - len(one) > 1 or len(other) < _SHORTEST:
        return one == other
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    if len(one) < len(other):
        return rest == other_rest[1:]
    return rest[1:] == other_rest[1:] or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that `name` nearly is: the same but for case and word breaks, or one letter away.

    >>> nearest("Manual", ["manual", "automatic"])
    'manual'
    """
    word = name_key(name)
    candidates = [candidate for candidate in names if is_near(word, name_key(candidate))]
    return min(candidates, key=lambda candidate: name_key(candidate) != word, default=None)


def single_spaced(text: str) -> str:
    """Return a text with each run of white space as one space, none at its ends, and accents as part of their letters.

    >>> single_spaced(" svenska\u00a0 kronor ")
    'svenska kronor'
    """
    return " ".join(_composed(text).split())


def word_key(word: str) -> str:
    """Return what tells a word from others: not case, nor spaces, hyphens, underscores and full stops.

    Other signs do: nobody knows what ``bensin/el`` or ``diesel?`` means.

    >>> plain("Plug-in  Hybrid") == plain("plugin hybrid"), plain("bensin/el")
    (True, 'bensin/el')
    """
    return "".join(_composed(word).casefold().split()).translate(_UNTOLD)


def _composed(text: str) -> str:
    """Return a text with accents as part of their letters, as people see it; a text that is no word or name stays as it is."""
    if text.isascii() or len(text) > _LONGEST:
        return text
    from unicodedata import normalize

    return normalize("NFC", text)
