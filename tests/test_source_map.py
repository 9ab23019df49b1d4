"""The source map: where a moved value came from."""

from hypothesis import given
from hypothesis import strategies as st

from v4schema.document.pointer import Place
from v4schema.document.source_map import SourceMap

PLACES = st.lists(st.sampled_from(["a", "b", 0]), min_size=1, max_size=4).map(tuple)


@given(st.lists(st.tuples(PLACES, PLACES), max_size=8), PLACES)
def test_source_places_undo_the_moves_in_reverse_order(moves: list[tuple[Place, Place]], place: Place) -> None:
    """The last move is undone first, also if others were moved to its place or within it."""
    source_map = SourceMap()
    for source, target in moves:
        source_map.moved(source, target)
    back = place
    for source, target in reversed(moves):
        back = (*source, *back[len(target) :]) if back[: len(target)] == target else back
    assert source_map.source(place) == back
    assert source_map.is_identity == (not moves)


def test_moves_from_and_to_one_place_are_distinguished() -> None:
    """The order of the moves decides."""
    source_map = SourceMap()
    for source, target in (("z", "y"), ("c", "b"), ("a", "c")):
        source_map.moved((source,), (target,))
    assert source_map.source(("b",)) == ("c",)
    assert source_map.source(("c",)) == ("a",)
