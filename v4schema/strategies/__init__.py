"""Strategies for Hypothesis: valid ads, ads that are invalid for one reason, and feeds and HTTP requests with ads.

>>> from hypothesis import given
>>> from v4schema import strategies, validate
>>> @given(strategies.ads(category="moped"))
... def test_drawn_ads_are_valid(ad):
...     assert validate(ad).valid
>>> test_drawn_ads_are_valid()

All strategies are made from the flat schemas, so a new category has them at once. The extra ``v4schema[hypothesis]`` is needed.
The package may import `openapi`, `normalisation` and the packages below them.
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
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
