"""Scores of niches: agreement of a partition with the planted one, and how many were assigned. Finds no niches itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy
from scipy.stats import t

from pipelines.world.scoring.intervals import LEVEL, SEED, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_GROUPS: Final = 20
# Niche of a month: what the account was in for most of it, so the later one from the month after the change on.
_MEMBERS: Final = """
    select members.month, members.platform, members.account_key, members.niche_id,
        case when truth.niche_changed_on <= members.month then truth.later_niche else truth.niche end as niche
    from niche_members as members inner join true_accounts as truth on members.account_key = truth.key
    where truth.niche is not null
"""


def contingency(one: ArrayLike, other: ArrayLike) -> NDArray[np.int64]:
    """How many units are in each pair of groups."""
    rows, columns = (np.unique(np.asarray(labels), return_inverse=True) for labels in (one, other))
    table = np.zeros((len(rows[0]), len(columns[0])), dtype=np.int64)
    np.add.at(table, (rows[1], columns[1]), 1)
    return table


def adjusted_mutual_information(table: NDArray[np.int64]) -> float:
    """Agreement of two partitions, 1 where they are the same and 0 as expected by chance.

    ``AMI = (MI - E[MI]) / ((H(U) + H(V)) / 2 - E[MI])``, the expectation over partitions of the same sizes being hypergeometric
    (Vinh, Epps and Bailey 2010, JMLR 11, equations 24a and 28, arithmetic mean). Two partitions of one group each agree fully.

    Args:
        table: Contingency of the two partitions, in units.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) <= 1 and max(table.shape) <= 1:
        return 1.0
    count = int(table.sum())
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    expected = np.outer(rows, columns) / count
    mutual = float(xlogy(table, table / expected).sum()) / count
    entropies = [-float(xlogy(sizes / count, sizes / count).sum()) for sizes in (rows, columns)]
    chance = _expected_information(rows, columns, count)
    spread = sum(entropies) / 2 - chance
    # Where chance alone explains all (each unit in a group of its own) agreement is exact or there is none.
    return (mutual - chance) / spread if abs(spread) > np.finfo(float).eps * count else 1.0


def _expected_information(rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> float:
    total = 0.0
    for row in rows.tolist():
        for column in columns.tolist():
            both = np.arange(max(1, row + column - count), min(row, column) + 1)
            log_chance = (
                gammaln(row + 1) + gammaln(column + 1) + gammaln(count - row + 1) + gammaln(count - column + 1) - gammaln(count + 1)
                - gammaln(both + 1) - gammaln(row - both + 1) - gammaln(column - both + 1) - gammaln(count - row - column + both + 1)
            )  # fmt: skip
            total += float((both / count * np.log(count * both / (row * column)) * np.exp(log_chance)).sum())
    return total


def mean_agreement(parts: list[NDArray[np.int64]]) -> tuple[float, float, float]:
    """The mean AMI of parts (months, or months of a platform), weighted by their members, with its 95% interval.

    The interval is of the delete-a-group jackknife (Quenouille 1956, Kott 2001): members of each part are dealt to twenty groups, seeded,
    and each group is left out once. A bootstrap would not do: members drawn twice look like agreement.

    Args:
        parts: Contingency of the two partitions in each part.
    """
    value = _weighted(parts)
    random = np.random.default_rng(SEED)
    dealt = [_dealt(part, random) for part in parts]
    left = np.array(
        [_weighted([part - groups[each] for part, groups in zip(parts, dealt, strict=True)]) for each in range(_GROUPS)]
    )
    # Of a single member nothing is left where it is left out.
    left = left[np.isfinite(left)]
    error = float(np.sqrt((_GROUPS - 1) / _GROUPS * ((left - left.mean()) ** 2).sum()))
    half = float(t.ppf((1 + LEVEL) / 2, _GROUPS - 1)) * error
    return value, value - half, min(value + half, 1.0)


def _weighted(parts: list[NDArray[np.int64]]) -> float:
    kept = [part for part in parts if part.sum()]
    if not kept:
        return float("nan")
    return float(np.average([adjusted_mutual_information(part) for part in kept], weights=[part.sum() for part in kept]))


def _dealt(part: NDArray[np.int64], random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Members of a part dealt to groups of about the same size, in an order of groups drawn for the part."""
    rest = part.ravel().copy()
    size = int(rest.sum())
    groups = []
    for count in random.permutation([(size + place) // _GROUPS for place in range(_GROUPS)]):
        taken = random.multivariate_hypergeometric(rest, count)
        rest -= taken
        groups.append(taken.reshape(part.shape))
    return groups


def part_tables(members: pa.Table, by: tuple[str, ...]) -> list[NDArray[np.int64]]:
    """Contingency of published and true niches, by month or by month and platform."""
    places = list(zip(*(members[name].to_pylist() for name in by), strict=True))
    parts = {place: number for number, place in enumerate(sorted(set(places)))}
    part = np.array([parts[place] for place in places])
    found, true = (np.asarray(members[name].to_pylist(), dtype=object).astype(str) for name in ("niche_id", "niche"))
    return [contingency(found[part == number], true[part == number]) for number in parts.values()]


def _agreement(linked: Linked, *, by: tuple[str, ...]) -> Found:
    members = linked.ask(f"select * from ({_MEMBERS}) where niche_id is not null")
    if not members.num_rows:
        return nothing("nobody has a niche")
    tables = part_tables(members, by)
    planted, found, assigned = linked.one(f"""
        select (select count(*) from true_niches), count(distinct niche_id), avg((niche_id is not null)::integer) from ({_MEMBERS})
    """)
    value, low, high = mean_agreement(tables)
    note = f"mean by {' and '.join(by)}, {len(tables)} in all, over {assigned:.0%} of members: the rest has no stable niche"
    return Found(value, low, high, members.num_rows, str(planted), str(found), note)


def _assigned(linked: Linked) -> Found:
    assigned, count = linked.one(f"select count(niche_id), count(*) from ({_MEMBERS})")
    return share(assigned, count, note="member-months of planted accounts", none="no member of the tables is in the truth")


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "niche_ami": partial(_agreement, by=("month",)),
    "niche_ami_platform": partial(_agreement, by=("month", "platform")),
    "niche_assigned": _assigned,
}
"""By the key of what is wanted."""
