"""Which cells of a table with totals are held back so that no small group can be told, nor found by subtraction. Knows no table's meaning.

Primary: cells of fewer than k accounts. Complementary: further cells, until no one who knows all published cells and that totals are the
sums of their parts can solve for a held-back one (Cox 1980: a suppressed cell is exact where the published margins determine it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

METHOD_VERSION: Final = "complementary_suppression_1"
TOTAL: Final = "*"
Flags = NDArray[np.bool_]
_EXACT: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Margin:
    """One sum that the table implies.

    Attributes:
        total: Place of the total.
        parts: Places of its parts along one dimension.
    """

    total: int
    parts: tuple[int, ...]


def margins(keys: Sequence[tuple[str, ...]]) -> list[Margin]:
    """All sums that a table implies: a cell with '*' in a dimension is the sum of those with a value there and else the same key.

    Args:
        keys: Of all cells, by dimension; a cell that is not listed is zero.
    """
    place = {key: number for number, key in enumerate(keys)}
    parts: dict[tuple[int, int], list[int]] = {}
    for key, number in sorted(place.items()):
        for dimension, value in enumerate(key):
            total = place.get((*key[:dimension], TOTAL, *key[dimension + 1 :]))
            if value != TOTAL and total is not None:
                parts.setdefault((total, dimension), []).append(number)
    return [Margin(total, tuple(found)) for (total, _), found in sorted(parts.items())]


def recoverable(is_hidden: Flags, sums: Sequence[Margin]) -> Flags:
    """Whether each hidden cell follows from the published ones.

    A hidden cell is determined exactly where every solution of the homogeneous margins is zero in it.

    Args:
        is_hidden: By cell.
        sums: The margins.
    """
    hidden = np.flatnonzero(is_hidden)
    found = np.zeros(is_hidden.size, dtype=bool)
    if not hidden.size:
        return found
    column = np.full(is_hidden.size, -1)
    column[hidden] = np.arange(hidden.size)
    rows = []
    for margin in sums:
        row = np.zeros(hidden.size)
        for cell, sign in [(margin.total, -1.0), *((part, 1.0) for part in margin.parts)]:
            if column[cell] >= 0:
                row[column[cell]] += sign
        if row.any():
            rows.append(row)
    if not rows:
        return found
    _, values, vectors = np.linalg.svd(np.array(rows), full_matrices=True)
    free = vectors[int((values > _EXACT).sum()) :]
    found[hidden] = np.sqrt((free**2).sum(axis=0)) < _EXACT
    return found


def suppress(
    keys: Sequence[tuple[str, ...]], account_counts: Sequence[int], smallest: int, is_too_small: Flags | None = None
) -> Flags:
    """Say which cells are held back.

    Besides cells that could be solved for, none is left from which the rest of a published total, all its hidden parts together, is of
    fewer than ``smallest`` accounts.

    Args:
        keys: Of all cells, one text a dimension, '*' for the total over it; distinct.
        account_counts: Accounts in each cell.
        smallest: k: a cell of fewer accounts is not told.
        is_too_small: Cells that are held back for another reason.

    Returns:
        By cell, True where it is held back.

    Raises:
        ValueError: a key occurs twice.
    """
    if len(set(keys)) != len(keys):
        raise ValueError("every cell has its own key")
    counts = np.asarray(account_counts, dtype=np.int64)
    is_hidden = counts < smallest
    if is_too_small is not None:
        is_hidden = is_hidden | is_too_small
    sums = margins(keys)
    while True:
        exposed = recoverable(is_hidden, sums)
        telling = [margin for margin in sums if _tells(margin, is_hidden, exposed, counts, smallest)]
        candidates = _candidates(telling, is_hidden, counts, keys)
        if not candidates and exposed.any():
            # All in its own margins is hidden, and it follows from several margins together: any told cell of one of them may cut the chain.
            candidates = _candidates(sums, is_hidden, counts, keys)
        if not candidates:
            return is_hidden
        is_hidden[min(candidates)[3]] = True


def _candidates(
    sums: Sequence[Margin], is_hidden: Flags, counts: NDArray[np.int64], keys: Sequence[tuple[str, ...]]
) -> set[tuple[bool, int, tuple[str, ...], int]]:
    """Told cells of margins that hold a hidden one, in the order in which they are given up: parts before totals, small before large."""
    return {
        (cell == margin.total, int(counts[cell]), keys[cell], cell)
        for margin in sums
        if any(is_hidden[each] for each in (*margin.parts, margin.total))
        for cell in (*margin.parts, margin.total)
        if not is_hidden[cell]
    }


def _tells(margin: Margin, is_hidden: Flags, exposed: Flags, counts: NDArray[np.int64], smallest: int) -> bool:
    hidden = [part for part in margin.parts if is_hidden[part]]
    if exposed[margin.total] or any(exposed[part] for part in hidden):
        return True
    return bool(hidden) and not is_hidden[margin.total] and int(counts[hidden].sum()) < smallest
