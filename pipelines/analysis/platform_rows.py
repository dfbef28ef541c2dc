"""Exchange tables of platform precedence as arrays, one pair of platforms at a time, and the hash of each. No estimator, no gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.analysis import contracts
from pipelines.analysis.increments import digest, row_hashes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Rows = list[dict[str, Any]]
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000


@dataclass(frozen=True)
class Pool:
    """Collected posts of one pair of platforms, by time.

    Attributes:
        time: Of publication, hours.
        account: Integer id of the author.
        is_first: Whether it is of platform_a.
        query: Integer id of platform and collection query.
    """

    time: Floats
    account: Integers
    is_first: Booleans
    query: Integers


@dataclass(frozen=True)
class TagAdopters:
    """Accounts that took up one tag, in the order of their keys.

    Attributes:
        time: Of the first use inside the common time, hours.
        account: Integer id of the account.
        is_first: Whether it is of platform_a.
        query: Integer id of platform and the query that found the first use.
        is_compared: False: above the cap, known only so that its later posts are not at risk.
    """

    time: Floats
    account: Integers
    is_first: Booleans
    query: Integers
    is_compared: Booleans


def _hours(column: pa.ChunkedArray, origin: int) -> Floats:
    micros = np.asarray(column.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.asarray((micros - origin) / _MICROSECONDS_PER_HOUR)


def _strings(column: pa.ChunkedArray) -> NDArray[np.str_]:
    return np.array([value or "" for value in column.to_pylist()], dtype=str)


@dataclass(frozen=True)
class Pair:
    """One pair of platforms with its tables in arrays.

    Attributes:
        row: Of ``int_platform_pairs``.
        tags: Rows of ``int_platform_tags``, by tag.
        labels: Tag of each use.
        uses: By tag and account.
        pool: By time.
    """

    row: dict[str, Any]
    tags: Rows
    labels: NDArray[np.str_]
    uses: TagAdopters
    pool: Pool

    def adopters(self, tag: str) -> TagAdopters:
        """Adopters of one tag."""
        rows = slice(np.searchsorted(self.labels, tag, "left"), np.searchsorted(self.labels, tag, "right"))
        return TagAdopters(*(values[rows] for values in vars(self.uses).values()))


def of_pair(table: pa.Table, platform_a: str, platform_b: str) -> pa.Table:
    """Rows of one pair of platforms."""
    return table.filter(pc.and_(pc.equal(table["platform_a"], platform_a), pc.equal(table["platform_b"], platform_b)))


def read_pair(row: dict[str, Any], tags: pa.Table, uses: pa.Table, posts: pa.Table) -> Pair:
    """Read one pair of platforms; everything is sorted here, so that the order of the input does not matter.

    Args:
        row: Of ``int_platform_pairs``.
        tags: ``int_platform_tags``.
        uses: ``int_platform_uses``.
        posts: ``int_platform_strata``.
    """
    tags, uses, posts = (of_pair(table, row["platform_a"], row["platform_b"]) for table in (tags, uses, posts))
    tag_rows = sorted(tags.to_pylist(), key=lambda each: str(each["tag"]))
    origin = (
        0 if row["common_begins_at"] is None else pa.scalar(row["common_begins_at"], contracts.INSTANT).cast(pa.int64()).as_py()
    )
    labels, keys, authors = _strings(uses["tag"]), _strings(uses["account_key"]), _strings(posts["account_key"])
    ids = np.unique(np.concatenate([keys, authors]), return_inverse=True)[1].astype(np.int64)
    use_sides, post_sides = (_strings(each["platform"]) == row["platform_a"] for each in (uses, posts))
    queries = [
        np.char.add(np.where(side, "a|", "b|"), _strings(each["collection_query"]))
        for side, each in ((use_sides, uses), (post_sides, posts))
    ]
    query_ids = np.unique(np.concatenate(queries), return_inverse=True)[1].astype(np.int64)
    adopted, published = _hours(uses["adopted_at"], origin), _hours(posts["published_at"], origin)
    is_compared = np.asarray(uses["is_compared"].to_numpy(zero_copy_only=False), dtype=bool)
    order = np.lexsort((keys, labels))
    by_time = np.lexsort((ids[keys.size :], published))
    return Pair(
        row,
        tag_rows,
        labels[order],
        TagAdopters(adopted[order], ids[: keys.size][order], use_sides[order], query_ids[: keys.size][order], is_compared[order]),
        Pool(published[by_time], ids[keys.size :][by_time], post_sides[by_time], query_ids[keys.size :][by_time]),
    )


def pair_hashes(tables: Mapping[str, pa.Table], *salt: str) -> dict[tuple[str, str], str]:
    """Hash everything that the rows of a pair of platforms are computed from.

    Args:
        tables: Exchange tables by name, in an order that stays.
        salt: What else they are computed from.

    Returns:
        By pair, 32 hexadecimal digits.
    """
    hashes: dict[str, list[str]] = {}
    for name, table in tables.items():
        keyed = table.append_column("pair", pc.binary_join_element_wise(table["platform_a"], table["platform_b"], "|"))
        for pair, value in row_hashes(keyed, "pair", table.schema.names).items():
            hashes.setdefault(pair, []).append(f"{name} {value}")
    return {(pair.partition("|")[0], pair.partition("|")[2]): digest(*salt, *values) for pair, values in hashes.items()}
