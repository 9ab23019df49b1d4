"""The way back from what has been moved."""

from hypothesis import given
from hypothesis import strategies as st

from v4schema.document.edit import SourceMap
from v4schema.document.pointer import Place

PLACES = st.lists(st.sampled_from(["a", "b", 0]), min_size=1, max_size=4).map(tuple)


@given(st.lists(st.tuples(PLACES, PLACES), max_size=8), PLACES)
def test_the_way_back_undoes_the_moves_one_after_the_other(moves: list[tuple[Place, Place]], place: Place) -> None:
    """The last first, wherever something has been moved to or around."""
    trail = SourceMap()
    for source, target in moves:
        trail.moved(source, target)
    back = place
    for source, target in reversed(moves):
        back = (*source, *back[len(target) :]) if back[: len(target)] == target else back
    assert trail.source(place) == back
    assert trail.straight == (not moves)


def test_what_was_moved_to_a_place_later_is_not_taken_for_what_went_from_it() -> None:
    """Each move is undone as of its own time."""
    trail = SourceMap()
    for source, target in (("z", "y"), ("c", "b"), ("a", "c")):
        trail.moved((source,), (target,))
    assert trail.source(("b",)) == ("c",)
    assert trail.source(("c",)) == ("a",)
