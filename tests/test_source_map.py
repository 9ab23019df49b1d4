"""The way back from what has been moved."""

from hypothesis import given
from hypothesis import strategies as st

from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap

PLACES = st.lists(st.sampled_from(["a", "b", 0]), min_size=1, max_size=4).map(tuple)


@given(st.lists(st.tuples(PLACES, PLACES), max_size=8), PLACES)
def test_the_way_back_undoes_the_moves_one_after_the_other(moves: list[tuple[Place, Place]], place: Place) -> None:
    """The last first, wherever something has been moved to or around."""
    source_map = SourceMap()
    for source, target in moves:
        source_map.moved(source, target)
    back = place
    for source, target in reversed(moves):
        back = (*source, *back[len(target) :]) if back[: len(target)] == target else back
    assert source_map.source(place) == back
    assert source_map.is_identity == (not moves)


def test_a_later_move_to_a_place_is_not_taken_for_the_earlier_one_from_it() -> None:
    """Each move is undone as of its own time."""
    source_map = SourceMap()
    for source, target in (("z", "y"), ("c", "b"), ("a", "c")):
        source_map.moved((source,), (target,))
    assert source_map.source(("b",)) == ("c",)
    assert source_map.source(("c",)) == ("a",)
