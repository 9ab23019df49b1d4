"""The API's OpenAPI description, and checks of HTTP requests and responses by it.

>>> from v4schema import openapi
>>> request = openapi.request("GET", "https://api.blocket.se/pro-import-api/v4/ad")
>>> [finding.message for finding in openapi.check_request(request).errors]
['Authentication credentials were not provided.']

`document` and `from_api` need no extra; the checks need ``v4schema[openapi]``. The modules `requests`, `httpx` and `wsgi` check
every request of a session, a client and an application. The package may import `validation` and the packages below it.
"""

from typing import TYPE_CHECKING

from v4schema.extras import OPENAPI

if TYPE_CHECKING:
    from v4schema.openapi.api_errors import from_api
    from v4schema.openapi.check import check_request, check_response
    from v4schema.openapi.description import document
    from v4schema.openapi.guard import Guard, PreflightError
    from v4schema.openapi.routing import request, response
    from v4schema.openapi.schema_validators import AdRefused, AdValidatorsFactory

__all__ = [
    "AdRefused",
    "AdValidatorsFactory",
    "Guard",
    "PreflightError",
    "check_request",
    "check_response",
    "document",
    "from_api",
    "request",
    "response",
]

__getattr__ = OPENAPI.lazy_getattr(
    {
        "Guard": "guard",
        "PreflightError": "guard",
        "AdRefused": "schema_validators",
        "AdValidatorsFactory": "schema_validators",
        "check_request": "check",
        "check_response": "check",
        "document": "description",
        "from_api": "api_errors",
        "request": "routing",
        "response": "routing",
    }
)


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
