"""Valid rows of platform against platform: three pairs, two tags. No other table belongs here."""

from __future__ import annotations

from typing import Any, Final

from tests.gates.names import STAMP, A, Rows, at, key

_COMMON: dict[str, Any] = {"platform_a": "bluesky", "platform_b": "mastodon", "common_begins_at": at(1), "common_ends_at": at(20)}
_APART: dict[str, Any] = {"platform_a": "bluesky", "platform_b": "youtube"}
_PAIR: dict[str, Any] = {name: _COMMON[name] for name in ("platform_a", "platform_b")}
_PLATFORM_TAGS: Rows = [
    _PAIR | {"tag": "eco", "adopter_count_a": 11, "adopter_count_b": 9, "tag_count": 3},
    _PAIR | {"tag": "rare", "adopter_count_a": 19, "adopter_count_b": 1, "tag_count": 3},
    _APART | {"tag": "eco", "adopter_count_a": 11, "adopter_count_b": 9, "tag_count": 1},
]
_EXCESS = {"precedence_probability": 0.8, "null_probability": 0.5, "null_low": 0.4, "null_high": 0.6, "p_value": 0.01}
_TAG_ABSTAINS = {"claim": "abstained", "abstain_reason": "too_few_adopters"}
_TAGS_COMPARED: Rows = [
    STAMP | {name: value for name, value in row.items() if name != "tag_count"} | told
    for row, told in zip(
        _PLATFORM_TAGS,
        (
            _COMMON
            | _EXCESS
            | {"q_value": 0.02, "claim": "platform_a_first"}
            | {"naive_lead_hours": 4.0, "naive_lead_null_p": 0.01, "naive_false_claim_ratio": 0.3},
            _COMMON | _TAG_ABSTAINS,
            _TAG_ABSTAINS | {"abstain_reason": "no_common_coverage"},
        ),
        strict=True,
    )
]
_NOTHING_COMPARED: dict[str, Any] = STAMP | {"claim": "abstained", "abstain_reason": "no_common_coverage"}
_NOTHING_COMPARED |= {"tag_count": 0, "abstained_count": 0, "capped_count": 0, "claimed_tag_count": 0}
_PAIRS_COMPARED: Rows = [
    STAMP
    | _COMMON
    | _EXCESS
    | {"tag_count": 1, "abstained_count": 1, "capped_count": 1, "claimed_tag_count": 1}
    | {"precedence_low": 0.7, "precedence_high": 0.9, "claim": "platform_a_first"}
    | {"naive_claimed_tag_count": 1, "naive_false_claim_ratio": 0.3},
    _NOTHING_COMPARED | _APART | {"abstained_count": 1},
    _NOTHING_COMPARED | {"platform_a": "mastodon", "platform_b": "youtube"},
]

EXCHANGED: Final[dict[str, Rows]] = {
    "int_platform_pairs": [
        {"is_daily": False, "posting_rate_ratio": 1.0} | pair
        for pair in (_COMMON, _APART, {"platform_a": "mastodon", "platform_b": "youtube"})
    ],
    "int_platform_tags": _PLATFORM_TAGS,
    "int_platform_uses": [
        _PAIR | {"tag": tag, "platform": platform, "account_key": key(number), "adopted_at": at(10), "is_compared": number < 9}
        for tag, platform, count in (
            ("eco", "bluesky", 11),
            ("eco", "mastodon", 9),
            ("rare", "bluesky", 19),
            ("rare", "mastodon", 1),
        )
        for number in range(count)
    ],
    "int_platform_strata": [
        _PAIR | {"platform": platform, "account_key": A, "published_at": at(day)}
        for platform, day in (("bluesky", 9), ("mastodon", 10))
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "platform_precedence": _TAGS_COMPARED,
    "platform_precedence_findings": _PAIRS_COMPARED,
}
MARTED: Final[dict[str, Rows]] = {
    "platform_precedence": _TAGS_COMPARED,
    "platform_precedence_findings": _PAIRS_COMPARED,
}
