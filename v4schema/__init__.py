"""Tell what is wrong with an ad for the Blocket Pro Import API before it is sent, and how to mend it.

>>> import v4schema
>>> report = v4schema.validate({"source_id": "moped-001", "category_id": "1121"})
>>> report.valid, str(report.kind)
(False, 'v4/moped')
>>> report.errors[0].at
'/dealer_code'

Importing the package opens no file and costs next to nothing: each name below is fetched when it is first used.
"""

from importlib import import_module

TYPE_CHECKING = False  # typing's own costs more to import than the rest of this file; type checkers know the name
if TYPE_CHECKING:
    from v4schema import catalogue, errors, feed, openapi, strategies
    from v4schema.conversion.migration import convert, migrate, revert
    from v4schema.conversion.questions import Question
    from v4schema.conversion.result import Conversion
    from v4schema.findings.report import Finding, InvalidAd, Kind, Level, Report
    from v4schema.normalisation.normaliser import Normalisation, normalise
    from v4schema.preparation import preflight
    from v4schema.reading.identify import identify
    from v4schema.reading.reader import Limits, Reading, read
    from v4schema.validation.validator import validate

__version__ = "0.1.0"

__all__ = [
    "Conversion",
    "Finding",
    "InvalidAd",
    "Kind",
    "Level",
    "Limits",
    "Normalisation",
    "Question",
    "Reading",
    "Report",
    "catalogue",
    "convert",
    "errors",
    "feed",
    "identify",
    "migrate",
    "normalise",
    "openapi",
    "preflight",
    "read",
    "revert",
    "strategies",
    "validate",
]

_ROOMS = {
    "Finding": "report",
    "InvalidAd": "report",
    "Kind": "report",
    "Level": "report",
    "Report": "report",
    "Normalisation": "normaliser",
    "Question": "asking",
    "Conversion": "conversion",
    "Limits": "reading",
    "Reading": "reading",
    "convert": "migration",
    "identify": "ad",
    "migrate": "migration",
    "normalise": "normaliser",
    "preflight": "preparation",
    "read": "reading",
    "revert": "migration",
    "validate": "validator",
}


def __getattr__(name: str) -> object:
    """Fetch a public name from the module it lives in (PEP 562)."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    if name not in _ROOMS:
        return import_module(f"{__name__}.{name}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    return value


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted({*globals(), *__all__})
