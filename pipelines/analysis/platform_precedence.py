"""On which platform a tag was taken up first, against what was collected there at the time. No simulation and no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy.optimize import brentq
from scipy.stats import false_discovery_control, mannwhitneyu, norm, rankdata, t

from pipelines.analysis.increments import Analysis, stored_table
from pipelines.analysis.parameters import params_hash
from pipelines.analysis.platform_precedence_contracts import (
    PLATFORM_PRECEDENCE,
    PLATFORM_PRECEDENCE_FINDINGS,
    STATE,
    STATE_PLATFORM_PAIRS,
)
from pipelines.analysis.platform_rows import (
    Booleans,
    Floats,
    Integers,
    Pair,
    Pool,
    Rows,
    TagAdopters,
    of_pair,
    pair_hashes,
    read_pair,
)

METHOD_VERSION: Final = "platform_precedence_2"
EXCHANGE_TABLES: Final = ("int_platform_pairs", "int_platform_tags", "int_platform_uses", "int_platform_strata")
_STATE: Final = ("platform_pairs", "platform_precedence", "platform_precedence_findings")
_NAIVE_Z: Final = float(norm.isf(0.025))


@dataclass(frozen=True)
class PlatformParameters:
    """Parameters of platform precedence; those from smallest_adopter_count to pool_cap are applied where dbt makes the exchange models.

    Attributes:
        smallest_adopter_count: Adopters over both platforms below which a tag has no row.
        smallest_platform_adopter_count: Adopters on each platform below which a tag abstains.
        account_cap: Accounts of a platform that are looked at: the first by their key, which is a keyed hash.
        tag_cap: Tags of a pair that are looked at: those with most adopters on the platform that has fewer.
        adopter_cap: Adopters of a tag and platform that are compared: the first by their key.
        pool_cap: Collected posts of a pair and platform that stand for the collection: the first by their key.
        draw_count: Times that the platforms of the adopters are dealt anew.
        neighbour_count: Collected posts of either platform that a local share is taken over.
        smallest_share: A local share is kept this far from 0 and from 1.
        saturation_ratio: Of the accounts found by the adopters' queries; from this share on the tag is the query.
        tolerance: Excess over the null's mean that is no lead: what a local share errs by, and accounts without a taste for
            a tag that are left over where posts are many (measured in null worlds, ``docs/methods-platform-precedence.md``).
        smallest_tag_count: Fewer compared tags abstain from a pooled claim.
        largest_rate_ratio: Above this ratio of own posts per account, either way, a lead is withheld.
        claim_level: Of the q-value of a tag and of the p-value of a pair.
        interval_level: Of reported intervals.
        seed: Of every random draw, together with the tag and the pair.
    """

    smallest_adopter_count: int = 20
    smallest_platform_adopter_count: int = 5
    account_cap: int = 5000
    tag_cap: int = 100
    adopter_cap: int = 500
    pool_cap: int = 10_000
    draw_count: int = 2499
    neighbour_count: int = 40
    smallest_share: float = 0.02
    saturation_ratio: float = 0.9
    tolerance: float = 0.01
    smallest_tag_count: int = 8
    largest_rate_ratio: float = 1.1
    claim_level: float = 0.05
    interval_level: float = 0.90
    seed: int = 20261101


@dataclass(frozen=True)
class TagPrecedence:
    """One compared tag.

    Attributes:
        probability: P(adopter of platform_a is earlier), ties half.
        null: The same of each deal.
        p_value: Two-sided, about the null's mean, of an excess beyond the tolerance.
        naive_false_claim_ratio: Share of deals that a label shuffle takes for a lead at 5%.
        account: Of each compared adopter.
        influence: Of each compared adopter on the excess of probability over the null's mean.
    """

    probability: float
    null: Floats
    p_value: float
    naive_false_claim_ratio: float
    account: Integers
    influence: Floats


@dataclass(frozen=True)
class PooledPlatforms:
    """The mean over tags with its null; standard_error is of the excess over the null's mean."""

    probability: float
    null_probability: float
    standard_error: float
    p_value: float


