"""Identifying an ad: its edition and its category."""

from v4schema import catalogue as catalogues
from v4schema import spelling
from v4schema.catalogue import Catalogue, messages
from v4schema.document import pointer
from v4schema.findings.report import Finding, Kind


def identify(
    ad: object,
    *,
    version: str | None = None,
    category: str | int | None = None,
    catalogue: Catalogue | None = None,
) -> Kind | Finding:
    """Return the kind of an ad, or a finding if the ad names a category that does not exist.

    The edition is `version`, or else the catalogue's default; it is never guessed. The category is `category` (slug, number or
    name), or else what the ad itself names; an ad that names none has a kind without a category. Raises
    `v4schema.errors.UnknownName` if `version` or `category` does not exist.

    >>> str(identify({"category_id": "1121"}))
    'v4/moped'
    """
    catalogue = catalogue or catalogues.default()
    if category is not None:
        return catalogue.kind(version, category)
    edition = catalogue.edition(version)
    try:
        name = pointer.get(ad, catalogue.category_at)
    except LookupError:
        return Kind(version=edition.name)
    found = edition.category(name)
    if found is not None:
        return Kind(version=edition.name, category=found.slug)
    if isinstance(name, bool) or not isinstance(name, int | str):
        code, hint_case, near, elsewhere = "category.malformed", "", None, []
    else:
        code = "category.unknown"
        elsewhere = [other.name for other in catalogue.editions.values() if other.category(name)]
        near = spelling.nearest(name, edition.categories) if isinstance(name, str) else None
        hint_case = "elsewhere" if elsewhere else "near" if near else ""
    return messages.make_finding(
        catalogue,
        code,
        pointer.write(catalogue.category_at),
        rule={"x-source": edition.source},
        hint_case=hint_case,
        value=messages.DisplayValue(name, catalogue),
        version=edition.name,
        other=" and ".join(elsewhere),
        near=near,
    )


def looks_like_ad(document: object, catalogue: Catalogue) -> bool:
    """Return whether a document may be an ad: it has a field of an ad at its top, or two known wrong names of fields.

    One wrong name is not enough: ``description``, for one, is in many files that have nothing to do with ads.

    >>> [looks_like_ad(ad, catalogues.default()) for ad in ({"sourceId": "1"}, {"name": "app", "description": "An app"}, [])]
    [True, False, False]
    """
    names = {spelling.name_key(name) for name in document} if isinstance(document, dict) else set()
    return not names.isdisjoint(catalogue.top_names) or len(names & catalogue.names.keys()) > 1
