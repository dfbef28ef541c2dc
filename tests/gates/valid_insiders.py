"""Valid rows of the insider tables, beside the memberships of the small installation. For the gates' tests."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

Rows = list[dict[str, Any]]
_KEYS: Final = ("method_version", "params_hash", "month", "platform", "account_key", "niche_id")
_FULL: Final = {
    "tenure_days": 31, "is_tenure_at_least": True, "required_tenure_days": 31, "interaction_count": 4, "in_niche_interaction_count": 3,
    "expected_in_niche_ratio": 0.4, "in_niche_lift": 0.5, "vocabulary_use_count": 8, "vocabulary_alignment_bits": 0.2, "core_number": 2,
    "core_number_ratio": 1.0, "tenure_rank": 0.75, "in_niche_rank": 0.75, "vocabulary_rank": 0.75, "core_rank": 0.75, "insider_part_count": 4,
    "insider_score": 0.75, "is_insider": True, "niche_action_count": 8, "generalist_specialist_raw_score": 0.9, "generalist_specialist_score": 0.8,
}  # fmt: skip
_EMPTY: Final = {
    "tenure_days": 0, "is_tenure_at_least": False, "required_tenure_days": 31, "vocabulary_use_count": 2, "insider_part_count": 0,
    "insider_null_reason": "too_few_parts", "niche_action_count": 2,
}  # fmt: skip
_PUBLISHED: Final = (
    "insider_score", "insider_null_reason", "insider_part_count", "is_insider", "tenure_days", "is_tenure_at_least", "interaction_count",
    "in_niche_interaction_count", "expected_in_niche_ratio", "in_niche_lift", "vocabulary_alignment_bits", "core_number_ratio", "tenure_rank",
    "in_niche_rank", "vocabulary_rank", "core_rank", "niche_action_count", "generalist_specialist_raw_score", "generalist_specialist_score",
)  # fmt: skip


def derived(memberships: Rows, visitor: tuple[str, str]) -> Rows:
    """``niche_insiders``: the first two members inside, the others not told, and a visitor.

    Args:
        memberships: Rows of ``niche_memberships``.
        visitor: Account and niche of a visitor that was looked at.
    """
    rows = [
        {name: row[name] for name in _KEYS} | {"is_member": True} | (_FULL if place < 2 else _EMPTY)
        for place, row in enumerate(memberships)
    ]
    account, niche = visitor
    return [*rows, rows[-1] | {"account_key": account, "niche_id": niche, "is_member": False}]


def published(rows: Rows, month: date) -> Rows:
    """The insider columns of ``creator_niches``, for each membership of a month in turn."""
    return [{name: row.get(name) for name in _PUBLISHED} for row in rows if row["is_member"] and row["month"] == month]


ACTOR: Final[dict[str, Any]] = {"actor_class_reasons": ["posts_own"], "is_suspected_automated": False}
"""Columns of ``creators`` that tell what an account is and why."""


def without_suspected(**members: int) -> dict[str, Any]:
    """Columns of ``niche_months`` that leave out suspected members, of whom there are none."""
    return {"suspected_member_count": 0} | {f"unsuspected_{name}": count for name, count in members.items()}
