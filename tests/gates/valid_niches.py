"""Valid rows of niches: two niches, their four members, words, events, culture. No other table belongs here but the insiders among them."""

from __future__ import annotations

from typing import Final

from tests.gates import valid_insiders
from tests.gates.names import AUGUST, JULY, NICHE, OTHER_NICHE, STAMP, A, B, C, D, Rows

_MEMBER = STAMP | {
    "month": AUGUST,
    "platform": "bluesky",
    "niche_id": NICHE,
    "membership_strength": 0.8,
    "bootstrap_jaccard": 0.9,
}
_MEMBERS: Rows = [
    _MEMBER | {"account_key": A},
    _MEMBER | {"account_key": B},
    _MEMBER | {"account_key": C, "niche_id": None, "membership_strength": None, "unassigned_reason": "unstable"},
    _MEMBER | {"account_key": D, "niche_id": OTHER_NICHE, "membership_strength": 0.9},
    # A month before, in which nobody had a niche: those of August were born in it.
    _MEMBER
    | {"month": JULY, "account_key": C, "niche_id": None, "membership_strength": None, "bootstrap_jaccard": None}
    | {"unassigned_reason": "no_shared_tags"},
]
_BELONGING = STAMP | {"month": AUGUST, "platform": "bluesky"}
_BELONGINGS: Rows = [
    _BELONGING | {"account_key": A, "niche_id": NICHE, "membership_strength": 0.8, "is_primary": True},
    _BELONGING | {"account_key": B, "niche_id": NICHE, "membership_strength": 0.8, "is_primary": True},
    _BELONGING | {"account_key": B, "niche_id": OTHER_NICHE, "membership_strength": 0.15, "is_primary": False},
    _BELONGING | {"account_key": D, "niche_id": OTHER_NICHE, "membership_strength": 0.9, "is_primary": True},
]
_INSIDERS: Rows = valid_insiders.derived(_BELONGINGS, (C, NICHE))
_PROFILE = STAMP | {"month": AUGUST, "bootstrap_jaccard": 0.9, "match_threshold": 0.15}
_PROFILES: Rows = [
    _PROFILE
    | {
        "niche_id": NICHE,
        "name": "eco",
        "scene": "eco fashion",
        "top_tags": ["eco"],
        "member_count": 2,
        "predecessor_jaccard": 0.5,
    }
    | {"distinctness_bits": 0.4, "distinctness_null_bits": 0.2},
    _PROFILE | {"niche_id": OTHER_NICHE, "name": "old", "top_tags": ["old"], "member_count": 1},
]
_TERM = STAMP | {"month": AUGUST, "niche_user_count": 2, "other_user_count": 1, "c_tf_idf": 0.5}
_TERM |= {"log_odds": 1.5, "z_score": 3.0, "q_value": 0.01}
_TERMS: Rows = [
    _TERM | {"niche_id": NICHE, "term": "eco", "term_kind": "tag", "term_rank": 1},
    _TERM | {"niche_id": NICHE, "term": "eco", "term_kind": "text", "term_rank": 2},
    _TERM | {"niche_id": OTHER_NICHE, "term": "old", "term_kind": "tag", "term_rank": 1, "other_user_count": 0},
]
_EVENTS: Rows = [
    STAMP
    | {"niche_id": NICHE, "month": AUGUST, "event": "birth", "jaccard": 0.0, "containment": 0.0, "threshold": 0.15}
    | {"member_count": 2, "panel_member_count": 1, "previous_panel_member_count": None},
    STAMP
    | {"niche_id": OTHER_NICHE, "month": AUGUST, "event": "split", "other_niche_id": NICHE, "jaccard": 0.3, "containment": 0.6}
    | {
        "member_count": 1,
        "previous_member_count": 3,
        "panel_member_count": 1,
        "previous_panel_member_count": 3,
        "threshold": 0.5,
    },
]
_NEAR = STAMP | {"month": AUGUST, "neighbour_rank": 1, "vocabulary_similarity": 0.4, "overlap_ratio": 1.0}
_NEIGHBOURS: Rows = [
    _NEAR | {"niche_id": NICHE, "other_niche_id": OTHER_NICHE},
    _NEAR | {"niche_id": OTHER_NICHE, "other_niche_id": NICHE},
]
_CULTURE = STAMP | {"month": AUGUST, "account_count": 4, "member_count": 3, "niche_count": 2, "rarefied_member_count": 2}
_CULTURE |= {"effective_niche_count": 1.6, "effective_niche_low_count": 1.2, "effective_niche_high_count": 2.0}
_CULTURE |= {"distinctness_bits": 0.4, "distinctness_pair_count": 1, "overlap_ratio": 1.0}
_QUIET = STAMP | {"month": JULY, "account_count": 1, "member_count": 0, "niche_count": 0, "distinctness_pair_count": 0}
_CULTURE |= {"assortativity": 0.3, "assortativity_z_score": 2.0, "external_internal_index": -0.5}

