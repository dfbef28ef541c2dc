"""Arrow schemas of the insider tables: what the analysis of embeddedness gives back to dbt. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# account x niche x month: a row for each of niche_memberships, and for each account that uses a distinctive term of a niche
# without being a member: a visitor
NICHE_INSIDERS: Final = pa.schema(
    [
        _required("month", pa.date32()),
        _required("platform", pa.string()),
        _required("account_key", pa.string()),
        _required("niche_id", pa.string()),
        _required("is_member", pa.bool_()),  # false: a visitor
        # days from the first day of the first month of membership to the first day of this month; 0: no member yet
        _required("tenure_days", pa.int64()),
        _required("is_tenure_at_least", pa.bool_()),  # the first month is the platform's first: it may have begun before
        _required("required_tenure_days", pa.int64()),  # asked of an insider: 90, or the niche's age where that is less
        # interactions with accounts looked at in the month, both directions; NULL: the platform shows none in the month
        pa.field("interaction_count", pa.int64()),
        pa.field("in_niche_interaction_count", pa.int64()),  # of these with members of the niche
        pa.field("expected_in_niche_ratio", pa.float64()),  # the niche's share of all others' interactions on the platform
        pa.field("in_niche_lift", pa.float64()),  # natural log of the odds ratio, shrunk to 0; NULL: no interactions
        _required("vocabulary_use_count", pa.int64()),  # uses of units that somebody else uses too
        pa.field("vocabulary_alignment_bits", pa.float64()),  # bits a use by which the niche foretells them better than everybody
        pa.field("core_number", pa.int64()),  # in the graph of mutual interactions among members on the platform
        pa.field("core_number_ratio", pa.float64()),  # over the largest of the niche on the platform; NULL: that is 0
        # percentile ranks among the niche's members of the month; NULL: the part is not there, or the same for all of them
        pa.field("tenure_rank", pa.float64()),
        pa.field("in_niche_rank", pa.float64()),
        pa.field("vocabulary_rank", pa.float64()),
        pa.field("core_rank", pa.float64()),
        _required("insider_part_count", pa.int64()),
        pa.field("insider_score", pa.float64()),  # mean of the ranks; NULL below two of them
        pa.field("insider_null_reason", pa.string()),
        pa.field("is_insider", pa.bool_()),  # a visitor is none; NULL where the score is
        _required("niche_action_count", pa.int64()),  # of the account in the month: uses of units that some niche prefers
        pa.field("generalist_specialist_raw_score", pa.float64()),  # 1: all actions alike; NULL below five
        pa.field("generalist_specialist_score", pa.float64()),  # 0: as a random draw of the same size, 1: all alike
        _required("method_version", pa.string()),
        _required("params_hash", pa.string()),
    ]
)

DERIVED: Final[dict[str, pa.Schema]] = {"niche_insiders": NICHE_INSIDERS}
