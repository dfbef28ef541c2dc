"""What spoils each rule about persons and platforms that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_KEY: Final = f"{999:032x}"
_MID_MONTH: Final = date(2026, 8, 2)
_MONTHS: Final[dict[str, Poison]] = {"months are first days of months": (0, {"month": _MID_MONTH})}
_TOLD: Final = "what is not told has a reason, and the other way round"

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_person_days": _MONTHS
    | {
        "required columns are filled": (0, {"own_post_count": None}),
        "days lie in their month": (0, {"event_day": date(2026, 9, 1)}),
    },
    "staged/int_platform_days": {
        "required columns are filled": (0, {"is_covered": None}),
        "a ratio stands exactly where something was expected": (0, {"coverage_ratio": 1.0}),
        "a day on which nothing came is not covered": (1, {"is_covered": True}),
    },
    "derived/person_moves": _MONTHS
    | {
        "required columns are filled": (0, {"params_hash": None}),
        "nobody moves to where they are": (0, {"to_platform": "bluesky"}),
        "the day lies between its bounds and in its month": (0, {"moved_high_on": date(2026, 8, 4)}),
        "the share of the new platform rises": (0, {"to_share_after": 0.0}),
        "who moves is a linked person": (0, {"creator_key": _KEY}),
    },
    "marts/creator_accounts": {
        "required columns are filled": (0, {"actor_class": None}),
        "links that join are links": (2, {"mutual_link_count": 1}),
        "an account published, and in order": (0, {"first_post_at": datetime(2026, 8, 12, tzinfo=UTC)}),
        "who is joined was linked on a day, and only they": (0, {"linked_on": None}),
        "nothing keeps apart who is joined": (0, {"unjoined_reason": "handle_shared_by_many"}),
        "who is not joined is a person of their own": (3, {"creator_key": f"{3:032x}"}),
        "a person's accounts are as many as creators says": (0, {"creator_key": _KEY}),
        "who is joined is so by a link that creator_links keeps": (0, {"account_key": _KEY}),
    },
    "marts/creator_links": {
        "required columns are filled": (0, {"last_seen_at": None}),
        "a link was seen in order": (0, {"first_seen_at": datetime(2026, 8, 12, tzinfo=UTC)}),
        "a mutual link has an account and holds": (0, {"withdrawn_at": datetime(2026, 8, 12, tzinfo=UTC)}),
        "an account is on a platform": (1, {"linked_platform": "mastodon"}),
        "an account is not linked to itself": (0, {"linked_account_key": f"{1:032x}"}),
        "what is not mutual joins nobody, and says why": (1, {"unjoined_reason": None}),
        "who declares is in creator_accounts": (0, {"account_key": _KEY}),
        "what is mutual is so from both sides": (0, {"linked_account_key": f"{2:032x}"}),
    },
    "marts/platform_months": _MONTHS
    | {
        "required columns are filled": (0, {"niche_id": None}),
        _TOLD: (0, {"active_creator_count": None, "new_creator_count": None, "linked_person_count": None}),
        "suppression is said": (1, {"is_suppressed": True}),
        "shares lie between 0 and 1": (0, {"attention_share": 1.5}),
        "parts are not more than the whole": (0, {"departed_account_count": 9}),
        "intervals are ordered": (0, {"relative_growth_low_ratio": 1.3}),
        "what is not told is NULL": (1, {"panel_account_count": 10}),
        "shares of all platforms add up to 1": (1, {"post_share": 0.5, "null_reason": None, "active_creator_count": 10}),
    },
    "marts/platform_moves": _MONTHS
    | {
        "required columns are filled": (0, {"is_final": None}),
        "nobody moves to where they are": (0, {"to_platform": "bluesky"}),
        _TOLD: (0, {"null_reason": "coverage"}),
        "a reason is that of coverage": (0, {"null_reason": "rain"}),
        "the days are of the month": (0, {"median_moved_on": date(2026, 9, 1)}),
        "parts are not more than the whole": (0, {"censored_arrival_count": 2}),
        "intervals are ordered and lie between 0 and 1": (0, {"moved_low_share": 0.6}),
        "what one platform loses the other gains": (1, {"net_flow_count": -2}),
    },
    "marts/platform_norms": _MONTHS
    | {
        "required columns are filled": (0, {"platform": None}),
        _TOLD: (0, {"null_reason": "coverage"}),
        "shares lie between 0 and 1": (0, {"video_share": 0.7}),
        "quartiles are ordered": (0, {"text_char_median_count": 99.0}),
    },
}
_GAINS: Final = "what one platform loses the other gains"
_ALONE: Final = "who is not joined is a person of their own"
_AS_MANY: Final = "a person's accounts are as many as creators says"
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/person_moves", "creator_key"): {"who moves is a linked person"},
    ("derived/person_moves", "to_share_after"): {"the share of the new platform rises"},
    ("marts/creator_accounts", "account_key"): {_AS_MANY, _ALONE},
    ("marts/creator_accounts", "creator_key"): {_AS_MANY, _ALONE},
    ("marts/creator_accounts", _ALONE): {_AS_MANY},
    ("marts/creator_accounts", "link_evidence"): {
        "who is joined is so by a link that creator_links keeps",
        "who is joined was linked on a day, and only they",
    },
    ("marts/creator_links", "account_key"): {"who declares is in creator_accounts"},
    ("marts/platform_months", "platform niche_id month"): {"shares of all platforms add up to 1"},
    ("marts/platform_months", "null_reason"): {"suppression is said"},
    ("marts/platform_moves", "months are first days of months"): {_GAINS, "the days are of the month"},
    ("marts/platform_moves", "nobody moves to where they are"): {_GAINS},
    ("marts/platform_moves", "a reason is that of coverage"): {_TOLD},
    ("marts/platform_moves", "at_risk_person_count"): {"parts are not more than the whole"},
}
"""Rules that a poison of another one breaks too, by table and the rule that it is for."""
