"""JSON Pointers (RFC 6901) as text and as tokens."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: One step into a document: the name of a member or the index of an item.
Token = str | int
#: A place in a document: the tokens that lead to it.
Place = tuple[Token, ...]
#: The token for every item of an array, in places that stand for several.
EVERY = "*"
#: Replaces a name that may be private; the number of the member in its object follows it.
MASK = "\N{HORIZONTAL ELLIPSIS}"
_NUMBER = re.compile("[1-9][0-9]{0,9}")


def write(tokens: Iterable[Token]) -> str:
    """Write tokens as a JSON Pointer.

    >>> write(("price", 0, "a/b~c"))
    '/price/0/a~1b~0c'
    """
    names = [str(token) for token in tokens]
    text = "/".join(["", *names])
    if "~" in text or text.count("/") > len(names):
        return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    return text


def parse(pointer: str) -> tuple[str, ...]:
    """Split a JSON Pointer into tokens; the index of an item stays text.

    >>> parse("/price/0/a~1b~0c")
    ('price', '0', 'a/b~c')
    """
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def masked_number(token: Token) -> int | None:
    """Return the number, from 1, of the member that a masked name stands for; None for any other token.

    >>> masked_number("\u20262"), masked_number("phone")
    (2, None)
    """
    number = str(token).removeprefix(MASK)
    return int(number) if number != token and _NUMBER.fullmatch(number) else None


def expand(document: object, at: Sequence[str], place: Place = ()) -> Iterator[Place]:
    """Yield the places that a place with ``*`` stands for, as far as the document has them.

    `place` is the place of `document` itself; it is put before each result.

    >>> [*expand({"price": [{"amount": 1}, {}]}, ("price", "*", "amount"))]
    [('price', 0, 'amount')]
    """
    if not at:
        yield place
    elif at[0] == EVERY:
        for index, item in enumerate(document if isinstance(document, list) else ()):
            yield from expand(item, at[1:], (*place, index))
    elif isinstance(document, dict) and at[0] in document:
        yield from expand(document[at[0]], at[1:], (*place, at[0]))


def resolve(document: object, pointer: str) -> Place:
    """Split a JSON Pointer into tokens; an index becomes a number where `document` has an array.

    >>> resolve({"price": [{}]}, "/price/0/amount")
    ('price', 0, 'amount')
    """
    place: list[Token] = []
    value: Any = document
    for token in parse(pointer):
        place.append(int(token) if isinstance(value, list) and token.isdecimal() else token)
        value = get(value, place[-1:]) if exists(value, place[-1:]) else None
    return tuple(place)


def ancestors(place: Place) -> Iterator[Place]:
    """Yield a place and every place that encloses it, the whole document last.

    >>> list(ancestors(("price", 0)))
    [('price', 0), ('price',), ()]
    """
    return (place[:end] for end in range(len(place), -1, -1))


def get(document: object, tokens: Iterable[Token]) -> object:
    """Return the value at `tokens` in `document`. Raises `LookupError` if there is none.

    >>> get({"price": [{"amount": 5}]}, ("price", "0", "amount"))
    5
    """
    value = document
    for token in tokens:
        if isinstance(value, dict):
            value = value[str(token)]
        elif isinstance(value, list) and str(token).isdecimal():
            value = value[int(token)]
        else:
            raise LookupError(token)
    return value


def exists(document: object, tokens: Iterable[Token]) -> bool:
    """Return whether there is a value at `tokens` in `document`.

    >>> exists({"price": []}, ("price", 0))
    False
    """
    try:
        get(document, tokens)
    except LookupError:
        return False
    return True


def text(document: object, tokens: Iterable[Token]) -> str | None:
    """Return the text at `tokens` in `document`; None if there is nothing, or another type of value.

    >>> text({"source_id": "17"}, ("source_id",))
    '17'
    """
    tokens = [*tokens]
    value = get(document, tokens) if exists(document, tokens) else None
    return value if isinstance(value, str) else None


class Order:
    """A sort key for places: their order in a document. A missing member sorts before the others of its object."""

    def __init__(self, document: object) -> None:
        self._document = document
        self._ranks: dict[int, dict[str, int]] = {}

    def __call__(self, at: Place) -> tuple[int, ...]:
        """Return the key of a place."""
        key = []
        value: Any = self._document
        for token in at:
            if isinstance(value, dict):
                if id(value) not in self._ranks:
                    self._ranks[id(value)] = {name: rank for rank, name in enumerate(value, start=1)}
                key.append(self._ranks[id(value)].get(str(token), 0))
                value = value.get(token)
            elif isinstance(value, list) and str(token).isdecimal() and int(token) < len(value):
                key.append(int(token) + 1)
                value = value[int(token)]
            else:
                key.append(0)
                value = None
        return tuple(key)
