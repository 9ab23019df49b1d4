"""Exceptions, for the caller's mistakes and for what cannot be done. What is wrong with an ad is a finding.

It may import `spelling`.
"""

from collections.abc import Iterable

from v4schema import spelling

#: No more names than this are listed.
_MAX_LISTED = 20


class V4SchemaError(Exception):
    """The base class of all exceptions of this package."""


class UnknownName(V4SchemaError, LookupError):
    """The caller named an edition, a category, an operation, … that does not exist.

    `what` is the kind of name, such as ``category of v4``, `name` the one that the caller wrote, and `choices` those that exist.
    """

    def __init__(self, what: str, name: object, choices: Iterable[str]) -> None:
        self.what = what
        self.name = name
        self.choices = tuple(choices)
        super().__init__(what, name, self.choices)

    def __str__(self) -> str:
        near = spelling.nearest(str(self.name), self.choices)
        more = f" and {len(self.choices) - _MAX_LISTED} others" if len(self.choices) > _MAX_LISTED else ""
        hint = f"Did you mean {near}?" if near else f"Known: {', '.join(self.choices[:_MAX_LISTED])}{more}."
        noun, _, owner = self.what.partition(" of ")
        return f"Unknown {noun} {str(self.name)!r}{f' of {owner}' if owner else ''}. {hint}"


class NoMapping(V4SchemaError, LookupError):
    """There is no mapping from edition `version` to edition `to`; `paths` are the pairs of editions that have one."""

    def __init__(self, version: str, to: str, paths: Iterable[tuple[str, str]]) -> None:
        self.version = version
        self.to = to
        self.paths = tuple(paths)
        super().__init__(version, to, self.paths)

    def __str__(self) -> str:
        paths = ", ".join(f"{version} to {to}" for version, to in self.paths)
        return f"No mapping leads from {self.version} to {self.to}. Known: {paths}."


class MissingExtra(V4SchemaError, ImportError):
    """A library is not installed that an extra of this package installs; `extra` is the name of the extra."""

    def __init__(self, extra: str) -> None:
        self.extra = extra
        super().__init__(extra)

    def __str__(self) -> str:
        return (
            f"This needs the extra {self.extra!r}: pip install '.[{self.extra}]' in a clone, "
            f"or pip install 'v4schema[{self.extra}] @ git+https://…' with the address of the repository."
        )


class NoDescription(V4SchemaError, LookupError):
    """The edition `version` has no OpenAPI description; `choices` are the editions that have one."""

    def __init__(self, version: str, choices: Iterable[str]) -> None:
        self.version = version
        self.choices = tuple(choices)
        super().__init__(version, self.choices)

    def __str__(self) -> str:
        return f"{self.version} has no OpenAPI description. Editions that have one: {', '.join(self.choices) or 'none'}."


class TemporaryStorageFull(V4SchemaError):
    """A temporary file could not be written; `folder` is the folder of temporary files, `why` the system's reason."""

    def __init__(self, folder: str, why: str) -> None:
        self.folder = folder
        self.why = why
        super().__init__(folder, why)

    def __str__(self) -> str:
        return f"Cannot write to the temporary folder {self.folder}: {self.why}. Set TMPDIR to use another one."


class EngineUnavailable(V4SchemaError, ImportError):
    """A JSON Schema engine cannot be used; `engine` is its name, or None if no engine can be used, and `why` is the reason."""

    def __init__(self, engine: str | None, why: str) -> None:
        self.engine = engine
        self.why = why
        super().__init__(engine, why)

    def __str__(self) -> str:
        return f"The engine {self.engine} cannot be used: {self.why}" if self.engine else f"No engine can be used: {self.why}"


class SlowerEngine(UserWarning):
    """The fastest JSON Schema engine cannot be used, for the reasons in `whys`; `engine` is used instead."""

    def __init__(self, engine: str, *whys: str) -> None:
        self.engine = engine
        self.whys = whys
        super().__init__(engine, *whys)

    def __str__(self) -> str:
        return f"The slower engine {self.engine} is used ({'; '.join(self.whys)})."


class InvalidSchemas(V4SchemaError):
    """A file of a folder of schemas is missing or invalid; `path` is the file, and `why` the reason."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(path, why)

    def __str__(self) -> str:
        return f"{self.path}: {self.why}."
