"""Extras of this package: their modules are loaded when they are used, and an error names the extra that is not installed.

It may import `errors`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from v4schema.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra: its name, the package of ours that needs it, and the libraries that it installs."""

    name: str
    package: str
    libraries: tuple[str, ...]

    def load(self, module: str, name: str) -> Any:  # noqa: ANN401  (an attribute of any type)
        """Return an attribute of a module of the package. Raises `v4schema.errors.MissingExtra` if a library is not installed."""
        try:
            return getattr(import_module(f"{self.package}.{module}"), name)
        except ModuleNotFoundError:
            if all(find_spec(library) for library in self.libraries):
                raise
            raise MissingExtra(self.name) from None

    def lazy_getattr(self, modules: Mapping[str, str]) -> Callable[[str], object]:
        """Return the ``__getattr__`` of the package (PEP 562); `modules` has the module of each public name."""

        def load_attribute(name: str) -> object:
            if name not in modules:
                message = f"module {self.package!r} has no attribute {name!r}"
                raise AttributeError(message)
            value = self.load(modules[name], name)
            setattr(import_module(self.package), name, value)  # so that it is loaded once
            return value

        return load_attribute


#: The extra of `v4schema.openapi`.
OPENAPI = Extra("openapi", "v4schema.openapi", ("openapi_core",))
#: The extra of `v4schema.strategies`.
HYPOTHESIS = Extra("hypothesis", "v4schema.strategies", ("hypothesis", "interegular"))
