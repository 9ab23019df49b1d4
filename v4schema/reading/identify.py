"""What an ad is: whether JSON can say it at all, and of what kind it is."""

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
    """Tell what kind of ad `ad` is, or the finding that says why that cannot be told.

    The edition is the caller's word or the catalogue's default, never a guess. The category is the caller's word (slug,
    number or name) or what the ad itself says; an ad that says nothing has a kind without a category. Raises
    `v4schema.errors.UnknownName` when the caller's own words name nothing.

    >>> str(identify({"category_id": "1121"}))
    'v4/moped'
    """
    held = catalogue or catalogues.default()
    if category is not None:
        return held.kind(version, category)
    edition = held.edition(version)
    try:
        named = pointer.get(ad, held.category_at)
    except LookupError:
        return Kind(version=edition.name)
    found = edition.category(named)
    if found is not None:
        return Kind(version=edition.name, category=found.slug)
    if isinstance(named, bool) or not isinstance(named, int | str):
        code, mend, near, elsewhere = "category.malformed", "", None, []
    else:
        code = "category.unknown"
        elsewhere = [other.name for other in held.editions.values() if other.category(named)]
        near = spelling.nearest(named, edition.categories) if isinstance(named, str) else None
        mend = "elsewhere" if elsewhere else "near" if near else ""
    return messages.make_finding(
        held,
        code,
        pointer.write(held.category_at),
        rule={"x-source": edition.source},
        hint_case=mend,
        value=messages.DisplayValue(named, held),
        version=edition.name,
        other=" and ".join(elsewhere),
        near=near,
    )


def looks_like_ad(document: object, catalogue: Catalogue) -> bool:
    """Tell whether a document may be an ad: it has a field of an ad at its top, or two known wrong names of fields.

    One wrong name is not enough: ``description``, for one, is in many files that have nothing to do with ads.

    >>> [looks_like_ad(ad, catalogues.default()) for ad in ({"sourceId": "1"}, {"name": "app", "description": "An app"}, [])]
    [True, False, False]
    """
    names = {spelling.name_key(name) for name in document} if isinstance(document, dict) else set()
    return not names.isdisjoint(catalogue.top_names) or len(names & catalogue.names.keys()) > 1
