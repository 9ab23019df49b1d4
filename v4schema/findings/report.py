"""The results of a check: kinds, levels, findings, and the report that contains them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from v4schema.document import pointer
from v4schema.errors import V4SchemaError

#: The name that the API gives, in the body of a response, to the errors of an object that also has errors in its members.
NON_FIELD_ERRORS = "non_field_errors"
#: An index with more digits than this is written as a name, and not by its position in a list.
_MAX_INDEX_DIGITS = 3


class Level(StrEnum):
    """The severity of a finding; the most severe first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the most severe level, 1 for the next, and so on."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an ad is: an edition of the API, and one of its categories if the ad or the caller names one."""

    version: str
    category: str | None = None

    def __str__(self) -> str:
        return f"{self.version}/{self.category}" if self.category else self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found in an ad.

    `code` is stable and dotted (``v4schema explain CODE`` explains it). `at` is a JSON Pointer into the ad as given. `message` is
    one sentence, `hint` says how to fix it, and `source` has the codes of the documents it rests on. `line` and `column` count
    from 1, the column in characters; they are set if the ad was read from a file.

    In `at` and `to`, a name that may be private is replaced by ``…`` and its number in its object, from 1, as in ``/contact/…2``.
    `v4schema.catalogue.privacy.MaskedPointers` turns such a pointer back into a place.

    For a change, `before` and `after` are the values, and `to` is the place in the new ad if it differs from `at`. The values are
    the caller's own and may be private, so ``repr`` leaves them out. `fixable` is whether `v4schema.normalise` fixes it; it is
    set if ads are checked by `v4schema.feed`.
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
    """All findings about one ad, in the order of their places in it.

    `kind` is None if it is unknown. `ad` is the ad that was prepared to be sent, if one was.
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
        """The findings about what is probably wrong, or wrong by a document that may not apply."""
        return self._of(Level.WARNING)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that only inform."""
        return self._of(Level.NOTE)

    def api(self) -> dict[str, object] | list[object]:
        """Return the body of the API's response 400: the errors nested like the ad, as documents S and CD7 show.

        The errors of a field are a list of sentences. An array of objects becomes a list, with ``{}`` for each item without
        errors; the items of other arrays are keyed by index. Errors of the ad as a whole are a bare list, or, if fields have
        errors as well, a list under ``non_field_errors``, as in Django REST framework.
        """
        return _nested([(pointer.parse(finding.at), finding.message) for finding in self.errors])

    def raise_for_errors(self) -> None:
        """Raise `InvalidAd` with this report if there is an error."""
        if not self.valid:
            raise InvalidAd(self)

    def _of(self, level: Level) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is level)


class InvalidAd(V4SchemaError):
    """An ad has errors; `report` has them all. The text is for a log: a line for each error, with its place and message."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report)

    def __str__(self) -> str:
        return "\n".join(f"{finding.at or '/'}: {finding.message}" for finding in self.report.errors)


def _is_index(name: str) -> bool:
    """Return whether a name can be the index of an item in an array of at most 1,000 items, more than any array of an ad has."""
    return name.isascii() and name.isdecimal() and str(int(name[:_MAX_INDEX_DIGITS])) == name


def _nested(messages: Iterable[tuple[tuple[str, ...], str]]) -> dict[str, object] | list[object]:
    """Nest messages by their places."""
    own: list[object] = []
    by_member: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for place, message in messages:
        if place:
            by_member.setdefault(place[0], []).append((place[1:], message))
        else:
            own.append(message)
    if not by_member:
        return own or {}
    children = {name: _nested(inner) for name, inner in by_member.items()}
    if own:
        return {NON_FIELD_ERRORS: own, **children}
    if all(map(_is_index, children)) and all(isinstance(child, dict) for child in children.values()):
        return [children.get(str(index), {}) for index in range(max(map(int, children)) + 1)]
    return dict(children)
