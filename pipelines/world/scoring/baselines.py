"""What dashboards do (domain.md E.4), done to the same published tables: naive numbers that stand beside ours, never instead of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, theilslopes

from pipelines.analysis.kleinberg import kleinberg_states
from pipelines.world.scoring.intervals import clustered_share, share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.metrics_bursts import coordinated_share, exogeneity_f1
from pipelines.world.scoring.metrics_claims import LARGE, MEDIA, powerful, sign_of, signed, wrong
from pipelines.world.scoring.metrics_ethics import naively_flagged, recall_at_one_percent, undisclosed_error
from pipelines.world.scoring.metrics_insiders import STRENGTH, insider_area
from pipelines.world.scoring.metrics_niches import contingency, mean_agreement
from pipelines.world.scoring.metrics_origins import ORIGIN_SET_SIZE
from pipelines.world.scoring.metrics_trends import adoption_hits, perennial_labels
from pipelines.world.scoring.rows import Found, nothing
from pipelines.world.worlds import LEAD, NONE, TARGET

Floats = NDArray[np.float64]
_LONGEST_LAG_DAYS: Final = 14
_BURST_DAYS: Final = 14
_NEEDED_MONTHS: Final = 2
_SEED: Final = 1
_LEAD, _TARGET = 1, 2
_GROUP_OF_ACTOR: Final = """case when actor_class in ('brand', 'media') then 'media' when tier_of(tier) in ('macro', 'mega') then 'large'
    when tier_of(tier) = 'micro' then 'micro' end"""
_GROUP_OF_DAY: Final = """case when actor_group in ('brand', 'media') then 'media' when tier_of(actor_group) in ('macro', 'mega') then 'large'
    when tier_of(actor_group) = 'micro' then 'micro' end"""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A naive answer to something wanted.

    Attributes:
        key: Of the wanted score.
        estimator: Its name in the tables.
        needs: Published columns.
        measure: Computes it.
    """

    key: str
    estimator: str
    needs: tuple[str, ...]
    measure: Callable[[Linked], Found]


def _naive_first(linked: Linked, target: str) -> tuple[str, str]:
    """Whose first adopter is earlier: a micro account's in more than half of the trends?"""
    other = "media" if target == MEDIA else "large"
    micro, others = linked.numbers(f"""
        select epoch_us(min(adopted_at) filter (where side = 'micro')), epoch_us(min(adopted_at) filter (where side = '{other}'))
        from (select trend_key, adopted_at, {_GROUP_OF_ACTOR} as side from trend_adoptions) group by trend_key order by trend_key
    """)
    if target == MEDIA:
        # First mainstream minus first micro, where both are there.
        differences = others - micro
    else:
        # A trend that no large account took up was begun by a small one, the dashboard says.
        differences = np.nan_to_num(others, nan=np.inf) - np.nan_to_num(micro, nan=np.inf)
        differences = np.sign(differences[np.isfinite(micro) | np.isfinite(others)])
    first, count = int((differences > 0).sum()), int(np.isfinite(differences).sum())
    return sign_of(differences), f"a micro account is earlier in {first} of {count} trends; sign test against 1/2"


def _latest_tiers(linked: Linked) -> str:
    """Query of each account's tier as of its person's last post."""
    members = "select account_key, creator_key, 1 as rank from niche_members where creator_key is not null union all" if not linked.has(
        ["niche_members.creator_key"]
    ) else ""  # fmt: skip
    return f"""
        select account_key, tier_of(any_value(tier_at_last_post)) as tier from (
            {members} select account_key, account_key as creator_key, 2 as rank from trend_adoptions
        ) inner join creators using (creator_key) group by account_key
    """


def _latest_tier_accuracy(linked: Linked) -> Found:
    return clustered_share(
        *adoption_hits(linked, _latest_tiers(linked)),
        note="tier as of the last post, joined to old adoptions",
        none="no adoption on both sides",
    )


def _latest_tier_claim(linked: Linked, target: str) -> tuple[str, str]:
    """Are micro creators, by their latest tier, earlier in more than half of all pairs, in more than half of the trends?"""
    if target == MEDIA:
        raise ValueError("media have no tier")
    trend, adopted, side = linked.numbers(f"""
        select dense_rank() over (order by trend_key), epoch_us(adopted_at), case when latest.tier = 'micro' then {_LEAD} else {_TARGET} end
        from trend_adoptions inner join ({_latest_tiers(linked)}) as latest using (account_key)
        where actor_class = 'creator' and latest.tier in ('micro', 'macro', 'mega')
    """)
    excess = []
    for number in np.unique(trend):
        rows = trend == number
        excess.append(earlier_probability(adopted[rows], side[rows] == _LEAD) - 0.5)
    positive = int((np.array(excess) > 0).sum())
    return sign_of(np.array(excess)), f"earlier in most pairs in {positive} of {len(excess)} trends; sign test"


