"""Flows along explicit links: what counts as a link, and that groups which are many, early or busy are not taken for a preference of outlets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.analysis.cascade_contracts import GROUPS
from pipelines.analysis.cascade_flows import Grouping
from pipelines.analysis.cascades import Adopters
from pipelines.analysis.contracts import EXCHANGE
from pipelines.analysis.credit_flows import CreditParameters, Credits, credits_of, measure_credits, tail_probability
from pipelines.world.calibration_rows import upper_bound

_MONTH = date(2026, 8, 1)
_START = datetime(2026, 8, 1, tzinfo=UTC)
_HOUR = 3_600_000
Row = dict[str, Any]


def _at(hours: float) -> datetime:
    return _START + timedelta(hours=hours)


def _adopters(rows: list[tuple[str, str, float, int, str, list[float]]], *, outlets: tuple[str, ...] = ()) -> Adopters:
    """Rows of trend, account, hour of adoption, group, platform and hours of all uses."""
    rows = sorted(rows)
    trend_keys, account_keys = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    uses = [sorted(int(hour * _HOUR) for hour in row[5]) for row in rows]
    return Adopters(
        trend_keys, account_keys, int(_START.timestamp() * 1000), np.array([trend_keys.index(row[0]) for row in rows]),
        np.array([account_keys.index(row[1]) for row in rows]), np.array([int(row[2] * _HOUR) for row in rows]),
        np.array([row[3] for row in rows]), np.array([row[4] for row in rows], dtype=object), np.array([row[1] in outlets for row in rows]),
        np.zeros(len(rows), dtype=bool), np.ones(len(rows)), np.concatenate([[0], np.cumsum([len(each) for each in uses])]),
        np.array([use for each in uses for use in each], dtype=np.int64),
    )  # fmt: skip


def _story(number: int, at: float | None, credited: str | None = None, **values: Any) -> Row:
    moment = None if at is None else _at(at)
    row = {
        "trend_key": "t", "item_key": f"i{number}", "outlet_id": f"o{number}", "outlet_class": "media", "published_low_at": moment,
        "published_high_at": moment, "seen_at": _at(at or 0.0), "ts_quality": "exact", "matched_by": "title", "is_account_post": False,
        "syndication_key": f"s{number}", "credited_post_count": int(credited is not None), "late_credit_count": 0, "born_month": _MONTH,
    }  # fmt: skip
    if credited is not None:
        row |= {"matched_by": "link", "credited_post_key": "p", "credited_account_key": credited, "credited_at": _at(0)}
    return row | values


def _read(stories: list[Row], named: list[Row] | None = None, target: str = "media") -> tuple[Credits, list[str]]:
    adopters = _adopters(
        [("t", name, hour, 0, "x", [hour]) for name, hour in (("a", 1.0), ("b", 2.0), ("c", 90.0), ("z", 3.0))], outlets=("z",)
    )
    matches = pa.Table.from_pylist(stories, schema=EXCHANGE["int_mainstream_matches"])
    links = credits_of(adopters, matches, pa.Table.from_pylist(named or [], schema=EXCHANGE["int_mainstream_credits"]))[target]
    return links, [adopters.account_keys[adopters.account[one]] for one in links.adopter.tolist()]


def test_a_story_links_to_earlier_adopters_by_post_and_by_handle_and_its_credit_is_shared() -> None:
    named = [{"trend_key": "t", "item_key": "i1", "account_key": "b", "credited_at": _at(2)}]
    links, accounts = _read([_story(1, 48.0, "a"), _story(2, 60.0)], named)
    assert accounts == ["a", "b"]
    assert links.share.tolist() == [0.5, 0.5]
    assert links.outlet_count == 2


def test_a_story_that_several_outlets_print_counts_once_and_classes_are_kept_apart() -> None:
    reprint = _story(2, 60.0, "a", syndication_key="s1")
    links, accounts = _read([_story(1, 48.0, "a"), reprint, _story(3, 50.0, "b", outlet_class="brand")])
    assert (accounts, links.moment.tolist(), links.outlet_count) == (["a"], [48 * _HOUR], 2)
    assert _read([_story(3, 50.0, "b", outlet_class="brand")], target="brand")[1] == ["b"]


@pytest.mark.parametrize(
    "story",
    [
        _story(1, None, "a"),
        _story(1, 48.0, "a", is_account_post=True),
        _story(1, 48.0, matched_by="link", late_credit_count=1),
        _story(1, 48.0, "a", trend_key="left_censored"),
    ],
)
def test_what_has_no_time_or_is_no_story_of_the_trend_is_left_out(story: Row) -> None:
    links, accounts = _read([story])
    assert (accounts, links.trends.size) == ([], 0)


def test_who_adopts_later_or_is_an_outlet_or_no_adopter_gets_no_credit() -> None:
    assert [_read([_story(1, 48.0, account)])[1] for account in ("c", "z", "stranger")] == [[], [], []]


def test_the_tail_of_unequal_trials_is_exact() -> None:
    assert tail_probability(np.array([0.5, 0.5]), 1) == pytest.approx(0.75)
    assert tail_probability(np.array([0.2, 0.9]), 2) == pytest.approx(0.18)
    assert tail_probability(np.array([0.3]), 0) == pytest.approx(1.0)


def _month(
    seed: int,
    *,
    preferred: int | None = None,
    weight: float = 1.0,
    favourites: bool = False,
    stories: int = 6,
    trend_count: int = 12,
) -> tuple[Adopters, dict[str, Credits], list[Grouping]]:
    """A month in which outlets link to a use of the trend at random; large accounts use it three times as often, and niches take it up in turn.

    Args:
        seed: Of all draws.
        preferred: Group whose uses are linked to ``weight`` times as often as others.
        weight: See there.
        favourites: A third of the outlets links to one account of its own wherever that took part.
        stories: Stories with a link, each trend.
        trend_count: Trends.
    """
    rng = np.random.default_rng([seed, 3])
    count = 160
    tier = rng.choice([0, 1, 2], count, p=[0.75, 0.17, 0.08])
    niche, platform = rng.integers(0, 4, count), rng.integers(0, 2, count)
    rows = []
    for trend in range(trend_count):
        for account in rng.choice(count, 90, replace=False).tolist():
            hour = float(rng.gamma(2.0, 36.0) + 30 * ((niche[account] + trend) % 4))
            later = hour + rng.exponential(60.0, rng.poisson((0.7, 1.0, 2.1)[tier[account]]))
            rows.append(
                (f"t{trend:02d}", f"a{account:03d}", hour, int(tier[account]), f"p{platform[account]}", [hour, *later.tolist()])
            )
    adopters = _adopters(rows)
    owner = np.repeat(np.arange(adopters.count), np.diff(adopters.use_first))
    loved = [f"a{account:03d}" for account in rng.choice(count, 4, replace=False).tolist()]
    links = []
    for trend in range(trend_count):
        for story in range(stories):
            moment = int(rng.uniform(60.0, 500.0) * _HOUR)
            older = np.flatnonzero((adopters.trend[owner] == trend) & (adopters.use_at < moment))
            chance = np.where(adopters.group[owner[older]] == preferred, weight, 1.0)
            chosen = int(owner[rng.choice(older, p=chance / chance.sum())])
            own = [one for one in set(owner[older].tolist()) if adopters.account_keys[adopters.account[one]] == loved[story % 4]]
            links.append((moment, own[0] if favourites and story % 3 == 0 and own else chosen))
    moments, chosen_ones = zip(*sorted(links), strict=True)
    credited = Credits(np.arange(trend_count), 5 * trend_count, np.array(chosen_ones), np.array(moments), np.ones(len(links)))
    accounts = [int(key[1:]) for key in adopters.account_keys]
    groupings = [
        Grouping("tier", GROUPS, adopters.group),
        Grouping("niche", [f"n{number}" for number in range(4)], niche[accounts][adopters.account]),
        Grouping("platform", ["p0", "p1"], platform[accounts][adopters.account]),
    ]
    return adopters, {"media": credited}, groupings


def _rows(month: tuple[Adopters, dict[str, Credits], list[Grouping]], parameters: CreditParameters | None = None) -> list[Row]:
    adopters, links, groupings = month
    return measure_credits(_MONTH, adopters, links, groupings, parameters or CreditParameters())


def _claimed(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row["group_kind"], row["from_group"]) for row in rows if row["claim"] == "beyond_null"}


def test_credit_adds_up_and_every_row_has_a_test_or_a_reason() -> None:
    rows = _rows(_month(1))
    for kind in ("tier", "niche", "platform"):
        own = [row for row in rows if row["group_kind"] == kind]
        assert sum(row["credited_count"] for row in own) == pytest.approx(72.0)
        assert sum(row["null_credited_count"] or 0.0 for row in own) == pytest.approx(72.0, abs=1e-6)
    for row in rows:
        assert row["credited_low_count"] <= row["credited_high_count"]
        assert ("q_value" in row) != ("null_reason" in row)
        assert row["credited_per_post"] == pytest.approx(row["credited_count"] / row["from_post_count"], abs=1e-8)


def test_few_credits_or_few_trends_abstain_with_a_reason() -> None:
    few = _rows(_month(1, stories=1, trend_count=6))
    assert {row.get("null_reason") for row in few} == {"too_few_credits"}
    assert all(row["claim"] == "abstained" for row in few)
    assert {row.get("null_reason") for row in _rows(_month(1, trend_count=4))} == {"too_few_trends"}
    adopters, links, groupings = _month(1)
    none = Credits(links["media"].trends, 9, *(np.empty(0, dtype=np.int64),) * 2, np.empty(0))
    rows = measure_credits(_MONTH, adopters, {"media": none}, groupings, CreditParameters())
    assert {row.get("null_reason") for row in rows if row["group_kind"] != "niche"} == {"no_credits"}
    assert all("credited_count" not in row for row in rows)


@pytest.mark.slow
def test_links_at_random_are_no_preference_and_a_preference_is_found() -> None:
    worlds: dict[str, dict[str, Any]] = {
        "random": {}, "favourites": {"favourites": True}, "few stories": {"stories": 3}, "micro three times": {"preferred": 0, "weight": 3.0},
        "large three times": {"preferred": 2, "weight": 3.0},
    }  # fmt: skip
    count, found = 60, {}
    for name, world in worlds.items():
        claims = [_claimed(_rows(_month(seed, **world))) for seed in range(count)]
        found[name] = {
            kind: sum(any(each[0] == kind for each in claim) for claim in claims) for kind in ("tier", "niche", "platform")
        }
        wanted = ("tier", "large" if name.startswith("large") else "micro")
        found[name]["wanted"] = sum(wanted in claim for claim in claims)
        bounds = {kind: round(upper_bound(found[name][kind], count), 3) for kind in ("tier", "niche", "platform")}
        print(f"{name}: of {count} months with a claim {found[name]}, upper bounds {bounds}")
    for name in ("random", "favourites", "few stories"):
        assert all(found[name][kind] <= 7 for kind in ("tier", "niche", "platform"))
    for name, least in (("micro three times", 0.65), ("large three times", 0.45)):
        assert found[name]["wanted"] >= least * count
        assert found[name]["niche"] <= 7