def local_share(times: Floats, pool: Pool, weight: Floats, neighbour_count: int, smallest_share: float) -> Floats:
    """Share of platform_a in what was collected around given times: a local line through the labels, weighted.

    The window reaches to the ``neighbour_count``-th nearest post of the platform that is farther away. A line, and not a
    mean, because the share changes inside wide windows and at the ends of the common time (Fan and Gijbels 1996).

    Args:
        times: Where to take it, hours.
        pool: Posts at risk, by time.
        weight: Of each, positive; of equal sum on both platforms.
        neighbour_count: See above.
        smallest_share: The result is kept between this and one minus this.
    """
    reach = np.zeros(times.size)
    for side in (True, False):
        own = pool.time[pool.is_first == side]
        count = min(neighbour_count, own.size)
        places = np.searchsorted(own, times)[:, None] + np.arange(-count, count)[None, :]
        inside = (places >= 0) & (places < own.size)
        distance = np.where(inside, np.abs(own[np.clip(places, 0, own.size - 1)] - times[:, None]), np.inf)
        reach = np.maximum(reach, np.partition(distance, count - 1, axis=1)[:, count - 1])
    # The farthest neighbour stays inside whatever the rounding.
    reach = reach * (1 + 1e-9) + 1e-9
    first, last = np.searchsorted(pool.time, times - reach, "left"), np.searchsorted(pool.time, times + reach, "right")
    centre = float(pool.time.mean())
    offset, label = pool.time - centre, pool.is_first.astype(float)

    def window(values: Floats) -> Floats:
        total = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(total[last] - total[first])

    mass, moment, square = window(weight), window(weight * offset), window(weight * offset**2)
    share, product = window(weight * label), window(weight * label * offset)
    spread = mass * square - moment**2
    is_wide = spread > 1e-9 * mass**2
    slope = np.where(is_wide, (mass * product - moment * share) / np.where(is_wide, spread, 1.0), 0.0)
    line = (share - slope * moment) / mass + slope * (times - centre)
    return np.clip(line, smallest_share, 1 - smallest_share)


def with_total(share: Floats, count: int) -> Floats:
    """Probabilities whose odds are a common multiple of the odds of ``share`` and whose sum is ``count``."""
    log_odds = np.log(share) - np.log1p(-share)

    def surplus(shift: float) -> float:
        return float((1 / (1 + np.exp(-log_odds - shift))).sum() - count)

    return np.asarray(1 / (1 + np.exp(-log_odds - brentq(surplus, -40.0, 40.0, xtol=1e-10))))


def deal(probability: Floats, count: int, draw_count: int, generator: np.random.Generator) -> Booleans:
    """Draw labels, each true with its own probability, given that ``count`` are true (conditional Bernoulli).

    Args:
        probability: Of each label.
        count: True labels in each draw.
        draw_count: Draws.
        generator: Of the draws.

    Returns:
        Labels, draw x adopter.
    """
    size = probability.size
    # chance[i, k]: k true labels among those from i on (Chen and Liu 1997).
    chance = np.zeros((size + 1, count + 1))
    chance[size, 0] = 1.0
    for place in range(size - 1, -1, -1):
        chance[place] = chance[place + 1] * (1 - probability[place])
        chance[place, 1:] += chance[place + 1, :-1] * probability[place]
    labels = np.zeros((draw_count, size), dtype=bool)
    left = np.full(draw_count, count)
    for place in range(size):
        taken = np.where(left > 0, probability[place] * chance[place + 1, np.maximum(left - 1, 0)], 0.0)
        labels[:, place] = generator.random(draw_count) * chance[place, left] < taken
        left = left - labels[:, place]
    return labels


def tag_seed(seed: int, platform_a: str, platform_b: str, tag: str) -> int:
    """Seed of one tag's draws: of the tag and the pair, so that no row depends on another."""
    return int.from_bytes(hashlib.sha256("\x1f".join((str(seed), platform_a, platform_b, tag)).encode()).digest()[:8], "big")


def at_risk(adopters: TagAdopters, pool: Pool) -> tuple[Pool, Floats]:
    """Collected posts whose author had not taken up the tag before, and their weights.

    A post is a chance to take up the tag; accounts found by different queries have different chances, so that each query
    of a platform counts as much as it has adopters; queries without one do not count.

    Returns:
        The posts, by time, and weights of sum one on each platform.
    """
    adopted = np.full(int(max(pool.account.max(initial=0), adopters.account.max(initial=0))) + 1, np.inf)
    adopted[adopters.account] = adopters.time
    query_count = int(max(pool.query.max(initial=0), adopters.query.max(initial=0))) + 1
    is_free = pool.time <= adopted[pool.account]
    found = np.bincount(pool.query[is_free], minlength=query_count)
    taken = np.bincount(adopters.query[adopters.is_compared], minlength=query_count)
    rows = np.flatnonzero(is_free & (taken[pool.query] > 0))
    weight = (taken / np.maximum(found, 1))[pool.query[rows]]
    kept = Pool(pool.time[rows], pool.account[rows], pool.is_first[rows], pool.query[rows])
    for side in (True, False):
        weight[kept.is_first == side] /= max(weight[kept.is_first == side].sum(), np.finfo(float).tiny)
    return kept, weight


