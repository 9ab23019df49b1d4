"""What is found about an ad: kinds, levels, findings, and the report that holds them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from v4schema.document import pointer
from v4schema.errors import V4SchemaError

#: Under this name stand, in a body of the API, errors of what others stand within.
NON_FIELD_ERRORS = "non_field_errors"
#: An array with an index of more digits than this is told by the names of its items, and not item by item.
_DIGITS = 3


class Level(StrEnum):
    """How grave a finding is; the gravest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the gravest level, more for each lighter one."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an ad is: an edition of the API, and a category of it where the ad or the caller names one."""

    version: str
    category: str | None = None

    def __str__(self) -> str:
        return f"{self.version}/{self.category}" if self.category else self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found in an ad.

    `code` is stable and dotted (``v4schema explain CODE`` tells more), `at` a JSON Pointer into the ad as given,
    `message` one sentence, `hint` how to mend it, `source` the codes of the documents it rests on. `line` and `column`
    count from 1, in characters, where the ad was read from a file.

    In `at` and `to`, a name that may be private stands as ``…`` and its number in its object, from 1, as in ``/contact/…2``;
    `v4schema.catalogue.privacy.MaskedPointers` leads back.

    Of something that was changed, `before` and `after` are the values; `to` is its place in the ad that came out of it, where
    that is another. They are the caller's own and may be private, so they are left out of what is printed of a finding.
    `fixable` is whether `v4schema.normalise` would see to it; it is told where ads are checked by `v4schema.feed`.
    """

    code: str
    at: str
    message: str
    level: Level = Level.ERROR
    hint: str | None = None
    source: tuple[str, ...] = ()
    line: int | None = None
    column: int | None = None
    to: str | None = None
    before: object = field(default=None, repr=False, hash=False)
    after: object = field(default=None, repr=False, hash=False)
    fixable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings about one ad, in the order of their places in it; `kind` is None where it could not be told.

    `ad` is the ad to send, where it was prepared for that.
    """

    kind: Kind | None = None
    findings: tuple[Finding, ...] = ()
    ad: object = field(default=None, repr=False, hash=False)

    @property
    def valid(self) -> bool:
        """Whether there is no error: warnings and notes do not count."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the API is expected to refuse the ad."""
        return self._of(Level.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are probably wrong, or wrong by a document that may not apply."""
        return self._of(Level.WARNING)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that only tell something."""
        return self._of(Level.NOTE)

    def api(self) -> dict[str, object] | list[object]:
        """Return the errors as the body of the API's answer 400: nested like the ad, in the shape of its documents S and CD7.

        A field's errors are a list of sentences. The items of an array of objects are a list with ``{}`` for each that is
        fine; other items are keyed by index. Errors of the ad as a whole are a bare list, or stand under
        ``non_field_errors`` beside others, as in Django REST framework.
        """
        return _nested([(pointer.parse(finding.at), finding.message) for finding in self.errors])

    def raise_for_errors(self) -> None:
        """Raise `InvalidAd`, which holds this report, if there is an error."""
        if not self.valid:
            raise InvalidAd(self)

    def _of(self, level: Level) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is level)


class InvalidAd(V4SchemaError):
    """An ad has errors; `report` tells them all. Its text is for a log: a line for each, with place and sentence."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report)

    def __str__(self) -> str:
        return "\n".join(f"{finding.at or '/'}: {finding.message}" for finding in self.report.errors)


def _is_index(name: str) -> bool:
    """Tell whether a name can be that of an item of an array that is not longer than any of an ad."""
    return name.isascii() and name.isdecimal() and str(int(name[:_DIGITS])) == name


def _nested(sayings: Iterable[tuple[tuple[str, ...], str]]) -> dict[str, object] | list[object]:
    """Nest sentences by their places."""
    here: list[object] = []
    inside: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for place, message in sayings:
        if place:
            inside.setdefault(place[0], []).append((place[1:], message))
        else:
            here.append(message)
    if not inside:
        return here or {}
    children = {name: _nested(deeper) for name, deeper in inside.items()}
    if here:
        return {NON_FIELD_ERRORS: here, **children}
    if all(map(_is_index, children)) and all(isinstance(child, dict) for child in children.values()):
        return [children.get(str(index), {}) for index in range(max(map(int, children)) + 1)]
    return dict(children)
