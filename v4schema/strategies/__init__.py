"""A test kit for Hypothesis: ads that the API takes, ads that it refuses for one reason, and what they travel in.

>>> from hypothesis import given
>>> from v4schema import strategies, validate
>>> @given(strategies.ads(category="moped"))
... def test_what_is_drawn_is_valid(ad):
...     assert validate(ad).valid
>>> test_what_is_drawn_is_valid()

Everything is drawn from the flat schemas: a new category has strategies at once. It needs the extra ``v4schema[hypothesis]``.
"""

from typing import TYPE_CHECKING

from v4schema.extras import HYPOTHESIS

if TYPE_CHECKING:
    from v4schema.strategies.feeds_and_requests import Feed, HttpRequest
    from v4schema.strategies.kit import ads, feeds, http_requests, near_misses, respelled
    from v4schema.strategies.near_miss import NearMiss
    from v4schema.strategies.respellings import Respelling

__all__ = ["Feed", "HttpRequest", "NearMiss", "Respelling", "ads", "feeds", "http_requests", "near_misses", "respelled"]

__getattr__ = HYPOTHESIS.lazy_getattr(
    {
        "Feed": "feeds_and_requests",
        "HttpRequest": "feeds_and_requests",
        "NearMiss": "near_miss",
        "Respelling": "respellings",
        "ads": "kit",
        "feeds": "kit",
        "http_requests": "kit",
        "near_misses": "kit",
        "respelled": "kit",
    }
)


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted({*globals(), *__all__})