def saturation(adopters: TagAdopters, pool: Pool) -> float:
    """The larger, over platforms, of the share of accounts found by the adopters' queries that took up the tag."""
    shares = []
    for side in (True, False):
        taken = adopters.query[adopters.is_first == side]
        queries, counts = np.unique(taken, return_counts=True)
        ratios = []
        for query in queries:
            accounts = np.unique(pool.account[pool.query == query])
            ratios.append(np.isin(accounts, adopters.account).mean() if accounts.size else 0.0)
        shares.append(float(np.average(ratios, weights=counts)))
    return max(shares)


def compare_platforms(
    adopters: TagAdopters, pool: Pool, weight: Floats, parameters: PlatformParameters, seed: int
) -> TagPrecedence:
    """Compare one tag's adopters on two platforms with deals of their platforms in proportion to the collection.

    The null: the use of the tag over time has the same shape on both platforms, whatever the shape is. Given the times of
    all first uses, the odds that one of them is of platform_a are then a constant times the odds that a post collected
    then, of an account that had not taken up the tag, is of platform_a.

    Args:
        adopters: Compared adopters only.
        pool: Posts at risk, by time.
        weight: Of each.
        parameters: See :class:`PlatformParameters`.
        seed: Of the deals.
    """
    # The side that is dealt is fixed by the accounts and not by the names of the platforms: renaming them mirrors the result.
    is_dealt = adopters.is_first == adopters.is_first[0]
    share = local_share(adopters.time, pool, weight, parameters.neighbour_count, parameters.smallest_share)
    count, size = int(is_dealt.sum()), int(is_dealt.size)
    probability = with_total(share if adopters.is_first[0] else 1 - share, count)
    rank = rankdata(adopters.time)
    pairs = count * (size - count)

    def earlier(rank_sum: Floats) -> Floats:
        return 1 - (rank_sum - count * (count + 1) / 2) / pairs

    labels = deal(probability, count, parameters.draw_count, np.random.default_rng(seed))
    observed, null = earlier(np.asarray(rank[is_dealt].sum())), earlier(labels @ rank)
    _, ties = np.unique(adopters.time, return_counts=True)
    spread = np.sqrt((size + 1 - (ties**3 - ties).sum() / (size * (size - 1))) / (12 * pairs))
    information = probability * (1 - probability)
    influence = (probability - is_dealt) * (rank - np.average(rank, weights=information)) / pairs
    is_as_far = np.abs(null - null.mean()) >= np.abs(observed - null.mean()) - parameters.tolerance - 1e-12
    sign = 1.0 if adopters.is_first[0] else -1.0
    return TagPrecedence(
        probability=float(0.5 + sign * (observed - 0.5)),
        null=0.5 + sign * (null - 0.5),
        p_value=float((1 + is_as_far.sum()) / (1 + null.size)),
        naive_false_claim_ratio=float((np.abs(null - 0.5) > _NAIVE_Z * spread).mean()) if spread > 0 else 0.0,
        account=adopters.account,
        influence=sign * influence,
    )


def pool_tags(tags: list[TagPrecedence], tolerance: float) -> PooledPlatforms:
    """Mean over the tags of a pair, with the larger of two standard errors and its two-sided p-value.

    One error is clustered by account (an account adopts many tags, in the same posts), normal; the other is that of the
    excess between tags, Student. Both are for the excess of the observed mean over the mean of the tags' nulls.

    Args:
        tags: At least two.
        tolerance: Mean excess that is no lead; the p-value is of what is beyond it.
    """
    probability, null = np.array([tag.probability for tag in tags]), np.array([tag.null.mean() for tag in tags])
    excess, count = probability - null, len(tags)
    account = np.unique(np.concatenate([tag.account for tag in tags]), return_inverse=True)[1]
    summed = np.bincount(account, weights=np.concatenate([tag.influence for tag in tags])) / count
    by_account, by_tag = float(np.sqrt((summed**2).sum())), float(excess.std(ddof=1) / np.sqrt(count))
    beyond = max(abs(float(excess.mean())) - tolerance, 0.0)
    if max(by_account, by_tag) == 0:
        return PooledPlatforms(float(probability.mean()), float(null.mean()), 0.0, 1.0)
    p_value = max(
        2 * float(norm.sf(beyond / by_account)) if by_account else 0.0,
        2 * float(t.sf(beyond / by_tag, count - 1)) if by_tag else 0.0,
    )
    return PooledPlatforms(float(probability.mean()), float(null.mean()), max(by_account, by_tag), p_value)


