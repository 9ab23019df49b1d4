"""What comes with an extra of this package, fetched when it is used; where its library is missing, the message names it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from v4schema.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra by its name, the package of ours that needs it, and the libraries that it brings."""

    name: str
    package: str
    libraries: tuple[str, ...]

    def load(self, module: str, name: str) -> Any:  # noqa: ANN401  (whatever the module holds)
        """Return what a module of the package holds under a name. Raises `v4schema.errors.MissingExtra` without a library."""
        try:
            return getattr(import_module(f"{self.package}.{module}"), name)
        except ModuleNotFoundError:
            if all(find_spec(library) for library in self.libraries):
                raise
            raise MissingExtra(self.name) from None

    def lazy_getattr(self, modules: Mapping[str, str]) -> Callable[[str], object]:
        """Return the ``__getattr__`` of the package (PEP 562): public names, each with the module that it lives in."""

        def fetch(name: str) -> object:
            if name not in modules:
                message = f"module {self.package!r} has no attribute {name!r}"
                raise AttributeError(message)
            value = self.load(modules[name], name)
            setattr(import_module(self.package), name, value)  # asked for once
            return value

        return fetch


#: What is behind `v4schema.openapi`.
OPENAPI = Extra("openapi", "v4schema.openapi", ("openapi_core",))
#: What is behind `v4schema.strategies`.
HYPOTHESIS = Extra("hypothesis", "v4schema.strategies", ("hypothesis", "interegular"))
