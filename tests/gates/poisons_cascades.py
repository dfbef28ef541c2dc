"""What spoils each rule about parents, cascades and flows that is written in SQL; as in ``poisons``. No other table belongs here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_B: Final = f"{2:032x}"
_STAMPED: Final[dict[str, Poison]] = {"required columns are filled": (0, {"params_hash": None})}
_EARLIER: Final[dict[str, Poison]] = {"a parent is somebody else and earlier": (0, {"lag_hours": 0.0})}
_SHARED: Final[dict[str, Poison]] = {
    "an adoption is shared out whole, and one parent is the strongest": (0, {"is_strongest": False})
}
_SHAPES: Final[dict[str, Poison]] = {
    "there is a tree exactly where no reason is given": (0, {"tree_count": None}),
    "parts are no larger than their wholes": (0, {"contact_adopter_count": 21}),
    "a mean distance lies between a star's and a chain's": (0, {"structural_virality": 1.0}),
    "shares are shares": (0, {"largest_broadcast_share": 1.5}),
}
_FLOWS: Final[dict[str, Poison]] = {
    "months are first days of months": (0, {"month": date(2026, 8, 2)}),
    "a claim has a q and the other way round": (0, {"q_value": 0.2}),
    "what is not told has a reason": (2, {"null_reason": None}),
    "intervals are in order": (0, {"credited_low_count": 20.0}),
    "only the process has an influence, and only it is withheld": (0, {"influence_count": 0.5}),
    "links lead to outlets, from groups of creators": (3, {"to_group": "large"}),
    "nothing is credited below zero": (0, {"null_credited_count": -1.0}),
}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "staged/int_trend_contacts": {
        "required columns are filled": (0, {"born_month": None}),
        "nobody is a contact of their own": (0, {"contact_account_key": _B}),
        "contacts are counted": (0, {"contact_count": 0}),
        "a trace leads to a use, and only a trace does": (0, {"traced_at": datetime(2026, 8, 10, tzinfo=UTC)}),
    },
    "staged/int_trend_adopter_contacts": {
        "required columns are filled": (0, {"born_month": None}),
        "contacts are counted from nought": (0, {"followed_account_count": -1}),
    },
    "derived/trend_parents": _STAMPED | _EARLIER | _SHARED | {"what is explicit is no mere contact": (0, {"is_explicit": True})},
    "derived/trend_cascades": _STAMPED | _SHAPES,
    "derived/ripple_flows": _STAMPED | _FLOWS,
    "marts/trend_parents": _STAMPED | _EARLIER | _SHARED | {"a share of credit is a share": (0, {"weight": 1.0000001})},
    "marts/trend_cascades": _STAMPED | _SHAPES,
    "marts/ripple_flows": _STAMPED
    | _FLOWS
    | {"a group of fewer than ten adopters is not published": (0, {"from_adopter_count": 9})},
}

# Where no value violates one rule alone, as in ``poisons``.
_SHARED_OUT: Final = set(_SHARED)
_CLAIMED: Final = {"a claim has a q and the other way round"}
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    ("derived/ripple_flows", "claim"): _CLAIMED,
    ("marts/ripple_flows", "claim"): _CLAIMED,
    ("derived/trend_parents", "trend_key account_key parent_account_key"): _SHARED_OUT,
    ("derived/trend_parents", "account_key"): _SHARED_OUT,
    ("marts/trend_parents", "trend_key account_key parent_account_key"): _SHARED_OUT,
    ("marts/trend_parents", "account_key"): _SHARED_OUT,
    ("marts/trend_parents", "a share of credit is a share"): _SHARED_OUT,
}