def earlier_probability(times: Floats, is_lead: NDArray[np.bool_]) -> float:
    """P(a time of the lead is earlier than one of the others), ties half (Mann and Whitney 1947); NaN where one side is empty."""
    lead, others = int(is_lead.sum()), int((~is_lead).sum())
    if not lead or not others:
        return float("nan")
    return float(1 - (rankdata(times)[is_lead].sum() - lead * (lead + 1) / 2) / (lead * others))


def _days(linked: Linked, group: str, column: str) -> tuple[list[str], Floats]:
    """Counts by trend and day of a group, over the days of all trends; and the trends' labels."""
    label, day, count = linked.ask(f"""
        select any_value(trends.label) as label, day - (select min(day) from trend_days) as place, sum(trend_days.{column}) as count
        from trend_days inner join trends using (trend_key) where {group} group by trend_key, day order by trend_key, day
    """).columns
    labels = sorted(set(label.to_pylist()))
    places = np.asarray(day.to_numpy(), dtype=np.int64)
    (span,) = linked.one("select max(day) - min(day) + 1 from trend_days")
    series = np.zeros((len(labels), int(span or 0)))
    rows = np.searchsorted(np.array(labels), np.array(label.to_pylist())) if labels else np.empty(0, dtype=np.int64)
    np.add.at(series, (rows, places), np.asarray(count.cast("double").to_numpy()))
    return labels, series


def lead_days(lead: Floats, target: Floats) -> float:
    """The lag, in days, at which the cross-correlation of two raw series is highest; positive where the first is earlier; NaN without variation."""
    one, other = lead - lead.mean(), target - target.mean()
    if not one.any() or not other.any():
        return float("nan")
    reach = min(_LONGEST_LAG_DAYS, one.size - 1)
    lags = np.arange(-reach, reach + 1)
    products = [float(one[max(0, -lag) : one.size - max(0, lag)] @ other[max(0, lag) : one.size - max(0, -lag)]) for lag in lags]
    return float(lags[int(np.argmax(products))])


def _raw_ccf(linked: Linked, target: str) -> tuple[str, str]:
    column = "use_count" if target == MEDIA else "adopter_count"
    other = "media" if target == MEDIA else "large"
    known, lead = _days(linked, f"{_GROUP_OF_DAY} = 'micro'", column)
    labels, series = _days(linked, f"{_GROUP_OF_DAY} = '{other}'", column)
    places = {label: place for place, label in enumerate(known)}
    lags = np.array([lead_days(lead[places[label]], row) for label, row in zip(labels, series, strict=True) if label in places])
    known_lags = lags[np.isfinite(lags)]
    middle = f"{np.median(known_lags):+.0f} d" if known_lags.size else "none"
    return sign_of(lags), f"median lead at the highest raw cross-correlation {middle}, {known_lags.size} trends; sign test"


def _naive_excess(linked: Linked) -> tuple[str, str]:
    rows = linked.rows(
        "select naive_excess_ratio, naive_excess_low, naive_excess_high from origin_by_tier"
        " where unit_type = 'hashtag' and period = 'all' and tier_of(tier) = 'micro'"
    )
    if not rows or None in rows[0]:
        return NONE, "no excess"
    ratio, low, high = rows[0]
    claim = LEAD if low > 1 else TARGET if high < 1 else NONE
    return claim, f"first adopters over share of adopters {ratio:.2f} ({low:.2f} to {high:.2f})"


def _bursts(linked: Linked) -> tuple[list[str], NDArray[np.bool_]]:
    labels, series = _days(linked, "true", "user_count")
    return labels, kleinberg_states(series, series.sum(axis=0))


def _kleinberg_f1(linked: Linked) -> Found:
    labels, states = _bursts(linked)
    born = dict(
        linked.rows("""
            select tag, (coalesce(origin_at, born_at)::date - (select min(day) from trend_days))::integer from true_trends
        """)
    )
    planted = [(row, born[label]) for row, label in enumerate(labels) if born.get(label) is not None]
    if not planted:
        return nothing("no planted trend is published")
    hits = sum(bool(states[row, max(0, start) : start + _BURST_DAYS].any()) for row, start in planted)
    called = int(states.any(axis=1).sum())
    note = f"right: a burst within {_BURST_DAYS} days of the origin; {hits} of {len(planted)} planted, {called} units called"
    return Found(2 * hits / max(len(planted) + called, 1), unit_count=len(labels), note=note)


