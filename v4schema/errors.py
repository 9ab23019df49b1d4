"""Exceptions: for when there is no answer at all. What is wrong with an ad is a finding."""

from collections.abc import Iterable

from v4schema import spelling

#: More names than this are not listed.
_MOST = 20


class V4SchemaError(Exception):
    """What every exception of this package is."""


class UnknownName(V4SchemaError, LookupError):
    """The caller named an edition, a category, an operation, … that the catalogue does not hold.

    `what` says what kind of name it should be, `name` is the caller's word, `choices` are the names there are.
    """

    def __init__(self, what: str, name: object, choices: Iterable[str]) -> None:
        self.what = what
        self.name = name
        self.choices = tuple(choices)
        super().__init__(what, name, self.choices)

    def __str__(self) -> str:
        near = spelling.nearest(str(self.name), self.choices)
        more = f" and {len(self.choices) - _MOST} others" if len(self.choices) > _MOST else ""
        hint = f"Did you mean {near}?" if near else f"There are: {', '.join(self.choices[:_MOST])}{more}."
        return f"There is no {self.what} {str(self.name)!r}. {hint}"


class NoMapping(V4SchemaError, LookupError):
    """No mapping leads from one edition to another; `ways` are the pairs of editions between which one does."""

    def __init__(self, version: str, to: str, ways: Iterable[tuple[str, str]]) -> None:
        self.version = version
        self.to = to
        self.ways = tuple(ways)
        super().__init__(version, to, self.ways)

    def __str__(self) -> str:
        ways = ", ".join(f"{version} to {to}" for version, to in self.ways)
        return f"No mapping leads from {self.version} to {self.to}. There are: {ways}."


class MissingExtra(V4SchemaError, ImportError):
    """A library is missing that comes with an extra of this package; `extra` is its name."""

    def __init__(self, extra: str) -> None:
        self.extra = extra
        super().__init__(extra)

    def __str__(self) -> str:
        return (
            f"This needs the extra {self.extra!r}: pip install '.[{self.extra}]' in a clone, "
            f"or pip install 'v4schema[{self.extra}] @ git+https://…' with the address of the repository."
        )


class NoDescription(V4SchemaError, LookupError):
    """An edition has no OpenAPI description; `choices` are those that do."""

    def __init__(self, version: str, choices: Iterable[str]) -> None:
        self.version = version
        self.choices = tuple(choices)
        super().__init__(version, self.choices)

    def __str__(self) -> str:
        return f"{self.version} has no OpenAPI description. There are those of: {', '.join(self.choices) or 'no edition'}."


class TemporaryStorageFull(V4SchemaError):
    """A temporary file could not be written; `folder` is that of temporary files, `why` what the system says."""

    def __init__(self, folder: str, why: str) -> None:
        self.folder = folder
        self.why = why
        super().__init__(folder, why)

    def __str__(self) -> str:
        return f"Cannot write to the temporary folder {self.folder}: {self.why}. TMPDIR names another one."


class EngineUnavailable(V4SchemaError, ImportError):
    """A JSON Schema engine cannot be imported; `engine` is its name, None where that holds for all of them, `why` says why."""

    def __init__(self, engine: str | None, why: str) -> None:
        self.engine = engine
        self.why = why
        super().__init__(engine, why)

    def __str__(self) -> str:
        return f"The engine {self.engine} cannot be used: {self.why}" if self.engine else f"No engine can be used: {self.why}"


class SlowerEngine(UserWarning):
    """The fastest JSON Schema engine cannot be used, for the reasons in `whys`, and `engine` serves instead."""

    def __init__(self, engine: str, *whys: str) -> None:
        self.engine = engine
        self.whys = whys
        super().__init__(engine, *whys)

    def __str__(self) -> str:
        return f"The engine {self.engine} is used, which is slower ({'; '.join(self.whys)})."


class InvalidSchemas(V4SchemaError):
    """A folder of schemas lacks a file or holds one that is not as it should be; `path` says which."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(path, why)

    def __str__(self) -> str:
        return f"{self.path}: {self.why}."
