"""Editing a JSON value without changing the given one: only what changes is copied."""

from collections.abc import Sequence
from typing import Any

from v4schema.document.pointer import Place, Token


def vacancy(document: object, at: Place) -> Place | None:
    """Return the first place on the way to `at` that is missing or blank, where a value at `at` would have to be put.

    None where something is in the way: a value at the place itself, or a value around it that is no object.
    """
    here: Any = document
    for end, token in enumerate(at):
        if isinstance(here, dict):
            if token not in here:
                return at[: end + 1]
        elif not (isinstance(here, list) and isinstance(token, int) and token < len(here)):
            return at[:end] if is_blank(here) else None
        here = here[token]
    return at if is_blank(here) else None


def is_blank(value: object) -> bool:
    """Return whether a value says nothing: null, or text of white space alone."""
    return value is None or (isinstance(value, str) and not value.strip())


def with_value(document: Any, at: Sequence[Token], value: object) -> Any:  # noqa: ANN401  (any JSON)
    """Return a document with a value at a place; objects are made on the way where something is missing or blank."""
    draft = Draft(document)
    draft.put(at, value)
    return draft.document


class Draft:
    """A document that is changed in many places: each part that it shares with the given one is copied once, when it changes.

    `document` is the document so far: the given one itself until something changes.
    """

    def __init__(self, given: Any) -> None:  # noqa: ANN401  (any JSON)
        self.document = given
        self._own: dict[int, Any] = {}  # by identity; held, so that no new object takes the identity of a freed one

    def put(self, at: Sequence[Token], value: object) -> None:
        """Put a value at a place; objects are made on the way where something is missing or blank."""
        if at:
            self.opened(at[:-1])[at[-1]] = value
        else:
            self.document = value

    def remove(self, at: Sequence[Token]) -> None:
        """Remove a member of an object, or an item of an array."""
        del self.opened(at[:-1])[at[-1]]

    def rename(self, at: Place, right: Place, value: object) -> None:
        """Move a member to another place, with a new value: in the same object it keeps its position, else it comes last.

        A value at the new place is replaced.
        """
        if right[:-1] != at[:-1]:
            self.remove(at)
            self.put(right, value)
            return
        here = self.opened(at[:-1])
        here.pop(right[-1], None)
        members = [(right[-1], value) if name == at[-1] else (name, member) for name, member in here.items()]
        here.clear()
        here.update(members)

    def opened(self, at: Sequence[Token]) -> Any:  # noqa: ANN401  (an object or an array)
        """Return the object or array at a place, to be changed; an object is made where something is missing or blank."""
        here = self.document = self._owned(self.document)
        for token in at:
            below = here.get(token) if isinstance(here, dict) else here[token]
            inner = self._owned(below)
            here[token] = inner
            here = inner
        return here

    def _owned(self, value: Any) -> Any:  # noqa: ANN401  (any JSON)
        if id(value) in self._own:
            return value
        new: Any = {} if is_blank(value) else value.copy()
        self._own[id(new)] = new
        return new
