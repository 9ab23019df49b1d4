"""The API's OpenAPI description, and requests of HTTP checked by it before they leave.

>>> from v4schema import openapi
>>> request = openapi.request("GET", "https://api.blocket.se/pro-import-api/v4/ad")
>>> [finding.says for finding in openapi.check_request(request).errors]
['Authentication credentials were not provided.']

`document` and `from_api` need nothing more; what checks needs the extra ``v4schema[openapi]``. `requests`, `httpx` and
`wsgi` in this folder hold what to put before a session, a client and an application.
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
    """List the public names, fetched or not."""
    return sorted({*globals(), *__all__})