def _kleinberg_false(linked: Linked) -> Found:
    labels, states = _bursts(linked)
    perennial = np.flatnonzero(np.isin(np.array(labels), perennial_labels(linked)))
    return share(
        int(states[perennial].any(axis=1).sum()),
        len(perennial),
        note="two states, s 2, gamma 1, distinct users a day",
        none="only planted trends are published",
    )


_FOLLOWED: Final = """
    select trends.label, adoptions.account_key, max(months.followers_count) as followers
    from trend_adoptions as adoptions inner join trends using (trend_key)
    left join creator_months as months on months.creator_key = adoptions.account_key and months.month = date_trunc('month', adoptions.adopted_at)::date
    where adoptions.actor_class = 'creator' group by all
"""


def _follower_origin(linked: Linked) -> Found:
    hits, count = linked.one(f"""
        with ranked as (
            select *, row_number() over (partition by label order by followers desc nulls last, account_key) as place from ({_FOLLOWED})
        )
        select count(*) filter (where exists (
            from ranked where ranked.label = truth.tag and account_key = truth.origin_key and place <= {ORIGIN_SET_SIZE}
        )), count(*)
        from true_trends as truth inner join trends on trends.label = truth.tag
        where not (trends.is_left_censored or trends.is_in_use_before) and truth.origin_key is not null
    """)
    return share(hits, count, note="the five adopters with the most followers", none="no trend with an origin is published")


def _follower_insider(linked: Linked) -> Found:
    followers, insider = linked.numbers(f"""
        select followers, is_insider::integer from ({_FOLLOWED}) as ranked
        inner join true_adoptions as truth on truth.tag = ranked.label and truth.key = ranked.account_key
        where followers is not null and is_insider is not null order by label, account_key
    """)
    value = earlier_probability(-followers, insider == 1)
    if not np.isfinite(value):
        return nothing("no adopters of both kinds with followers")
    return Found(value, unit_count=followers.size, note="AUC of followers among adopters; 0.5 tells nothing")


def _louvain(linked: Linked) -> Found:
    """Accounts and trends as one graph, split by modularity at resolution 1, nobody left out, no stability asked for."""
    from graspologic_native import leiden

    pairs = linked.rows(
        "select distinct account_key, 'trend ' || trend_key from trend_adoptions where actor_class = 'creator' order by all"
    )
    if not pairs:
        return nothing("nobody took anything up")
    # The Leiden algorithm (Traag, Waltman and van Eck 2019) does what Louvain does, with a refinement; modularity is what matters here.
    _, labels = leiden(
        [(account, trend, 1.0) for account, trend in pairs], resolution=1.0, randomness=0.001, iterations=2, use_modularity=True,
        seed=_SEED, trials=1,
    )  # fmt: skip
    true = dict(linked.rows("select key, niche from true_accounts where niche is not null"))
    accounts = sorted({account for account, _ in pairs} & set(true))
    if not accounts:
        return nothing("no adopter is in the truth")
    value, low, high = mean_agreement([contingency([labels[key] for key in accounts], [true[key] for key in accounts])])
    return Found(
        value,
        low,
        high,
        len(accounts),
        found=str(len(set(labels.values()))),
        note="accounts by common trends, modularity, no stability; the tables publish no other edges",
    )


def gini(values: Floats) -> float:
    """The Gini coefficient, ``sum((2i - n - 1) x_(i)) / (n sum x)``; NaN where all are zero."""
    ordered = np.sort(values)
    count = ordered.size
    return (
        float(((2 * np.arange(1, count + 1) - count - 1) @ ordered) / (count * ordered.sum())) if ordered.sum() else float("nan")
    )


def _gini_slope(linked: Linked) -> Found:
    month, engaged = linked.numbers(
        "select dense_rank() over (order by month), coalesce(engagement_count, 0) from creator_months order by month, creator_key"
    )
    months = np.unique(month)
    curve = np.array([gini(engaged[month == each]) for each in months])
    known = np.isfinite(curve)
    if known.sum() < _NEEDED_MONTHS:
        return nothing("fewer than two months")
    slope = theilslopes(curve[known], months[known])
    says = "concentration falls" if slope.slope < 0 else "concentration grows" if slope.slope > 0 else "no change"
    told = " ".join(f"{value:.3f}" for value in curve)
    is_claimed = not slope.low_slope <= 0 <= slope.high_slope
    return Found(
        float(is_claimed),
        unit_count=int(known.sum()),
        planted="0",
        found=says,
        note=f"Gini of engagement by month {told}, all creators seen; claimed where the 95% interval of its slope leaves zero out",
    )