def _tag_row(pair: Pair, tag: dict[str, Any], parameters: PlatformParameters) -> tuple[dict[str, Any], TagPrecedence | None]:
    row: dict[str, Any] = dict.fromkeys(PLATFORM_PRECEDENCE.names)
    row |= {name: tag[name] for name in ("tag", "platform_a", "platform_b", "adopter_count_a", "adopter_count_b")}
    row |= {name: pair.row[name] for name in ("common_begins_at", "common_ends_at")} | {"claim": "abstained"}
    if pair.row["common_begins_at"] is None:
        return row | {"abstain_reason": "no_common_coverage"}, None
    if min(tag["adopter_count_a"], tag["adopter_count_b"]) < parameters.smallest_platform_adopter_count:
        return row | {"abstain_reason": "too_few_adopters"}, None
    everyone = pair.adopters(tag["tag"])
    if saturation(everyone, pair.pool) >= parameters.saturation_ratio:
        return row | {"abstain_reason": "tag_is_query"}, None
    posts, weight = at_risk(everyone, pair.pool)
    if posts.is_first.all() or not posts.is_first.any():
        return row | {"abstain_reason": "no_posts_at_risk"}, None
    compared = TagAdopters(*(values[everyone.is_compared] for values in vars(everyone).values()))
    seed = tag_seed(parameters.seed, tag["platform_a"], tag["platform_b"], tag["tag"])
    found = compare_platforms(compared, posts, weight, parameters, seed)
    on_a, on_b = compared.time[compared.is_first], compared.time[~compared.is_first]
    tail = (1 - parameters.interval_level) / 2
    low, high = np.quantile(found.null, [tail, 1 - tail])
    numbers = {
        "precedence_probability": found.probability,
        "null_probability": float(found.null.mean()),
        "null_low": float(low),
        "null_high": float(high),
        "p_value": found.p_value,
        "naive_lead_hours": float(np.median(on_b) - np.median(on_a)),
        # Where all times are one, nothing is shuffled: no p-value comes back, and nothing is claimed.
        "naive_lead_null_p": float(np.nan_to_num(mannwhitneyu(on_a, on_b, method="asymptotic").pvalue, nan=1.0)),
        "naive_false_claim_ratio": found.naive_false_claim_ratio,
    }
    return row | numbers, found


def _claim(pair: Pair, excess: float, error: float, parameters: PlatformParameters) -> str:
    """Who was first, if anyone. At unequal posting rates a lead is withheld: whoever posts more uses a tag sooner after hearing of it."""
    if error >= parameters.claim_level or excess == 0:
        return "none"
    if abs(np.log(pair.row["posting_rate_ratio"])) > np.log(parameters.largest_rate_ratio):
        return "withheld"
    return "platform_a_first" if excess > 0 else "platform_b_first"


def _finding(pair: Pair, rows: Rows, found: list[TagPrecedence], parameters: PlatformParameters) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(PLATFORM_PRECEDENCE_FINDINGS.names)
    row |= {name: pair.row[name] for name in ("platform_a", "platform_b", "common_begins_at", "common_ends_at")}
    row |= {"tag_count": len(found), "abstained_count": len(rows) - len(found), "claim": "abstained"}
    row["capped_count"] = pair.tags[0]["tag_count"] - len(rows) if pair.tags else 0
    row["claimed_tag_count"] = sum(each["claim"] in ("platform_a_first", "platform_b_first") for each in rows)
    if pair.row["common_begins_at"] is None:
        return row | {"abstain_reason": "no_common_coverage"}
    if len(found) < parameters.smallest_tag_count:
        return row | {"abstain_reason": "too_few_tags"}
    pooled = pool_tags(found, parameters.tolerance)
    width = float(norm.ppf(0.5 + parameters.interval_level / 2)) * pooled.standard_error
    naive = [each for each in rows if each["naive_lead_null_p"] is not None]
    return row | {
        "precedence_probability": pooled.probability,
        "precedence_low": pooled.probability - width,
        "precedence_high": pooled.probability + width,
        "null_probability": pooled.null_probability,
        "null_low": pooled.null_probability - width,
        "null_high": pooled.null_probability + width,
        "p_value": pooled.p_value,
        "claim": _claim(pair, pooled.probability - pooled.null_probability, pooled.p_value, parameters),
        "naive_claimed_tag_count": sum(each["naive_lead_null_p"] < 0.05 for each in naive),
        "naive_false_claim_ratio": float(np.mean([each["naive_false_claim_ratio"] for each in naive])),
    }


