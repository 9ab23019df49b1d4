"""Receipts: what a conversion changed in an ad, place by place, and how to restore the given ad from the new one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v4schema.document import pointer
from v4schema.document.edit import Draft
from v4schema.document.json_value import digest, json_equal
from v4schema.document.pointer import Place

#: A receipt: JSON in the shape of `schemas/meta/receipt.json`.
Receipt = dict[str, Any]

_CHECK = "check"
#: The member of a receipt with the digest of the new ad.
BECAME = "became"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredAd:
    """An ad that was restored by a receipt.

    `changed` are the places that could not be restored, because they were changed meanwhile. `exact` is whether the ad equals
    the given one in every value.
    """

    ad: object = field(repr=False)
    changed: Sequence[Place]
    exact: bool


def create(given: object, new: object, *, why: Callable[..., str], **about: object) -> Receipt:
    """Return the receipt for the conversion of the given ad to the new one.

    `why` returns the reason of a change by its place; with ``new=True``, the place is one in the new ad. `about` are further
    members of the receipt, such as the identifier of the ad.
    """
    changes = []
    for change in _changes(given, new, ()):
        at: Place = change["at"]
        changes.append({**change, "at": pointer.write(at), "why": why(at, new="is" in change and "was" not in change)})
    receipt = {**about, "given": digest(given), BECAME: digest(new), "changes": changes}
    return {**receipt, _CHECK: digest(receipt)}


def is_intact(receipt: object) -> bool:
    """Return whether a receipt is unchanged since it was created."""
    if not isinstance(receipt, dict):
        return False
    rest = {name: value for name, value in receipt.items() if name != _CHECK}
    return receipt.get(_CHECK) == digest(rest)


def restore(ad: object, receipt: Receipt) -> RestoredAd:
    """Restore the given ad from the new one and its intact receipt.

    A value that was changed meanwhile stays as it is.
    """
    changed: list[Place] = []
    draft = Draft(ad)
    added = [change for change in receipt["changes"] if "is" in change and "was" not in change]
    others = [change for change in receipt["changes"] if "was" in change]
    others.sort(key=lambda change: "is" not in change)
    for change in [*reversed(added), *others]:
        at = pointer.resolve(draft.document, change["at"])
        if not _is_unchanged(draft.document, at, change):
            changed.append(at)
        elif "was" not in change:
            draft.remove(at)
        elif isinstance(pointer.get(draft.document, at[:-1]), list) and "is" not in change:
            draft.opened(at[:-1]).append(change["was"])
        else:
            draft.put(at, change["was"])
    for change in (change for change in receipt["changes"] if "order" in change):
        at = pointer.resolve(draft.document, change["at"])
        here = pointer.get(draft.document, at) if pointer.exists(draft.document, at) else None
        if isinstance(here, dict):
            draft.put(at, {name: here[name] for name in dict.fromkeys([*change["order"], *here]) if name in here})
    return RestoredAd(ad=draft.document, changed=changed, exact=digest(draft.document) == receipt["given"])


def _changes(given: Any, new: Any, at: Place) -> Iterator[dict[str, Any]]:  # noqa: ANN401  (any JSON)
    """Yield how two values differ: what was and what is, and the order of an object's names where it has changed."""
    if given is new:
        return
    if isinstance(given, dict) and isinstance(new, dict):
        for name, value in given.items():
            if name in new:
                yield from _changes(value, new[name], (*at, name))
            else:
                yield {"at": (*at, name), "was": value}
        yield from ({"at": (*at, name), "is": value} for name, value in new.items() if name not in given)
        if [*given] != [*(name for name in new if name in given), *(name for name in given if name not in new)]:
            yield {"at": at, "order": [*given]}
    elif isinstance(given, list) and isinstance(new, list):
        for index, (value, other) in enumerate(zip(given, new, strict=False)):
            yield from _changes(value, other, (*at, index))
        yield from ({"at": (*at, index), "was": given[index]} for index in range(len(new), len(given)))
        yield from ({"at": (*at, index), "is": new[index]} for index in range(len(given), len(new)))
    elif not json_equal(given, new):
        yield {"at": at, "was": given, "is": new}


def _is_unchanged(ad: object, at: Place, change: Mapping[str, Any]) -> bool:
    """Return whether an ad is at a place as it was when the receipt was created."""
    if pointer.exists(ad, at):
        return bool(at) and "is" in change and json_equal(pointer.get(ad, at), change["is"])
    around = pointer.get(ad, at[:-1]) if pointer.exists(ad, at[:-1]) else None
    room = isinstance(around, dict) or (isinstance(around, list) and at[-1] == len(around))
    return room and "is" not in change
