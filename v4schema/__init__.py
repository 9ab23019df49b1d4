"""Find out what is wrong with an ad for the Blocket Pro Import API before it is sent, and how to fix it.

>>> import v4schema
>>> report = v4schema.validate({"source_id": "moped-001", "category_id": "1121"})
>>> report.valid, str(report.kind)
(False, 'v4/moped')
>>> report.errors[0].at
'/dealer_code'

Importing the package opens no file and costs next to nothing: each name below is loaded when it is first used.
"""

from importlib import import_module

from v4schema._version import __version__ as __version__

TYPE_CHECKING = False  # importing `typing` costs more than the rest of this file; type checkers know the name
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

#: The module of each public name that is no module itself.
_MODULES = {
    "Conversion": "conversion.result",
    "Finding": "findings.report",
    "InvalidAd": "findings.report",
    "Kind": "findings.report",
    "Level": "findings.report",
    "Limits": "reading.reader",
    "Normalisation": "normalisation.normaliser",
    "Question": "conversion.questions",
    "Reading": "reading.reader",
    "Report": "findings.report",
    "convert": "conversion.migration",
    "identify": "reading.identify",
    "migrate": "conversion.migration",
    "normalise": "normalisation.normaliser",
    "preflight": "preparation",
    "read": "reading.reader",
    "revert": "conversion.migration",
    "validate": "validation.validator",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    if name not in _MODULES:
        return import_module(f"{__name__}.{name}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
