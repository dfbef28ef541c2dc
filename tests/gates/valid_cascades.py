"""Valid rows of parents, cascades and flows, as they stand beside those of ``valid``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

Rows = list[dict[str, Any]]
_AUGUST: Final = date(2026, 8, 1)
_STAMP: Final = {"method_version": "v1", "params_hash": "h"}


def _at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=UTC)


def _key(number: int) -> str:
    return f"{number:032x}"


_A, _B, _C = (_key(number) for number in (1, 2, 3))
_ECO, _OLD = _key(101), _key(102)
_TIE: Final = {"trend_key": _ECO, "account_key": _B, "contact_account_key": _A, "born_month": _AUGUST, "contact_count": 1}
_PARENT: Final = _STAMP | {"trend_key": _ECO, "account_key": _B, "evidence": "follow", "is_explicit": False, "lag_hours": 24.0}
_PARENTS: Final[Rows] = [
    _PARENT | {"parent_account_key": _A, "weight": 0.75, "is_strongest": True},
    _PARENT | {"parent_account_key": _C, "weight": 0.25, "is_strongest": False, "evidence": "like", "is_explicit": True},
]
_CASCADE: Final = _STAMP | {"born_month": _AUGUST, "adopter_count": 20, "contact_adopter_count": 15, "coverage_ratio": 0.75}
_SHAPE: Final = (
    {
        "parented_adopter_count": 12,
        "explicit_adopter_count": 2,
        "tree_count": 1,
        "lone_adopter_count": 7,
        "largest_size_count": 13,
    }
    | {"largest_depth": 2, "largest_breadth_count": 6, "structural_virality": 2.4, "largest_broadcast_share": 0.5}
    | {"micro_adopter_count": 10, "reproduction_micro": 0.4, "reproduction_micro_low": 0.2, "reproduction_micro_high": 0.7}
)
_CASCADES: Final[Rows] = [
    _CASCADE | _SHAPE | {"trend_key": _ECO},
    _CASCADE | {"trend_key": _OLD, "null_reason": "left_censored", "contact_adopter_count": 0, "coverage_ratio": 0.0},
]
_FLOW: Final = (
    _STAMP
    | {"month": _AUGUST, "group_kind": "tier", "from_group": "micro", "to_group": "mid", "trend_count": 8}
    | {"from_adopter_count": 90, "to_adopter_count": 30, "from_post_count": 200}
)
_CREDITED: Final = (
    {"credited_count": 12.0, "credited_low_count": 8.0, "credited_high_count": 15.0, "credited_per_adopter": 0.133}
    | {"credited_per_post": 0.06, "credited_per_post_low": 0.04, "credited_per_post_high": 0.08, "null_credited_count": 9.0}
    | {"excess_ratio": 1.33, "p_value": 0.005, "q_value": 0.01}
)
_FLOWS: Final[Rows] = [
    _FLOW | _CREDITED | {"method": "edges", "tie_count": 60, "claim": "beyond_null"},
    _FLOW
    | _CREDITED
    | {"method": "hawkes", "tie_count": 0, "to_group": "large", "claim": "withheld"}
    | {"influence_count": 0.06, "influence_low_count": 0.04, "influence_high_count": 0.08},
    _FLOW | {"method": "edges", "tie_count": 0, "to_group": "media", "null_reason": "no_ties", "claim": "abstained"},
    _FLOW | _CREDITED | {"method": "credits", "to_group": "media", "tie_count": 14, "claim": "beyond_null"},
]

EXCHANGED: Final[dict[str, Rows]] = {
    "int_trend_contacts": [_TIE | {"evidence": "follow"}, _TIE | {"evidence": "like", "traced_at": _at(10)}],
    "int_trend_adopter_contacts": [
        {
            "trend_key": _ECO,
            "account_key": account,
            "born_month": _AUGUST,
            "followed_account_count": 3,
            "interacted_account_count": 0,
        }
        for account in (_A, _B)
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "trend_parents": [row | {"born_month": _AUGUST} for row in _PARENTS],
    "trend_cascades": _CASCADES,
    "ripple_flows": _FLOWS,
}
MARTED: Final[dict[str, Rows]] = {
    "trend_parents": [
        row
        | {"platform": "bluesky", "parent_platform": "bluesky", "tier": "mid", "parent_tier": "micro_sub1k"}
        | {"adopted_at": _at(11), "parent_adopted_at": _at(10)}
        for row in _PARENTS
    ],
    "trend_cascades": [
        _CASCADES[0] | {"label": "eco", "parented_share": 0.6, "largest_tree_share": 0.65},
        _CASCADES[1] | {"label": "old"},
    ],
    "ripple_flows": _FLOWS,
}
