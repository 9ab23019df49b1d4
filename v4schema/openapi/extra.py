"""What comes with the extra of this package, fetched when it is used; where it is missing, the message names it."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from v4schema.errors import MissingExtra

#: The extra, and the library that it brings.
_EXTRA, _LIBRARY = "openapi", "openapi_core"


def fetched(module: str, name: str) -> Any:  # noqa: ANN401  (whatever the module holds)
    """Return what a module of this folder holds under a name. Raises `v4schema.errors.MissingExtra` without openapi-core."""
    try:
        return getattr(import_module(f"v4schema.openapi.{module}"), name)
    except ModuleNotFoundError:
        if find_spec(_LIBRARY) is None:
            raise MissingExtra(_EXTRA) from None
        raise
