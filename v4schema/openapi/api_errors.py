"""What the API says against a request, as findings: the inverse of `Report.api`."""

from collections.abc import Iterator
from dataclasses import replace

from v4schema import catalogue as catalogues
from v4schema.catalogue import Catalogue, messages, privacy
from v4schema.document.pointer import Place
from v4schema.findings.report import NON_FIELD_ERRORS, Finding

#: Where a body stands that is about the request and not about its ad, as in documents S and CD7.
_DETAIL = "detail"


def from_api(body: object, *, catalogue: Catalogue | None = None) -> tuple[Finding, ...]:
    """Return the findings that the parsed body of an answer 400, 401, 403, 404 or 409 tells, in its order.

    Sentences about fields are nested like the ad, in objects, or in arrays with an object for each item; what a bare array says,
    or ``non_field_errors``, or ``detail``, is about the whole. The code is ``api.refused``, the sentences are the API's own
    (documents S and CD7). What is no sentence is told as JSON, so that nothing of a body is lost.

    >>> [(finding.at, finding.says) for finding in from_api({"price": [{}, {"type": ["This field is required."]}]})]
    [('/price/1/type', 'This field is required.')]
    """
    held = catalogue or catalogues.default()
    put = messages.make_finding(held, "api.refused", "")
    return tuple(replace(put, at=_written(held, at), message=message) for at, message in _sayings(body, ()))


def _written(catalogue: Catalogue, at: Place) -> str:
    """Write a place that the API names; a name within what is private may be the sender's own, and is masked."""
    return privacy.mask(at, [*privacy.may_be_private(catalogue, at, within_private=True)], [0] * len(at))


def _sayings(node: object, at: Place) -> Iterator[tuple[Place, str]]:
    """Yield each sentence with its place."""
    if isinstance(node, str):
        yield from [(at, node)] if node else []
    elif isinstance(node, dict):
        for name, below in node.items():
            whole = name == NON_FIELD_ERRORS or (name == _DETAIL and not at)
            yield from _sayings(below, at if whole else (*at, str(name)))
    elif isinstance(node, list):
        for index, below in enumerate(node):
            yield from _sayings(below, (*at, index) if isinstance(below, dict | list) else at)
    else:
        yield at, messages.to_json(node)
