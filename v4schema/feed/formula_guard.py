"""Guarding the cells of a table, so that no spreadsheet takes a text for a formula."""

import re

#: What spreadsheets take for the beginning of a formula, in one locale or another, as a character class: also as full-width,
#: small and raised signs, and as the dashes that they read as minus.
_SIGNS = "=+@\\-\u2010-\u2015\u2212\ufe58\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u207a-\u207c\u208a-\u208c"
#: What they may pass over before it: white space, control characters, quotes, and what cannot be seen.
_PASSED_OVER = (
    '\x00-\x08\x0b\x0c\x0e-\x20"\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u200f'  # up to the marks of direction
    "\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
)


#: What a program may split a cell at, whatever it is told: it may take what follows for a formula as well.
_SPLITS = ",;|\t\r\n"
#: Where the guard goes that keeps a text from being a formula, or from being written anew as a number or a date.
_GUARDED = re.compile(f"(?:^|(?<=[{_SPLITS}]))(?=[{_PASSED_OVER}]*[{_SIGNS}'])|^(?=[{_SPLITS}#])", re.DOTALL)

_GUARD = re.compile(f"^'|(?<=[{_SPLITS}])'(?=[{_PASSED_OVER}]*[{_SIGNS}'])", re.DOTALL)


def guarded(text: str) -> str:
    """Return a text of which no spreadsheet takes anything for a formula, wherever it splits it."""
    return _GUARDED.sub("'", text)


def unguarded(text: str) -> str:
    """Return the text that was guarded."""
    return _GUARD.sub("", text)
