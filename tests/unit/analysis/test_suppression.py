"""Suppression: what is held back, and that nobody who knows the published cells can solve for it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.analysis.suppression import TOTAL, margins, suppress

Keys = list[tuple[str, ...]]


def with_totals(parts: dict[tuple[str, ...], int]) -> tuple[Keys, list[int]]:
    """All cells of a table, totals over every set of dimensions among them."""
    cells: dict[tuple[str, ...], int] = {}
    for key, count in parts.items():
        for is_total in product((False, True), repeat=len(key)):
            total = tuple(TOTAL if hidden else value for hidden, value in zip(is_total, key, strict=True))
            cells[total] = cells.get(total, 0) + count
    return list(cells), list(cells.values())


def attack(keys: Keys, is_hidden: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    """Cells that follow from the published ones: an attacker writes down every margin and looks for unknowns without freedom.

    Unlike the method, which looks at the null space, this asks by rank whether a further equation "this cell is so much" says anything new.
    """
    hidden = [number for number, flag in enumerate(is_hidden) if flag]
    rows = []
    for margin in margins(keys):
        row = [0.0] * len(keys)
        row[margin.total] = -1.0
        for part in margin.parts:
            row[part] = 1.0
        rows.append([row[number] for number in hidden])
    system = np.array(rows).reshape(len(rows), len(hidden))
    rank = np.linalg.matrix_rank(system) if system.size else 0
    found = []
    for place, number in enumerate(hidden):
        unit = np.zeros((1, len(hidden)))
        unit[0, place] = 1.0
        if np.linalg.matrix_rank(np.vstack([system, unit])) == rank:
            found.append(keys[number])
    return found


counted = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("pqr")), st.integers(1, 30), min_size=1)
counted_in_three = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.sampled_from("pqr"), st.sampled_from("xy")), st.integers(1, 30), min_size=1
)


@settings(max_examples=300, deadline=None)
@given(parts=st.one_of(counted, counted_in_three), smallest=st.integers(2, 15))
def test_an_attacker_who_solves_the_margins_finds_no_cell_that_is_held_back(
    parts: dict[tuple[str, ...], int], smallest: int
) -> None:
    keys, counts = with_totals(parts)
    assert attack(keys, suppress(keys, counts, smallest)) == []


@settings(max_examples=100, deadline=None)
@given(parts=counted, smallest=st.integers(2, 15))
def test_no_small_cell_is_told_and_no_rest_of_a_told_total_is_of_few(parts: dict[tuple[str, ...], int], smallest: int) -> None:
    keys, counts = with_totals(parts)
    is_hidden = suppress(keys, counts, smallest)
    assert all(hidden for hidden, count in zip(is_hidden, counts, strict=True) if count < smallest)
    for margin in margins(keys):
        rest = [counts[part] for part in margin.parts if is_hidden[part]]
        assert is_hidden[margin.total] or not rest or sum(rest) >= smallest


@settings(max_examples=50, deadline=None)
@given(parts=counted, smallest=st.integers(2, 15), seed=st.integers(0, 1000))
def test_the_order_of_the_cells_changes_nothing(parts: dict[tuple[str, ...], int], smallest: int, seed: int) -> None:
    keys, counts = with_totals(parts)
    order = np.random.default_rng(seed).permutation(len(keys)).tolist()
    shuffled = suppress([keys[number] for number in order], [counts[number] for number in order], smallest)
    hidden = dict(zip(keys, suppress(keys, counts, smallest).tolist(), strict=True))
    assert [hidden[keys[number]] for number in order] == shuffled.tolist()


def test_primary_suppression_alone_falls_to_the_same_attacker() -> None:
    keys, counts = with_totals({("a", "p"): 3, ("a", "q"): 40, ("b", "p"): 50, ("b", "q"): 60})
    assert attack(keys, np.array(counts) < 10) == [("a", "p")]
    is_hidden = suppress(keys, counts, 10)
    assert sorted(key for key, flag in zip(keys, is_hidden, strict=True) if flag) == [
        ("a", "p"),
        ("a", "q"),
        ("b", "p"),
        ("b", "q"),
    ]


def test_a_cell_that_follows_from_several_margins_together_is_saved_too() -> None:
    """Found by the property above: all cells in its own margins were hidden, and the rest of the table told it all the same."""
    cells: list[tuple[str, ...]] = list(product("ab", "pqr", "xy"))
    parts = dict.fromkeys(cells, 1) | {("a", "q", "x"): 2, ("a", "q", "y"): 2}
    for absent in (("a", "r", "y"), ("b", "p", "x"), ("b", "r", "x")):
        del parts[absent]
    keys, counts = with_totals(parts)
    assert attack(keys, suppress(keys, counts, 2)) == []


def test_a_total_of_one_small_part_is_held_back_with_it() -> None:
    keys, counts = with_totals({("a", "p"): 3, ("b", "p"): 50, ("b", "q"): 60, ("c", "q"): 70})
    hidden = {key for key, flag in zip(keys, suppress(keys, counts, 10), strict=True) if flag}
    assert {("a", "p"), ("a", TOTAL)} <= hidden
    assert (TOTAL, TOTAL) not in hidden


def test_a_table_of_large_cells_is_told_whole() -> None:
    keys, counts = with_totals({("a", "p"): 10, ("b", "q"): 11})
    assert not suppress(keys, counts, 10).any()


def test_cells_can_be_held_back_for_another_reason() -> None:
    keys, counts = with_totals({("a", "p"): 20, ("b", "p"): 30})
    is_hidden = suppress(keys, counts, 10, np.array([key == ("a", "p") for key in keys]))
    assert is_hidden[keys.index(("a", "p"))]
    assert attack(keys, is_hidden) == []


def test_a_key_that_comes_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="its own key"):
        suppress([("a",), ("a",)], [1, 2], 10)
