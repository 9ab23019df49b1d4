"""What became of an ad, place by place, and the way back: a receipt restores the ad that was given from the one it became."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v4schema.document import pointer
from v4schema.document.edit import Draft
from v4schema.document.json_value import json_equal
from v4schema.document.pointer import Place

#: A receipt as it is kept: JSON, in the shape of `schemas/meta/receipt.json`.
Receipt = dict[str, Any]

_CHECK = "check"
#: What a receipt calls the digest of the ad that it was written for.
BECAME = "became"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredAd:
    """An ad that a receipt has brought back, and the places of what could not be, since it has been changed.

    `exact` is whether it is the ad that was given, in every value.
    """

    ad: object = field(repr=False)
    changed: Sequence[Place]
    exact: bool


def create(given: object, new: object, *, why: Callable[..., str], **about: object) -> Receipt:
    """Return the receipt that leads from a new ad back to the given one.

    `why` tells the reason of a change by its place, which with `new` is one of the new ad. `about` is what else the receipt is
    to say, such as which ad it is of.
    """
    changes = []
    for change in _changes(given, new, ()):
        at: Place = change["at"]
        changes.append({**change, "at": pointer.write(at), "why": why(at, new="is" in change and "was" not in change)})
    receipt = {**about, "given": digest(given), BECAME: digest(new), "changes": changes}
    return {**receipt, _CHECK: digest(receipt)}


def is_intact(receipt: object) -> bool:
    """Tell whether a receipt is as it was create."""
    if not isinstance(receipt, dict):
        return False
    rest = {name: value for name, value in receipt.items() if name != _CHECK}
    return receipt.get(_CHECK) == digest(rest)


def restore(ad: object, receipt: Receipt) -> RestoredAd:
    """Return the ad that was given, from the one it became and a sound receipt.

    What has been changed since stays as it is, where the receipt would have brought something else back.
    """
    changed: list[Place] = []
    draft = Draft(ad)
    new = [change for change in receipt["changes"] if "is" in change and "was" not in change]
    others = [change for change in receipt["changes"] if "was" in change]
    others.sort(key=lambda change: "is" not in change)
    for change in [*reversed(new), *others]:
        at = pointer.resolve(draft.document, change["at"])
        if not _stands(draft.document, at, change):
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
    """Yield how a value differs from another: what was and what is, and the order of an object's names where it has changed."""
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


def _stands(ad: object, at: Place, change: Mapping[str, Any]) -> bool:
    """Tell whether an ad is at a place as it was when a receipt was create."""
    if pointer.exists(ad, at):
        return bool(at) and "is" in change and json_equal(pointer.get(ad, at), change["is"])
    around = pointer.get(ad, at[:-1]) if pointer.exists(ad, at[:-1]) else None
    room = isinstance(around, dict) or (isinstance(around, list) and at[-1] == len(around))
    return room and "is" not in change
