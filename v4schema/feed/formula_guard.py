"""Guarding the cells of a table, so that no spreadsheet takes a text for a formula."""

import re

#: The signs that begin a formula in a spreadsheet of some locale, as a character class: also full-width, small and raised signs,
#: and dashes that are read as minus.
_SIGNS = "=+@\\-\u2010-\u2015\u2212\ufe58\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u207a-\u207c\u208a-\u208c"
#: What a spreadsheet may skip before such a sign: white space, control characters, quotes and invisible characters.
_PASSED_OVER = (
    '\x00-\x08\x0b\x0c\x0e-\x20"\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u200f'  # up to the marks of direction
    "\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
)


#: Where a program may split a cell, whatever the separator is: the part after it may count as a formula too.
_SPLITS = ",;|\t\r\n"
#: The places of a guard, which keeps a text from being a formula, or from being rewritten as a number or a date.
_GUARDED = re.compile(f"(?:^|(?<=[{_SPLITS}]))(?=[{_PASSED_OVER}]*[{_SIGNS}'])|^(?=[{_SPLITS}#])", re.DOTALL)

_GUARD = re.compile(f"^'|(?<=[{_SPLITS}])'(?=[{_PASSED_OVER}]*[{_SIGNS}'])", re.DOTALL)


def guarded(text: str) -> str:
    """Return a text in which no spreadsheet finds a formula, wherever it splits the text."""
    return _GUARDED.sub("'", text)


def unguarded(text: str) -> str:
    """Return the text without its guards."""
    return _GUARD.sub("", text)
