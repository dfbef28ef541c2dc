"""Exchange tables of niches as arrays, one month at a time, and their partitions by month. Finds no niches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.analysis.communities import NicheParameters
from pipelines.analysis.increments import Partition, by_month, coded, digest, row_hashes
from pipelines.analysis.terms import TERM_COUNTS

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Texts = NDArray[np.object_]
PREFIXES: Final = frozenset({"community", "domain", "sound"})


@dataclass(frozen=True)
class NicheTables:
    """Rows of one month in the exchange tables ``int_account_tag_months`` and ``int_interaction_months``, and the words of its texts.

    Attributes:
        account_tags: What accounts use.
        interactions: Whom they answer.
        words: ``TERM_COUNTS`` of the month's texts; none where texts are not kept.
    """

    account_tags: pa.Table
    interactions: pa.Table
    words: pa.Table = field(default_factory=TERM_COUNTS.empty_table)


NichePartition = Partition[NicheTables]


@dataclass(frozen=True)
class MonthRows:
    """One month's accounts that posted enough to be looked at, ordered by platform and key.

    Attributes:
        month: First day of the month.
        platforms: Of each account.
        account_keys: Of each account.
        units: What they use together: tags, and with their prefix communities, domains and sounds; ordered.
        uses: Posts of each account with each unit, account x unit.
        shared: Units that link accounts: neither used by a few only nor by everybody.
        directed: Interactions of the row with the column, account x account.
        mutual: Weights of mutual interaction, account x account; symmetric.
        words: Words of their texts, ordered; they name niches and find none.
        word_uses: Posts of each account with each word, account x word.
    """

    month: date
    platforms: Texts
    account_keys: Texts
    units: list[str]
    uses: csr_matrix
    shared: Labels
    directed: csr_matrix
    mutual: csr_matrix
    words: list[str]
    word_uses: csr_matrix

    @property
    def accounts(self) -> Texts:
        """Platform and key of each account in one text."""
        return joined_keys(self.platforms, self.account_keys)

    @property
    def counts(self) -> csr_matrix:
        """Uses of the units that link accounts."""
        counts = csr_matrix(self.uses[:, self.shared])
        counts.sort_indices()
        return counts


def unit_kind(unit: str) -> tuple[str, str]:
    """Kind of a unit and what it is without its prefix; a tag has none."""
    prefix, colon, rest = unit.partition(":")
    return (prefix, rest) if colon and prefix in PREFIXES else ("tag", unit)


def joined_keys(platforms: Texts, account_keys: Texts) -> Texts:
    """Platform and key in one text: a key is of its platform."""
    return np.asarray(platforms + "\x1f" + account_keys)


def _places(column: pa.ChunkedArray, known: list[str]) -> Labels:
    """Place of each text among the known ones, -1 where it is none of them."""
    return np.asarray(pc.index_in(column, value_set=pa.array(known, pa.string())).fill_null(-1).to_numpy(), dtype=np.int64)


def read_month(month: date, tables: NicheTables, parameters: NicheParameters) -> MonthRows:
    """Read one month; nothing depends on the order of rows.

    Args:
        month: First day of the month.
        tables: Its rows.
        parameters: Which accounts and units are looked at.
    """
    rows, interactions = tables.account_tags, tables.interactions
    platforms, platform = coded(rows["platform"])
    keys, key = coded(rows["account_key"])
    all_tags, tag = coded(rows["tag"])
    numbers = np.asarray(rows["post_count"].to_numpy(), dtype=np.float64)
    everyone, account = np.unique(platform * len(keys) + key, return_inverse=True)
    active = np.flatnonzero(np.bincount(account, weights=numbers) >= parameters.smallest_post_count)
    place = np.full(everyone.size, -1, dtype=np.int64)
    place[active] = np.arange(active.size)
    kept = place[account] >= 0
    count = active.size
    used = csr_matrix((numbers[kept], (place[account[kept]], tag[kept])), shape=(count, len(all_tags)))
    used.sum_duplicates()
    limit = max(parameters.largest_tag_share * count, parameters.smallest_tag_accounts)
    users = np.bincount(used.indices, minlength=len(all_tags))
    shared = np.flatnonzero((users >= parameters.smallest_tag_accounts) & (users <= limit))
    used.sort_indices()

    ids = everyone[active]
    ends = []
    for name in ("source_account_key", "target_account_key"):
        known_platform, known_key = _places(interactions["platform"], platforms), _places(interactions[name], keys)
        wanted = known_platform * len(keys) + known_key
        at = np.minimum(np.searchsorted(ids, wanted), max(count - 1, 0))
        found = (known_platform >= 0) & (known_key >= 0) & (ids[at] == wanted if count else False)
        ends.append(np.where(found, at, -1))
    inside = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
    times = np.asarray(interactions["interaction_count"].to_numpy(), dtype=np.float64)[inside]
    directed = csr_matrix((times, (ends[0][inside], ends[1][inside])), shape=(count, count))
    mutual = csr_matrix(directed.minimum(directed.T))
    mutual.data = parameters.interaction_weight * np.log2(1 + mutual.data)
    names = np.array(platforms, dtype=object)[ids // max(len(keys), 1)], np.array(keys, dtype=object)[ids % max(len(keys), 1)]
    return MonthRows(month, *names, all_tags, used, shared.astype(np.int64), directed, mutual, *_words(tables.words, names[1]))


def _words(counts: pa.Table, account_keys: Texts) -> tuple[list[str], csr_matrix]:
    """Words that these accounts use, and account x word; a key is of one account, whatever its platform."""
    order = np.argsort(account_keys, kind="stable")
    known = pa.array(account_keys[order].tolist(), pa.string())
    at = pc.index_in(counts["account_key"].cast(pa.string()), value_set=known).fill_null(-1).to_numpy()
    kept = np.flatnonzero(at >= 0)
    words, word = coded(counts["term"].cast(pa.string()).take(pa.array(kept, pa.int64())))
    times = np.asarray(counts["post_count"].to_numpy(), dtype=np.float64)[kept]
    return words, csr_matrix((times, (order[at[kept]], word)), shape=(account_keys.size, len(words)))


def content_hash(tables: NicheTables) -> str:
    """Hash of a month's rows, whatever their order."""
    words = tables.words.set_column(1, "term", tables.words["term"].cast(pa.string()))
    words = words.set_column(0, "account_key", words["account_key"].cast(pa.string()))
    keyed = ((tables.account_tags, "platform"), (tables.interactions, "platform"), (words, "term"))
    found = [row_hashes(table, key, table.schema.names) for table, key in keyed]
    return digest(*(f"{key}:{value}" for hashes in found for key, value in sorted(hashes.items())), len(found[0]))


def partitioned(account_tag_months: pa.Table, interaction_months: pa.Table) -> dict[date, NichePartition]:
    """Whole exchange tables as partitions by month: the simple way in, where nothing can be left unread.

    Args:
        account_tag_months: ``int_account_tag_months``.
        interaction_months: ``int_interaction_months``; months without tagged posts are not read.
    """
    found = {}
    interactions = by_month(interaction_months)
    for month, account_tags in by_month(account_tag_months).items():
        tables = NicheTables(account_tags, interactions.get(month, interaction_months.slice(0, 0)))

        def load(tables: NicheTables = tables) -> NicheTables:
            return tables

        found[month] = NichePartition(content_hash(tables), load)
    return found