EXCHANGED: Final[dict[str, Rows]] = {
    "int_account_tag_months": [
        {"month": AUGUST, "platform": "bluesky", "account_key": account, "tag": tag, "post_count": 2}
        for account, tag in ((A, "eco"), (B, "eco"), (A, "old"), (C, "sound:other"), (D, "domain:old.example"))
    ]
    + [{"month": JULY, "platform": "bluesky", "account_key": C, "tag": "eco", "post_count": 2}],
    "int_interaction_months": [
        {"month": AUGUST, "platform": "bluesky", "source_account_key": A, "target_account_key": B, "interaction_count": 1}
    ],
}
DERIVATIONS: Final[dict[str, Rows]] = {
    "niche_assignments": _MEMBERS,
    "niche_memberships": _BELONGINGS,
    "niche_profiles": _PROFILES,
    "niche_terms": _TERMS,
    "niche_events": _EVENTS,
    "niche_neighbours": _NEIGHBOURS,
    "niche_insiders": _INSIDERS,
    "culture_windows": [_CULTURE, _QUIET],
}
MARTED: Final[dict[str, Rows]] = {
    "niche_members": [row | {"creator_key": row["account_key"]} for row in _MEMBERS],
    "creator_niches": [
        STAMP
        | {"creator_key": row["account_key"], "account_count": 1, "platforms": ["bluesky"]}
        | {name: row[name] for name in ("niche_id", "month", "membership_strength", "is_primary")}
        | insider
        for row, insider in zip(_BELONGINGS, valid_insiders.published(_INSIDERS, AUGUST), strict=True)
    ],
    "niches": [
        STAMP
        | {name: row.get(name) for name in ("niche_id", "name", "scene", "top_tags", "member_count", "bootstrap_jaccard")}
        | {"first_month": AUGUST, "last_month": AUGUST, "month_count": 1, "began_by": event["event"], "is_alive": True}
        for row, event in zip(_PROFILES, _EVENTS, strict=True)
    ],
    "niche_months": [
        _PROFILES[0]
        | {"active_member_count": 2, "known_tier_member_count": 2, "micro_member_count": 1, "micro_member_share": 0.5}
        | {"post_count": 4, "activity_hhi": 1 / 3, "effective_voice_count": 3.0}
        | {"insider_known_member_count": 2, "insider_member_count": 2, "insider_member_share": 1.0}
        | valid_insiders.without_suspected(active_member_count=2, known_tier_member_count=2, micro_member_count=1, post_count=4)
        | {"unsuspected_micro_member_share": 0.5, "unsuspected_effective_voice_count": 3.0},
        _PROFILES[1]
        | {"active_member_count": 1, "known_tier_member_count": 0, "micro_member_count": 0, "post_count": 1}
        | {"insider_known_member_count": 0, "insider_member_count": 0}
        | valid_insiders.without_suspected(active_member_count=1, known_tier_member_count=0, micro_member_count=0, post_count=1),
    ],
    "niche_vocabulary": _TERMS,
    "niche_events": [
        _EVENTS[0] | {"name": "eco"},
        _EVENTS[1] | {"name": "old", "other_name": "eco"},
    ],
    "niche_neighbours": [
        _NEIGHBOURS[0] | {"name": "eco", "other_name": "old"},
        _NEIGHBOURS[1] | {"name": "old", "other_name": "eco"},
    ],
    "culture_months": [_CULTURE | {"member_share": 0.75}, _QUIET | {"member_share": 0.0}],
}
