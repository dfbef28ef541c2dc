"""A small world made by hand and the tables that a perfect pipeline would publish of it. No test belongs here."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from pipelines.world.drawn import day_of
from pipelines.world.truth import SCHEMAS
from pipelines.world.worlds import LEAD, Observation, World

Rows = dict[str, list[dict[str, Any]]]
WORLD = World(
    "P1_micro_first", "planted", "Made by hand.", large=LEAD, media=LEAD, observation=Observation(outages=(("bluesky", 75),))
)
START = datetime(2026, 6, 1, tzinfo=UTC)
MONTHS = (date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1))
MICRO_COUNT, LARGE_COUNT, TREND_COUNT = 24, 8, 12
NICHES = ("moss", "clay")


def key(platform: str, native_id: str) -> str:
    """The key of an account, without a secret."""
    return hashlib.sha256(f"{platform}|{native_id}".encode()).hexdigest()[:32]


def _platform(account: int) -> str:
    return ("bluesky", "mastodon")[account % 2]


def _native(account: int) -> str:
    return f"native-{account:04d}"


def _tier(account: int) -> str:
    return "micro" if account < MICRO_COUNT else "macro"


def _adopted(trend: int, account: int) -> datetime:
    # Micro accounts within a day, the others three days later; each trend begins with another account.
    place = (account + trend) % MICRO_COUNT if account < MICRO_COUNT else 72 + (account + trend) % LARGE_COUNT
    return START + timedelta(days=20 + 3 * trend, hours=place)


ACCOUNTS = range(MICRO_COUNT + LARGE_COUNT)
CLASSES = {9: "shock", 10: "seasonal", 11: "niche_origin"}
TRENDS = range(TREND_COUNT)


def _class(trend: int) -> str:
    return CLASSES.get(trend, "niche_origin")


def _has_second(account: int) -> bool:
    return account % 8 == 5


def _is_early(trend: int) -> bool:
    return trend == TREND_COUNT - 1


def truth() -> Rows:
    """Rows of truth."""
    keys = {account: (_platform(account), _native(account)) for account in ACCOUNTS}
    first = {trend: min(ACCOUNTS, key=lambda account: _adopted(trend, account)) for trend in TRENDS}
    return {
        "accounts": [
            {
                "platform": keys[a][0], "native_id": keys[a][1], "handle": f"@gardener{a:03d}", "person": a // 2 if a < 4 else a, "niche": NICHES[a // 2 % 2],
                "actor_class": "creator", "tier_start": _tier(a), "tier_end": _tier(a), "engagement_rate": 0.01 * (a + 1),
                "reply_back_rate": 0.01 * (a + 1), "reply_back_median_hours": 1.0 + a,
                "linked_native_id": keys[a ^ 1][1] if a < 4 else None, "is_link_mutual": a < 2,
                "second_niche": NICHES[1 - a // 2 % 2] if _has_second(a) else None, "second_share": 0.3 if _has_second(a) else None,
            }
            for a in ACCOUNTS
        ],
        "niches": [{"niche": niche} for niche in NICHES],
        "niche_events": [
            {"niche": "sand", "event": "merge", "happened_on": date(2026, 8, 20), "other_niche": "moss"},
            {"niche": "sand", "event": "growth", "happened_on": date(2026, 6, 20)},
            {"niche": "sand", "event": "death", "happened_on": date(2026, 8, 20)},
        ],
        "trends": [
            {
                "tag": f"trend{t:02d}", "alias": f"trend{t:02d}s" if t < 4 else None, "true_class": _class(t), "niche": NICHES[first[t] // 2 % 2], "born_at": _adopted(t, first[t]) - timedelta(hours=1),
                "direction": "none" if t in CLASSES else LEAD, "media_direction": "none" if t in CLASSES else LEAD, "origin_platform": keys[first[t]][0],
                "origin_native_id": keys[first[t]][1], "origin_tier": _tier(first[t]), "origin_niche": NICHES[first[t] // 2 % 2], "origin_at": _adopted(t, first[t]),
                "first_media_at": _adopted(t, first[t]) + timedelta(days=5), "is_begun_before_coverage": _is_early(t),
            }
            for t in TRENDS
        ],
        "adoptions": [
            {
                "tag": f"trend{t:02d}", "platform": keys[a][0], "native_id": keys[a][1], "tier": _tier(a), "is_insider": a // 2 % 2 == first[t] // 2 % 2,
                "exposed_at": _adopted(t, a), "adopted_at": _adopted(t, a), "is_observed": True,
            }
            for t in TRENDS for a in ACCOUNTS
        ],
        "deletions": [
            {"platform": "bluesky", "native_id": "gone-account", "account_native_id": "gone-account", "deleted_on": date(2026, 7, 1), "is_stated": True},
        ],
        "posts_count": [
            {"platform": platform, "day": day_of(day), "post_count": 10, "observed_post_count": 0 if (platform, day) == ("bluesky", 75) else 10}
            for platform in ("bluesky", "mastodon") for day in range(70, 80)
        ],
        "concentration_months": [
            {"platform": "bluesky", "month": date(2026, 7, 1), "niche": "*", "resource": resource, "hhi": 0.1, "hill_2": 10.0}
            for resource in ("posts", "engagement")
        ],
    }  # fmt: skip


def _origins(planted: Rows) -> list[tuple[dict[str, Any], str | None]]:
    """Who showed each trend first, and why nobody is to say so."""
    return [
        (
            {"tag": row["tag"], "origin": key(row["origin_platform"], row["origin_native_id"]), "tier": row["origin_tier"]}
            | {"niche": row["origin_niche"], "platform": row["origin_platform"]},
            "left_censored" if row["is_begun_before_coverage"] else None,
        )
        for row in planted["trends"]
    ]


def published() -> Rows:
    """Rows that a perfect pipeline publishes."""
    planted = truth()
    creator = {key(a["platform"], a["native_id"]): key(a["platform"], a["native_id"]) for a in planted["accounts"]}
    pair = [key(a["platform"], a["native_id"]) for a in planted["accounts"][:2]]
    creator |= dict.fromkeys(pair, min(pair))
    trends = [
        {
            "trend_key": f"key{t:02d}",
            "label": row["tag"],
            "unit_type": "hashtag",
            "born_at": row["origin_at"],
            "window_ends_at": row["origin_at"] + timedelta(days=40),
            "adopter_count": len(ACCOUNTS),
            "is_left_censored": _is_early(t),
            "is_in_use_before": False,
            "first_seen_platform": None if _is_early(t) else row["origin_platform"],
            "first_media_at": row["first_media_at"],
            "abstain_reason": "left_censored" if _is_early(t) else "shock" if _class(t) == "shock" else None,
        }
        for t, row in enumerate(planted["trends"])
    ]
    adoptions = [
        {
            "trend_key": f"key{row['tag'][-2:]}",
            "account_key": key(row["platform"], row["native_id"]),
            "platform": row["platform"],
            "actor_class": "creator",
            "tier": "micro_1k_10k" if row["tier"] == "micro" else row["tier"],
            "niche_id": None,
            "adopted_at": row["adopted_at"],
        }
        for row in planted["adoptions"]
    ]
    niche_of = {key(a["platform"], a["native_id"]): f"id-{a['niche']}" for a in planted["accounts"]}
    for row in adoptions:
        row["niche_id"] = niche_of[row["account_key"]]
    media = [
        {
            "trend_key": row["trend_key"], "account_key": "0" * 32, "platform": "feeds", "actor_class": "media", "tier": None, "niche_id": None,
            "adopted_at": row["first_media_at"],
        }
        for row in trends
    ]  # fmt: skip
    origins = [
        {"trend_key": f"key{row['tag'][-2:]}", "account_key": row["origin"], "rank": 1, "credibility": None if reason else 1.0}
        for row, reason in _origins(planted)
    ]
    verdicts = [
        {"trend_key": f"key{row['tag'][-2:]}", "origin_confidence": None if reason else 1.0, "abstain_reason": reason}
        | (
            dict.fromkeys(("origin_tier", "origin_niche_id", "origin_platform"))
            if reason
            else {"origin_tier": row["tier"], "origin_niche_id": f"id-{row['niche']}", "origin_platform": row["platform"]}
        )
        for row, reason in _origins(planted)
    ]
    days: dict[tuple[Any, ...], int] = {}
    for row in (*adoptions, *media):
        group = row["tier"] or "media"
        place = (row["trend_key"], row["adopted_at"].date(), group)
        days[place] = days.get(place, 0) + 1
    return {
        "trends": trends,
        "trend_adoptions": [*adoptions, *media],
        "trend_aliases": [
            {
                "alias_type": "hashtag", "alias_label": row["alias"], "trend_key": f"key{t:02d}", "unit_type": "hashtag", "label": row["tag"],
                "alias_kind": "plural", "alias_account_count": 5,
            }
            for t, row in enumerate(planted["trends"]) if row["alias"]
        ],
        "trend_origins": origins,
        "trend_origin_verdicts": verdicts,
        "trend_days": [
            {"trend_key": trend, "day": day, "actor_group": group, "use_count": count, "user_count": count, "adopter_count": count}
            for (trend, day, group), count in days.items()
        ],
        "ripple_effects": [
            {
                "trend_key": f"key{t:02d}", "unit_type": "hashtag", "label": f"trend{t:02d}", "lead_class": "micro", "target_class": target,
                "precedence_probability": 0.5 if t in CLASSES else 0.9, "q_value": 0.6 if t in CLASSES else 0.001, "pooled_claim": LEAD,
                "evidence_level": 0 if t in CLASSES else 1, "abstain_reason": None,
            }
            for t in TRENDS for target in ("large_creators", "media")
        ],
        "mainstream_adoptions": [
            {
                "trend_key": f"key{t:02d}", "label": f"trend{t:02d}", "target_class": "media", "lag_days": 5.0, "lag_low_days": 4.9, "lag_high_days": 5.1,
                "evidence_level": None if t in CLASSES else 1, "abstain_reason": "shock" if t in CLASSES else None,
            }
            for t in TRENDS
        ],
        "adoption_survival": [{"origin_class": "all", "target_class": "media", "day": 0, "survival": 1.0}],
        "origin_by_tier": [
            {
                "unit_type": "hashtag", "period": "all", "tier": "micro", "odds_ratio": 4.0, "odds_ratio_low": 2.0, "odds_ratio_high": 8.0, "q_value": 0.001,
                "naive_excess_ratio": 1.2, "naive_excess_low": 1.1, "naive_excess_high": 1.3,
            }
        ],
        "creators": [
            {
                "creator_key": one, "account_count": sum(other == one for other in creator.values()),
                "link_evidence": "mutual_self_declared" if one == min(pair) else "none", "tier_at_last_post": "micro",
                "is_suspected_automated": False,
            }
            for one in sorted(set(creator.values()))
        ],
        "creator_months": [
            {
                "creator_key": key(a["platform"], a["native_id"]), "month": month, "followers_count": 500_000 if a["tier_start"] == "macro" else 100 + place,
                "post_count": 10, "engagement_count": 10 * (place + 1), "engagement_follower_count": 1_000,
            }
            for place, a in enumerate(planted["accounts"]) for month in MONTHS
        ],
        # The raw rate of an account is the true one of the next but one on its platform; a tenth of the intervals miss.
        "creator_engagement_months": [
            {
                "month": month, "platform": a["platform"], "account_key": key(a["platform"], a["native_id"]), "basis": "followers",
                "tier": a["tier_start"], "rated_post_count": 5, "engagement_rate": 0.01 * (2 * ((place // 2 + 2) % (len(ACCOUNTS) // 2)) + place % 2 + 1),
                "engagement_rate_shrunk": a["engagement_rate"], "engagement_rate_high": 2 * a["engagement_rate"],
                "engagement_rate_low": a["engagement_rate"] * (1.5 if (place + number) % 10 == 0 else 0.5),
                "rate_percentile": (place // 2) / (len(ACCOUNTS) // 2 - 1),
            }
            for place, a in enumerate(planted["accounts"]) for number, month in enumerate(MONTHS)
        ],
        "creator_relation_months": [
            {
                "month": month, "account_key": key(a["platform"], a["native_id"]), "eligible_inbound_count": 100, "answered_count": place + 1,
                "reply_back_rate": 0.01 * (place + 1), "reply_back_rate_low": 0.01 * place, "reply_back_rate_high": 0.01 * (place + 2),
                "followed_answer_count": 10, "answer_median_hours": 1.0 + place,
            }
            for place, a in enumerate(planted["accounts"]) for month in MONTHS
        ],
        "niche_members": [
            {"month": month, "platform": a["platform"], "account_key": account, "creator_key": creator[account], "niche_id": niche_of[account]}
            for a in planted["accounts"] for month in MONTHS for account in [key(a["platform"], a["native_id"])]
        ],
        "creator_niches": [
            {"month": month, "creator_key": creator[account], "niche_id": niche_id, "membership_strength": 0.6 if is_first else 0.3, "insider_score": 0.7 if is_first else 0.6}
            for place, a in enumerate(planted["accounts"]) for month in MONTHS for account in [key(a["platform"], a["native_id"])]
            for niche_id, is_first in [(niche_of[account], True), *([(f"id-{a['second_niche']}", False)] if _has_second(place) else [])]
        ],
        "niche_events": [{"niche_id": "id-moss", "month": date(2026, 9, 1), "event": "merge", "other_niche_id": "id-gone"}],
        "niches": [{"niche_id": f"id-{niche}", "name": niche, "top_tags": [niche, "weekend"]} for niche in NICHES],
        # Ten days of August are all that there is of it.
        "decentralisation_months": [
            {
                "platform": "bluesky", "month": date(2026, month, 1), "niche_id": "*", "resource": resource, "panel": "open",
                "hill_2": 10.0 if month == 7 else None, "hhi_unbiased": 0.1 if month == 7 else None, "covered_day_ratio": 1.0 if month == 7 else 0.3,
                "abstain_reason": None if month == 7 else "coverage",
            }
            for month in (7, 8) for resource in ("posts", "engagement")
        ],
        "decentralisation_trends": [{"platform": "bluesky", "niche_id": "*", "resource": "posts", "panel": "fixed", "direction": "none"}],
        "culture_trends": [{"measure": "distinctness_bits", "period": "all", "direction": "none", "culture_direction": "none"}],
        "coverage_days": [
            {"platform": row["platform"], "source": "posts", "covered_on": row["day"], "status": "ok" if row["observed_post_count"] else "outage"}
            for row in planted["posts_count"]
        ],
    }  # fmt: skip


def planted_tables(rows: Rows) -> dict[str, pa.Table]:
    """Truth as tables."""
    return {name: pa.Table.from_pylist(found, schema=SCHEMAS[name]) for name, found in rows.items()}


def published_tables(rows: Rows) -> dict[str, pa.Table]:
    """Published rows as tables."""
    return {name: pa.Table.from_pylist(found) for name, found in rows.items()}