def _judged(
    linked: Linked, *, estimator: str, claim: Callable[[Linked, str], tuple[str, str]], target: str, judge: Callable[..., Found]
) -> Found:
    says, how = linked.once((estimator, target), lambda: claim(linked, target))
    # How it is found is told once, not with each judgement.
    return judge(linked.world, target, says, how if judge is wrong else None)


def _of_origin(linked: Linked, *, judge: Callable[..., Found]) -> Found:
    return judge(linked.world, LARGE, *_naive_excess(linked))


_ADOPTED: Final = ("trend_adoptions.adopted_at", "trend_adoptions.tier", "trend_adoptions.actor_class")
_SERIES: Final = ("trend_days.adopter_count", "trend_days.actor_group", "trends.label")
_LATEST: Final = (*_ADOPTED, "creators.tier_at_last_post", "trends.label")
_CLAIMING: Final[tuple[tuple[str, tuple[str, ...], Callable[[Linked, str], tuple[str, str]], tuple[str, ...]], ...]] = (
    ("naive_first", _ADOPTED, _naive_first, (LARGE, MEDIA)),
    ("latest_tier", _LATEST, _latest_tier_claim, (LARGE,)),
    ("raw_ccf", _SERIES, _raw_ccf, (LARGE, MEDIA)),
)
_JUDGES: Final[tuple[tuple[str, Callable[..., Found]], ...]] = (("wrong", wrong), ("sign", signed), ("power", powerful))
_DEEP: Final = ("creator_niches.membership_strength", "niche_members.creator_key")
_FOLLOWING: Final = ("creator_months.followers_count", "trend_adoptions.adopted_at", "trends.label")

_BY_PEAK: Final = "case when naive_is_exogenous then 'exogenous' else 'endogenous' end"
_EVEN: Final = ("trend_shapes.naive_is_coordinated", "trend_shapes.exogeneity_class")
BASELINES: Final = (
    *(
        Baseline(
            f"{name}_{'media' if target == MEDIA else 'large'}", estimator, needs, partial(_judged, estimator=estimator, claim=claim, target=target, judge=judge)
        )
        for name, judge in _JUDGES
        for estimator, needs, claim, targets in _CLAIMING
        for target in targets
    ),
    Baseline("wrong_origin", "naive_excess", ("origin_by_tier.naive_excess_low",), partial(_of_origin, judge=wrong)),
    Baseline("power_origin", "naive_excess", ("origin_by_tier.naive_excess_low",), partial(_of_origin, judge=powerful)),
    Baseline("adoption_tier", "latest_tier", _LATEST, _latest_tier_accuracy),
    Baseline("burst_f1", "kleinberg", ("trend_days.user_count", "trends.label"), _kleinberg_f1),
    Baseline("burst_false", "kleinberg", ("trend_days.user_count", "trends.label"), _kleinberg_false),
    Baseline("exogeneity", "peak_fraction", ("trend_shapes.naive_is_exogenous",), partial(exogeneity_f1, column=_BY_PEAK)),
    Baseline("coordination_recall", "even_rate", _EVEN, partial(coordinated_share, column="naive_is_coordinated", is_recall=True)),
    Baseline("coordination_false", "even_rate", _EVEN, partial(coordinated_share, column="naive_is_coordinated", is_recall=False)),
    Baseline("origin_set", "follower_rank", _FOLLOWING, _follower_origin),
    Baseline("insider", "follower_rank", _FOLLOWING, _follower_insider),
    Baseline("insider", "membership_strength", _DEEP, partial(insider_area, column=STRENGTH)),
    Baseline("insider_members", "membership_strength", _DEEP, partial(insider_area, column=STRENGTH, is_of_members=True)),
    Baseline("niche_ami", "louvain", ("trend_adoptions.account_key",), _louvain),
    Baseline("undisclosed_error", "uncorrected", ("disclosure_months.flagged_count",), partial(undisclosed_error, count="flagged_count")),
    Baseline(
        "astroturf", "commercial_share", ("commercial_trends.commercial_share_first100",), partial(recall_at_one_percent, column="commercial_share_first100")
    ),
    Baseline("astroturf_false", "tenth_commercial", ("commercial_trends.commercial_share_first100",), naively_flagged),
    Baseline("decentral_slope", "gini", ("creator_months.engagement_count",), _gini_slope),
)  # fmt: skip
"""All of them; each needs only published columns."""
