"""What is not known of one trend, in sentences, read from the published snapshot. What is known does not belong here."""

from __future__ import annotations

from datetime import date
from typing import Final

from pipelines.publish.reader import Ask, Row, quoted

NO_CREATORS: Final = "('brand', 'media')"
_BURN_IN_DAYS: Final = 7
_WIDE_HOURS: Final = 24  # from this spread on trends do not share a shift
_UNEQUAL: Final = 0.05  # from this p-value down two chances of use are taken to differ, as the pooled claims take them
_GATES: Final = {
    "left_censored": "It was in use when the collection began: where it came from was not seen.",
    "in_use_before": "Many had used it before its onset: this is not where it came from.",
    "shock": "Most took it up on one day, as after a common event: who was earlier says little about who followed whom.",
    "coordinated": "Its beginning looks coordinated: who was first says who pushed it, and nothing about who followed whom.",
}


def unknown_of(ask: Ask, trend: Row, days: tuple[date, date], origin: list[Row], tables: set[str]) -> list[str]:
    """Say what the published tables do not know of a trend.

    Args:
        ask: Answers one SELECT on the snapshot.
        trend: Its row of ``trends``.
        days: First and last day of its story.
        origin: Its first creators, with their ``platform``.
        tables: That are published.
    """
    key = trend["trend_key"]
    said = []
    if trend["is_left_censored"]:
        said.append(_GATES["left_censored"])
    elif trend["is_in_use_before"]:
        said.append(_GATES["in_use_before"])
    elif trend["abstain_reason"] in ("shock", "coordinated"):
        said.append(_GATES[trend["abstain_reason"]])
    said += _begun_late(ask, trend, days, origin)
    counts = ask(f"""
        select count(*) as all_count, count(*) filter (where tier is null) as unsized_count, count(*) filter (where is_tier_imputed) as imputed_count,
            count(*) filter (where niche_id is null) as unplaced_count, count(*) filter (where ts_quality <> 'exact') as inexact_count,
            count(*) filter (where previous_post_at is null) as unbounded_count
        from trend_adoptions where trend_key = '{key}' and actor_class not in {NO_CREATORS}
    """).to_pylist()[0]
    every = counts["all_count"]
    for column, sentence in {
        "unsized_count": "have no known size: their platform shows no followers, or nobody saw them",
        "imputed_count": "have a size that was seen only later or long before",
        "unplaced_count": "were in no stable niche in the month before",
        "inexact_count": "have a time that is only a date, or that of the collection",
        "unbounded_count": "were never seen posting before it, so that their adoption has no lower bound",
    }.items():
        if counts[column]:
            said.append(f"{counts[column]} of {every} adopters {sentence}.")
    gaps = ask(f"""
        select platform, count(*) filter (where status in ('outage', 'partial')) as bad_count, count(*) filter (where status = 'unknown') as unknown_count, count(*) as day_count
        from (
            select platform, covered_on, min(status) as status from coverage_days
            where covered_on between date '{days[0]}' and date '{days[1]}' group by all
        ) where platform in (select platform from trend_adoptions where trend_key = '{key}')
        group by 1 order by 1
    """).to_pylist()
    partial = [f"{row['platform']} on {row['bad_count']}" for row in gaps if row["bad_count"]]
    if partial:
        length = (days[1] - days[0]).days + 1
        said.append(f"Of these {length} days these were seen in part only: {', '.join(partial)}.")
    blind = [row["platform"] for row in gaps if row["unknown_count"] == row["day_count"]]
    if blind:
        said.append(f"How much of {', '.join(blind)} was collected is not known: an earlier adopter may be among what was not.")
    if "ripple_findings" in tables:
        findings = _pooled_by_tier(ask, trend["unit_type"])
        said += _habits(findings, trend["unit_type"]) + _spread(findings, trend["unit_type"])
    if "ripple_effects" not in tables:
        said.append("Which class was earlier is withheld: the method is not calibrated, or failed in a world without any effect.")
    said.append(
        "Nobody was asked: an account that was earlier is not the cause of one that was later, and who was never collected is in no list."
    )
    return said


def _pooled_by_tier(ask: Ask, unit_type: str) -> list[Row]:
    """What is found of micro creators against each larger class over all trends of a type."""
    found: list[Row] = ask(f"""
        select target_group, trend_count, event_count, shift_hours, shift_spread_hours, lead_use_chance, target_use_chance, use_chance_p_value from ripple_findings
        where unit_type = {quoted(unit_type)} and population = 'all' and period = 'all' and comparison_kind = 'tier'
        order by target_group
    """).to_pylist()
    return found


def _habits(findings: list[Row], unit_type: str) -> list[str]:
    """Classes of creators that surely use trends of this type more or less readily than micro creators: P is misled there."""
    return [
        f"Once they know a {unit_type}, micro creators use it in {row['lead_use_chance']:.0%} of their posts and {row['target_group'].replace('_', ' ')} in "
        f"{row['target_use_chance']:.0%}: such habits mislead P, and not the shift in hours."
        for row in findings
        if row["use_chance_p_value"] is not None and row["use_chance_p_value"] <= _UNEQUAL
    ]


def _trends_and_events(row: Row) -> str:
    trends, events = row["trend_count"], row["event_count"]
    return f"{trends} trends" if trends == events else f"{trends} trends of {events} events"


def _spread(findings: list[Row], unit_type: str) -> list[str]:
    """Classes of creators against whom trends of this type do not share one shift: what holds on average says little of this one."""
    return [
        f"Over {_trends_and_events(row)} of type {unit_type} micro creators were {abs(row['shift_hours']):.0f} h {'earlier' if row['shift_hours'] >= 0 else 'later'} "
        f"than {row['target_group'].replace('_', ' ')}, but with a spread of about {row['shift_spread_hours']:.0f} h between trends: the mean says little of this one."
        for row in findings
        if row["target_group"] != "media" and row["shift_spread_hours"] is not None and row["shift_spread_hours"] >= _WIDE_HOURS
    ]


def _begun_late(ask: Ask, trend: Row, days: tuple[date, date], origin: list[Row]) -> list[str]:
    """Platforms of the first adopters that were not collected for long when it was born: earlier adopters there were not seen."""
    platforms = ", ".join(sorted({quoted(row["platform"]) for row in origin}))
    if not platforms or trend["is_left_censored"]:
        return []
    begun = ask(f"""
        select platform, min(covered_on) as began_on from coverage_days where platform in ({platforms}) and coalesce(got_count, 0) > 0
        group by 1 having min(covered_on) > date '{days[0]}' - {_BURN_IN_DAYS} order by 1
    """).to_pylist()
    return [
        f"{row['platform']} is collected since {row['began_on']} only: who took it up there before was not seen." for row in begun
    ]
