"""A factory of schema validators for openapi-core in which `v4schema.validate` alone validates ads."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.validation.schemas import oas31_schema_validators_factory
from openapi_core.validation.schemas.exceptions import ValidateError
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator

from v4schema.catalogue import Catalogue
from v4schema.document import pointer
from v4schema.document.pointer import Place
from v4schema.findings.report import Report
from v4schema.openapi.description import OPERATION
from v4schema.validation.validator import validate


class AdRefused(ValidateError):
    """An ad has errors; `report` has them. The text of this exception names codes and places, and never a value."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report)

    def __str__(self) -> str:
        return ", ".join(f"{finding.code} at {finding.at or '/'}" for finding in self.report.errors)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class AdValidatorsFactory(SchemaValidatorsFactory):
    """Makes openapi-core's validators: for ads, validators that call `v4schema.validate`; for all else, openapi-core's own.

    It is for documents of `v4schema.openapi.document`, and is passed as ``Config(schema_validators_factory=…)``. `version`,
    `category`, `engine` and `catalogue` are those of `v4schema.validate`. An ad with errors raises `AdRefused`. `on_report` is
    called with the report on every body with ads, so that warnings are not lost.
    """

    def __init__(
        self,
        version: str | None = None,
        *,
        category: str | int | None = None,
        engine: str | None = None,
        catalogue: Catalogue | None = None,
        on_report: Callable[[Report], None] | None = None,
    ) -> None:
        self._options: dict[str, Any] = {"version": version, "category": category, "engine": engine, "catalogue": catalogue}
        self._on_report = on_report

    def create(self, spec: SchemaPath, schema: SchemaPath, *args: Any, **options: Any) -> SchemaValidator:  # noqa: ANN401  (openapi-core's own)
        """Return a validator for a schema."""

        def default() -> SchemaValidator:
            return oas31_schema_validators_factory.create(spec, schema, *args, **options)

        operation = _operation(schema)
        if operation is not None:
            return AdValidator(schema, default, lambda ad: self._validate([((), ad)], operation))
        lists = [branch / "items" for branch in (schema, *(schema / "anyOf" if "anyOf" in schema else ())) if "items" in branch]
        item_operation = next(filter(None, map(_operation, lists)), None)
        if item_operation is not None:
            return AdValidator(schema, default, lambda ads: self._validate(_items(ads), item_operation))
        return default()

    def _validate(self, ads: Iterable[tuple[Place, object]], operation: str) -> None:
        """Validate ads, each with its place in a body. Raises `AdRefused` if any has an error."""
        reports = [(pointer.write(at), validate(ad, operation=operation, **self._options)) for at, ad in ads]
        findings = [
            replace(finding, at=at + finding.at) if at else finding for at, report in reports for finding in report.findings
        ]
        kinds = {report.kind for _, report in reports}
        combined = Report(kind=kinds.pop() if len(kinds) == 1 else None, findings=tuple(findings))
        if self._on_report is not None:
            self._on_report(combined)
        if not combined.valid:
            raise AdRefused(combined)


class AdValidator(SchemaValidator):
    """Validates an ad, or a list of ads, by the function `check`, which raises; for all else, makes openapi-core's validator."""

    def __init__(self, schema: SchemaPath, default: Callable[[], SchemaValidator], check: Callable[[object], None]) -> None:
        self.schema = schema
        self._default = default
        self._check = check

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (any attribute of the validator)
        """Make openapi-core's validator when it is first used."""
        if name != "validator":
            raise AttributeError(name)
        self.validator = self._default().validator
        return self.validator

    def validate(self, value: object) -> None:
        """Raise `AdRefused` if an ad has an error."""
        self._check(value)

    def evolve(self, schema: SchemaPath) -> SchemaValidator:
        """Return a validator for another schema."""
        return self._default().evolve(schema)


def _operation(schema: SchemaPath) -> str | None:
    """Return the operation of a schema that is a choice of ads; None for any other schema."""
    with schema.resolve() as resolved:
        contents: Any = resolved.contents
    return contents.get(OPERATION) if isinstance(contents, dict) else None


def _items(ads: object) -> Iterable[tuple[Place, object]]:
    """Return each ad of a list with its place; nothing if the value is not a list."""
    return [((index,), ad) for index, ad in enumerate(ads)] if isinstance(ads, list) else []
