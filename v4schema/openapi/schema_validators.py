"""openapi-core's factory of schema validators with `v4schema.validate` in it, so that ads are judged by that alone."""

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
    """An ad has errors; `report` tells them. The text of this names codes and places, and never a value."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report)

    def __str__(self) -> str:
        return ", ".join(f"{finding.code} at {finding.at or '/'}" for finding in self.report.errors)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class AdValidatorsFactory(SchemaValidatorsFactory):
    """Makes what openapi-core validates by: for an ad `v4schema.validate`, for all else what it would make itself.

    It is for documents of `v4schema.openapi.document`, and goes into ``Config(schema_validators_factory=…)``. `version`,
    `category`, `engine` and `catalogue` are those of `v4schema.validate`; an ad with errors raises `AdRefused`, and `heard` is
    called with the report on any ad, so that warnings are not lost.
    """

    def __init__(
        self,
        version: str | None = None,
        *,
        category: str | int | None = None,
        engine: str | None = None,
        catalogue: Catalogue | None = None,
        heard: Callable[[Report], None] | None = None,
    ) -> None:
        self._told: dict[str, Any] = {"version": version, "category": category, "engine": engine, "catalogue": catalogue}
        self._heard = heard

    def create(self, spec: SchemaPath, schema: SchemaPath, *told: Any, **more: Any) -> SchemaValidator:  # noqa: ANN401  (openapi-core's own)
        """Return what validates by a schema."""

        def plain() -> SchemaValidator:
            return oas31_schema_validators_factory.create(spec, schema, *told, **more)

        operation = _operation(schema)
        if operation is not None:
            return AdValidator(schema, plain, lambda ad: self._judge([((), ad)], operation))
        lists = [branch / "items" for branch in (schema, *(schema / "anyOf" if "anyOf" in schema else ())) if "items" in branch]
        each = next(filter(None, map(_operation, lists)), None)
        if each is not None:
            return AdValidator(schema, plain, lambda ads: self._judge(_items(ads), each))
        return plain()

    def _judge(self, ads: Iterable[tuple[Place, object]], operation: str) -> None:
        """Judge ads, each at its place in a body. Raises `AdRefused` if any has an error."""
        reports = [(pointer.write(at), validate(ad, operation=operation, **self._told)) for at, ad in ads]
        findings = [replace(found, at=at + found.at) if at else found for at, report in reports for found in report.findings]
        kinds = {report.kind for _, report in reports}
        whole = Report(kind=kinds.pop() if len(kinds) == 1 else None, findings=tuple(findings))
        if self._heard is not None:
            self._heard(whole)
        if not whole.valid:
            raise AdRefused(whole)


class AdValidator(SchemaValidator):
    """Validates an ad, or a list of them, by a function that raises; all but that is done by the `plain` validator."""

    def __init__(self, schema: SchemaPath, plain: Callable[[], SchemaValidator], judge: Callable[[object], None]) -> None:
        self.schema = schema
        self._plain = plain
        self._judge = judge

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the validator has)
        """Make the plain validator when it is first asked for."""
        if name != "validator":
            raise AttributeError(name)
        self.validator = self._plain().validator
        return self.validator

    def validate(self, value: object) -> None:
        """Raise `AdRefused` if there is an error."""
        self._judge(value)

    def evolve(self, schema: SchemaPath) -> SchemaValidator:
        """Return what validates by another schema."""
        return self._plain().evolve(schema)


def _operation(schema: SchemaPath) -> str | None:
    """Return the operation that a schema is a choice of ads for, if it is one."""
    with schema.resolve() as resolved:
        contents: Any = resolved.contents
    return contents.get(OPERATION) if isinstance(contents, dict) else None


def _items(ads: object) -> Iterable[tuple[Place, object]]:
    """Return each of several ads with its place; of what is no list nothing is known."""
    return [((index,), ad) for index, ad in enumerate(ads)] if isinstance(ads, list) else []