def analyse_platform_pairs(
    exchange: Mapping[str, pa.Table],
    parameters: PlatformParameters | None = None,
    stored: Mapping[str, pa.Table] | None = None,
) -> Analysis:
    """Compare, for every tag and pair of platforms, where it was taken up first.

    A pair's rows hang on the pair's input alone: what was stored for the same input is taken again.

    Args:
        exchange: The tables ``EXCHANGE_TABLES`` by name, in the schemas of :mod:`pipelines.analysis.platform_precedence_contracts`.
        parameters: Defaults when None.
        stored: ``state`` of the last call; None computes everything.

    Returns:
        ``platform_precedence`` and ``platform_precedence_findings``, in the schemas of :mod:`pipelines.analysis.platform_precedence_contracts`; and
        the state.
    """
    parameters = parameters or PlatformParameters()
    stamp = {"method_version": METHOD_VERSION, "params_hash": params_hash(parameters)}
    hashes = pair_hashes({name: exchange[name] for name in EXCHANGE_TABLES}, *stamp.values())
    old = {name: stored_table(stored, name, STATE[name]) for name in _STATE}
    names = ("platform_a", "platform_b", "input_hash")
    known = {row[:2]: row[2] for row in zip(*(old["platform_pairs"][name].to_pylist() for name in names), strict=True)}
    pairs, *tables = (exchange[name] for name in EXCHANGE_TABLES)
    rows, findings, computed = [], [], 0
    for pair_row in sorted(pairs.to_pylist(), key=lambda row: (row["platform_a"], row["platform_b"])):
        pair_key = (pair_row["platform_a"], pair_row["platform_b"])
        if known.get(pair_key) == hashes[pair_key]:
            found, told = (of_pair(old[name], *pair_key) for name in _STATE[1:])
        else:
            found, told = _pair_tables(read_pair(pair_row, *tables), stamp, parameters)
            computed += 1
        rows.append(found)
        findings.append(told)
    made = {
        "platform_precedence": pa.concat_tables([PLATFORM_PRECEDENCE.empty_table(), *rows]).combine_chunks(),
        "platform_precedence_findings": pa.concat_tables(
            [PLATFORM_PRECEDENCE_FINDINGS.empty_table(), *findings]
        ).combine_chunks(),
    }
    state = [{"platform_a": a, "platform_b": b, "input_hash": value} for (a, b), value in sorted(hashes.items())]
    return Analysis(
        made,
        {"platform_pairs": pa.Table.from_pylist(state, STATE_PLATFORM_PAIRS), **made},
        {"platform_pairs": computed},
    )


def _pair_tables(pair: Pair, stamp: dict[str, str], parameters: PlatformParameters) -> tuple[pa.Table, pa.Table]:
    """Both tables of one pair of platforms."""
    compared = [_tag_row(pair, tag, parameters) for tag in pair.tags]
    tested = [(row, found) for row, found in compared if found is not None]
    if tested:
        q_values = false_discovery_control([row["p_value"] for row, _ in tested])
        for (row, _), q_value in zip(tested, q_values, strict=True):
            row["q_value"] = float(q_value)
            row["claim"] = _claim(pair, row["precedence_probability"] - row["null_probability"], q_value, parameters)
    rows = [row | stamp for row, _ in compared]
    finding = _finding(pair, [row for row, _ in compared], [found for _, found in tested], parameters)
    return (
        pa.Table.from_pylist(rows, PLATFORM_PRECEDENCE),
        pa.Table.from_pylist([finding | stamp], PLATFORM_PRECEDENCE_FINDINGS),
    )


def analyse_platforms(exchange: Mapping[str, pa.Table], parameters: PlatformParameters | None = None) -> dict[str, pa.Table]:
    """Analyse the exchange tables anew and give the derived tables; see :func:`analyse_platform_pairs`.

    Args:
        exchange: The tables ``EXCHANGE_TABLES`` by name.
        parameters: Defaults when None.
    """
    return analyse_platform_pairs(exchange, parameters).tables
