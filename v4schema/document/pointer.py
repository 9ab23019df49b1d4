"""JSON Pointers (RFC 6901) as text and as tokens."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: One step into a document: a member's name or an item's index.
Token = str | int
#: A place in a document: the steps to it.
Place = tuple[Token, ...]
#: The step to every item of an array, in places that stand for several.
EVERY = "*"
#: What stands for a name that may be private, before its number in its object.
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
    """Take a JSON Pointer apart; an item's index stays text, as in the pointer.

    >>> parse("/price/0/a~1b~0c")
    ('price', '0', 'a/b~c')
    """
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def masked_number(token: Token) -> int | None:
    """Return the number in its object, from 1, of the member that a masked name stands for; None for any other token.

    >>> number("\u20262"), number("phone")
    (2, None)
    """
    told = str(token).removeprefix(MASK)
    return int(told) if told != token and _NUMBER.fullmatch(told) else None


def expand(document: object, at: Sequence[str], place: Place = ()) -> Iterator[Place]:
    """Yield the places in a document that a place with ``*`` stands for, as far as the document has them.

    >>> [*instances({"price": [{"amount": 1}, {}]}, ("price", "*", "amount"))]
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
    """Take a JSON Pointer apart; an item's index is a number where `document` has an array.

    >>> within({"price": [{}]}, "/price/0/amount")
    ('price', 0, 'amount')
    """
    place: list[Token] = []
    here: Any = document
    for token in parse(pointer):
        place.append(int(token) if isinstance(here, list) and token.isdecimal() else token)
        here = get(here, place[-1:]) if exists(here, place[-1:]) else None
    return tuple(place)


def ancestors(place: Place) -> Iterator[Place]:
    """Yield a place and all that it is in, the document last.

    >>> list(around(("price", 0)))
    [('price', 0), ('price',), ()]
    """
    return (place[:end] for end in range(len(place), -1, -1))


def get(document: object, tokens: Iterable[Token]) -> object:
    """Return what stands at `tokens` in `document`, or raise `LookupError`.

    >>> get({"price": [{"amount": 5}]}, ("price", "0", "amount"))
    5
    """
    here = document
    for token in tokens:
        if isinstance(here, dict):
            here = here[str(token)]
        elif isinstance(here, list) and str(token).isdecimal():
            here = here[int(token)]
        else:
            raise LookupError(token)
    return here


def exists(document: object, tokens: Iterable[Token]) -> bool:
    """Tell whether anything stands at `tokens` in `document`.

    >>> leads({"price": []}, ("price", 0))
    False
    """
    try:
        get(document, tokens)
    except LookupError:
        return False
    return True


def text(document: object, tokens: Iterable[Token]) -> str | None:
    """Return the text that stands at `tokens` in `document`, or None where nothing or something else does.

    >>> text({"source_id": "17"}, ("source_id",))
    '17'
    """
    tokens = [*tokens]
    told = get(document, tokens) if exists(document, tokens) else None
    return told if isinstance(told, str) else None


class Order:
    """Where places stand in a document, to sort by; what is missing stands where its object begins."""

    def __init__(self, document: object) -> None:
        self._document = document
        self._ranks: dict[int, dict[str, int]] = {}

    def __call__(self, at: Place) -> tuple[int, ...]:
        """Return the key of a place."""
        order = []
        here: Any = self._document
        for token in at:
            if isinstance(here, dict):
                if id(here) not in self._ranks:
                    self._ranks[id(here)] = {name: rank for rank, name in enumerate(here, start=1)}
                order.append(self._ranks[id(here)].get(str(token), 0))
                here = here.get(token)
            elif isinstance(here, list) and str(token).isdecimal() and int(token) < len(here):
                order.append(int(token) + 1)
                here = here[int(token)]
            else:
                order.append(0)
                here = None
        return tuple(order)
