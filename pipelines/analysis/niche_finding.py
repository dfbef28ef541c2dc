"""Which niches one month has and whom they hold: communities, words and strengths put together. No ids, no tables, no other month."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, hstack

from pipelines.analysis.communities import stable_partition
from pipelines.analysis.memberships import membership_strengths, regrouped
from pipelines.analysis.niche_parameters import NicheMonthParameters
from pipelines.analysis.niche_rows import MonthRows, unit_kind
from pipelines.analysis.vocabulary import Usage, distinctive_terms, niche_neighbours

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Found:
    """A month's niches, and which of them each account belongs to.

    Attributes:
        sizes: Members of each niche.
        jaccards: Of the community that each niche comes from, its mean best Jaccard over resamples.
        group: Of each account the place of its niche, -1 for none.
        community_jaccard: Of the community in which each account was found.
        reason: Why an account has no niche; empty where it has one.
        usage: Who uses what, by niche.
        terms: Distinctive terms of the niches, by their places.
        strengths: Share of what an account uses that each niche explains, account x niche; of an account that uses nothing with others,
            the share of its edges.
    """

    sizes: Labels
    jaccards: Floats
    group: Labels
    community_jaccard: Floats
    reason: Texts
    usage: Usage
    terms: pa.Table
    strengths: csr_matrix


def find_niches(read: MonthRows, parameters: NicheMonthParameters) -> Found:
    """Find a month's niches: stable communities with words of their own, to which members go by what they use.

    Args:
        read: The month's accounts.
        parameters: See :class:`NicheMonthParameters`.
    """
    discovery = parameters.discovery
    partition = stable_partition(read.counts, read.mutual, discovery)
    labels = partition.labels
    sizes = np.bincount(labels, minlength=1)
    degree = np.asarray(partition.graph.sum(axis=1)).ravel()
    largest = discovery.largest_niche_share * labels.size
    jaccards = np.array([partition.jaccards.get(label, 0.0) for label in range(sizes.size)])
    is_stable = (sizes >= discovery.smallest_niche) & (jaccards >= discovery.smallest_jaccard) & (sizes <= largest)
    candidates = np.flatnonzero(is_stable)
    place = np.full(sizes.size, -1, dtype=np.int64)
    place[candidates] = np.arange(candidates.size)
    is_at_home = (place[labels] < 0) & (partition.home_share >= parameters.smallest_home_share) & (degree > 0)
    group = np.where(is_at_home, place[partition.home], place[labels])
    kinds, spelled = zip(*map(unit_kind, read.units), strict=True) if read.units else ((), ())
    usage = Usage(read.uses, spelled, kinds, group, read.platforms.tolist())
    folded = _folded(usage, candidates.size, parameters)
    usage = replace(usage, niches=np.where(group >= 0, folded[group], -1) if candidates.size else group)
    own = np.asarray(distinctive_terms(usage, parameters.words)["niche"].to_numpy(), dtype=np.int64)
    has_words = np.bincount(own, minlength=candidates.size) >= parameters.smallest_vocabulary
    kept = candidates[has_words]
    later = np.append(np.where(has_words, np.cumsum(has_words) - 1, -1), -1)
    is_stable_member = usage.niches >= 0
    group = later[usage.niches]
    reason = np.select(
        [
            group >= 0,
            degree == 0,
            is_stable_member,
            sizes[labels] < discovery.smallest_niche,
            sizes[labels] > largest,
        ],
        ["", "no_shared_tags", "no_vocabulary", "too_small", "too_large"],
        default="unstable",
    )
    for _ in range(parameters.regrouping_count):
        group = regrouped(read.uses, group, kept.size, discovery.smallest_niche, parameters.memberships)
    usage = replace(usage, niches=group)
    terms = distinctive_terms(_with_words(usage, read), parameters.words)
    # Who left for another niche may have taken the words along.
    still = (
        np.bincount(np.asarray(terms["niche"].to_numpy(), dtype=np.int64), minlength=kept.size) >= parameters.smallest_vocabulary
    )
    if not still.all():
        reason = np.where((group >= 0) & ~np.append(still, True)[group], "no_vocabulary", reason)
        group = np.append(np.where(still, np.cumsum(still) - 1, -1), -1)[group]
        kept = kept[still]
        usage = replace(usage, niches=group)
        terms = distinctive_terms(_with_words(usage, read), parameters.words)
    strengths = membership_strengths(read.uses, group, kept.size, parameters.memberships)
    return Found(
        np.bincount(group[group >= 0], minlength=kept.size),
        jaccards[kept],
        group,
        jaccards[labels],
        reason.astype(object),
        usage,
        terms,
        _with_edges(strengths, csr_matrix(partition.strengths[:, kept])),
    )


def _with_words(usage: Usage, read: MonthRows) -> Usage:
    """What accounts use and the words of their texts, which had no part in finding the niches."""
    terms, kinds = (*usage.terms, *read.words), (*usage.kinds, *("text" for _ in read.words))
    return replace(usage, uses=csr_matrix(hstack([usage.uses, read.word_uses])), terms=terms, kinds=kinds)


def _folded(usage: Usage, count: int, parameters: NicheMonthParameters) -> Labels:
    """For each group the one that it is part of: the most alike of the larger ones with the same words, or itself."""
    sizes = np.bincount(usage.niches[usage.niches >= 0], minlength=count)
    # Larger first; of equals the one whose first member comes first.
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(count)
    target = np.arange(count)
    best = np.full(count, parameters.same_vocabulary)
    for row in niche_neighbours(usage, parameters.words).to_pylist():
        one, other, alike = row["niche"], row["neighbour_niche"], row["cosine_similarity"]
        if rank[other] < rank[one] and alike >= best[one]:
            target[one], best[one] = other, np.nextafter(alike, 2)
    for one in np.argsort(rank):
        target[one] = target[target[one]]
    return target


def _with_edges(strengths: csr_matrix, by_edges: csr_matrix) -> csr_matrix:
    """Strengths by what is used, and by edges where nothing is used that others use too."""
    is_silent = np.diff(strengths.indptr) == 0
    return csr_matrix(strengths + diags_array(is_silent.astype(np.float64)) @ by_edges)
