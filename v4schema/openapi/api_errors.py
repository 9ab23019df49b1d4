"""Error bodies of the API, as findings: the inverse of `Report.api`."""

from collections.abc import Iterator
from dataclasses import replace

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document.pointer import Place
from v4schema.findings.report import NON_FIELD_ERRORS, Finding

#: The member of an error body that is about the request and not about a field of the ad, as in documents S and CD7.
_DETAIL = "detail"


def from_api(body: object, *, catalogue: Catalogue | None = None) -> tuple[Finding, ...]:
    """Return the findings in the parsed body of a response 400, 401, 403, 404 or 409, in the order of the body.

    Messages about fields are nested like the ad, in objects, or in arrays with an object for each item. Messages in a bare array,
    under ``non_field_errors`` or under ``detail`` are about the whole. The code of each finding is ``api.refused``; its message
    is the API's own (documents S and CD7). A value that is not text becomes a message as JSON, so that nothing of a body is lost.

    >>> [(finding.at, finding.message) for finding in from_api({"price": [{}, {"type": ["This field is required."]}]})]
    [('/price/1/type', 'This field is required.')]
    """
    catalogue = catalogue or catalogues.default()
    template = messages.make_finding(catalogue, "api.refused", "")
    return tuple(replace(template, at=_masked(catalogue, at), message=message) for at, message in _messages(body, ()))


def _masked(catalogue: Catalogue, at: Place) -> str:
    """Write a place that the API names. A name inside a private object may come from the sender, so it is masked."""
    return privacy.mask(at, [*privacy.may_be_private(catalogue, at, within_private=True)], [0] * len(at))


def _messages(node: object, at: Place) -> Iterator[tuple[Place, str]]:
    """Yield each message with its place."""
    if isinstance(node, str):
        yield from [(at, node)] if node else []
    elif isinstance(node, dict):
        for name, below in node.items():
            whole = name == NON_FIELD_ERRORS or (name == _DETAIL and not at)
            yield from _messages(below, at if whole else (*at, str(name)))
    elif isinstance(node, list):
        for index, below in enumerate(node):
            yield from _messages(below, (*at, index) if isinstance(below, dict | list) else at)
    else:
        yield at, messages.to_json(node)
