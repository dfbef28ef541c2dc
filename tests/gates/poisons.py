"""What spoils each rule that is written in SQL: new values of one valid row, by gate, table and the rule's description."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from tests.gates import (
    poisons_attention,
    poisons_bursts,
    poisons_cascades,
    poisons_decentralisation,
    poisons_engagement,
    poisons_ethics,
    poisons_hazards,
    poisons_insiders,
    poisons_mainstream,
    poisons_origins,
    poisons_platforms,
    poisons_relational,
    poisons_units,
)
from tests.gates.names import NICHE, OTHER_NICHE, B, at, key

# By table: (position of the row, its new values).
Poison = tuple[int, dict[str, Any]]
_NOBODY: Final = key(999)
_LONG_AGO: Final = at(1).replace(year=1989)
_MID_MONTH: Final = date(2026, 8, 2)
_JULY: Final = date(2026, 7, 1)

LANDED_EVERYWHERE: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"collection_method": None}),
    "rows are of this platform and night": (0, {"platform": "elsewhere"}),
    "rows were observed by the end of the day after the night": (0, {"observed_at": at(9, month=11)}),
}
_EVENT: Final = "an event has its trends, and the smallest key among them"
_PRECEDENCE: Final[dict[str, Poison]] = {
    "counts are not negative": (0, {"lead_adopter_count": -1}),
    "probabilities and shares lie between 0 and 1": (0, {"decidable_ratio": 1.5}),
    "intervals are ordered": (0, {"shift_low_hours": 6.0}),
    "an estimate lies inside its resampled interval": (0, {"precedence_high": 0.75}),
    "a reason to abstain stands exactly where the estimate is NULL": (1, {"abstain_reason": None}),
    "a probability comes with its interval and its p": (0, {"precedence_low": None}),
    "a shift comes with its interval": (0, {"shift_high_hours": None}),
    "an adjusted p is not below the p": (0, {"q_value": 0.001}),
    "a naive lead stands beside its null only": (0, {"naive_lead_null_hours": None}),
    "nothing naive is said of a trend that was in use before, of a shock or of a coordinated beginning": (
        3,
        {"naive_lead_hours": 1.0, "naive_lead_null_hours": 1.0, "naive_lead_null_p": 0.5},
    ),
}
_ODDS: Final[dict[str, Poison]] = {
    "trends are of as many events at most, and of one at least": (0, {"event_count": 10}),
    "counts are not negative": (0, {"origin_set_count": -1}),
    "odds ratios are above 0": (0, {"odds_ratio_low": -0.5}),
    "intervals are ordered: low, value, high": (0, {"odds_ratio_high": 1.9}),
    "probabilities and shares lie between 0 and 1": (0, {"q_value": 1.5}),
    "an adjusted p is not below the p": (0, {"q_value": 0.001}),
    "a reason to abstain stands exactly where the estimate is NULL": (1, {"abstain_reason": None}),
    "odds come with their interval and their p": (0, {"odds_ratio_low": None}),
    "a naive count stands beside what chance gives only": (0, {"naive_expected_count": None}),
    "the naive excess lies inside its interval": (0, {"naive_excess_high": 0.5}),
    "required columns are filled": (0, {"params_hash": None}),
}
_MEMBERSHIP: Final[dict[str, Poison]] = {
    "months are first days of months": (0, {"month": _MID_MONTH}),
    "an account has a niche, or a reason why not": (2, {"unassigned_reason": None}),
    "a niche comes with its strength": (0, {"membership_strength": None}),
    "required columns are filled": (0, {"params_hash": None}),
}
_ADOPTIONS: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"ts_quality": None}),
    "a tier says whether it is imputed": (0, {"is_tier_imputed": None}),
    "the post before an adoption lies before it": (0, {"previous_post_at": at(10)}),
    "adoptions lie inside the window of their trend": (0, {"adopted_at": at(9, 9)}),
}
_WINDOW: Final[dict[str, Poison]] = {
    "the busiest day has a share above 0, at most 1": (0, {"largest_day_share": 1.5}),
    "a window ends after its trend is born, within a year": (0, {"window_ends_at": at(9).replace(year=2028)}),
}
_PLATFORMS: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"is_daily": None}),
    "platforms are named in their order": (0, {"platform_a": "peertube"}),
    "a common time begins before it ends, or is not known at all": (0, {"common_ends_at": None}),
}
_COMPARED_PLATFORMS: Final[dict[str, Poison]] = _PLATFORMS | {
    "required columns are filled": (0, {"params_hash": None}),
    "probabilities and shares lie between 0 and 1": (0, {"naive_false_claim_ratio": 1.5}),
    "a reason to abstain stands exactly where the estimate is NULL": (0, {"abstain_reason": "too_few_tags"}),
    "no common coverage is the reason exactly where there is no common time": (2, {"abstain_reason": "too_few_tags"}),
}
_PLATFORM_PRECEDENCE: Final[dict[str, Poison]] = _COMPARED_PLATFORMS | {
    "intervals are ordered": (0, {"null_low": 0.7}),
    "an estimate stands beside its null, its p and its q only": (0, {"null_low": None}),
    "an adjusted p is not below the p": (0, {"q_value": 0.001}),
    "a claim is what the estimate, its null and the q say": (0, {"claim": "platform_b_first"}),
    "a naive lead stands beside its null and the estimate only": (0, {"naive_lead_null_p": None}),
    "every tag is listed with its counts": (0, {"adopter_count_a": 12}),
}
_PLATFORM_FINDINGS: Final[dict[str, Poison]] = _COMPARED_PLATFORMS | {
    "intervals are ordered: low, value, high": (0, {"precedence_high": 0.75}),
    "an estimate stands beside its interval, its null and its p only": (0, {"precedence_low": None}),
    "a claim is what the estimate, its null and the p say": (0, {"claim": "none"}),
    "a naive count stands beside its false claims and the estimate only": (0, {"naive_false_claim_ratio": None}),
    "every pair is in the pairs, with its common time": (0, {"common_ends_at": at(21)}),
    "the counts of tags are those of the tags themselves": (0, {"claimed_tag_count": 2}),
    "every tag of the pair is compared, abstains or is above the cap": (0, {"capped_count": 2}),
}

_STAMPED: Final[dict[str, Poison]] = {
    "required columns are filled": (0, {"params_hash": None}),
    "months are first days of months": (0, {"month": _MID_MONTH}),
}
_MEASURED: Final[dict[str, Poison]] = {
    "a distinctness comes with what size alone makes": (0, {"distinctness_null_bits": None}),
}
_TERMS: Final[dict[str, Poison]] = _STAMPED | {
    "terms are not empty": (0, {"term": " "}),
    "no rank is beyond the number of terms": (0, {"term_rank": 3}),
}
_EVENTS: Final[dict[str, Poison]] = _STAMPED | {
    "counts are not negative": (1, {"panel_member_count": -1}),
    "members of the panel are members": (0, {"panel_member_count": 3}),
    "a merge and a split name the other niche, and nothing else does": (1, {"other_niche_id": None}),
    "a niche is not its own other": (1, {"other_niche_id": OTHER_NICHE}),
    "who is born has nothing before, and everything else has": (0, {"previous_member_count": 3}),
    "a niche begins once, by birth or split": (1, {"niche_id": NICHE, "other_niche_id": OTHER_NICHE, "member_count": 2}),
}
_NEIGHBOURS: Final[dict[str, Poison]] = _STAMPED | {
    "a niche is not its own neighbour": (0, {"other_niche_id": NICHE}),
    "no rank is beyond the number of neighbours": (0, {"neighbour_rank": 2}),
    "two niches are as near one way as the other": (0, {"vocabulary_similarity": 0.5}),
}
_CULTURE: Final[dict[str, Poison]] = _STAMPED | {
    "intervals are ordered: low, value, high": (0, {"effective_niche_low_count": 1.9}),
    "an interval has both ends, and its value": (0, {"effective_niche_high_count": None}),
    "a mean is over pairs": (0, {"distinctness_pair_count": 0}),
    "members are accounts, and every niche has one": (0, {"account_count": 2}),
    "an effective number is told at a number of members": (0, {"rarefied_member_count": None}),
}

POISONS: Final[dict[str, dict[str, Poison]]] = {
    "landed/accounts": {
        "keys are pseudonyms of 32 hex digits": (0, {"handle_key": "plain.name"}),
        "counts are not negative": (0, {"followers_count": -1}),
        "accounts were created between 1990 and two days after they were observed": (0, {"created_at": _LONG_AGO}),
        "only brands, media and accounts over a million followers keep a name": (0, {"actor_class": "creator"}),
        "rows lie in the folder of their event day": (1, {"observed_at": at(21)}),
    },
    "landed/posts": {
        "keys are pseudonyms of 32 hex digits": (0, {"account_key": "did:plc:someone"}),
        "durations and lengths are not negative": (0, {"duration_seconds": -1.0}),
        "no post is edited before it is published": (0, {"edited_at": at(9)}),
        "no post is its own parent": (0, {"parent_post_key": key(11)}),
        "tags are normalised: not empty, without #": (0, {"tags": ["#eco"]}),
        "rows lie in the folder of their event day": (0, {"published_at": at(9)}),
        "events lie between 1990 and two days after they were observed": (1, {"observed_at": at(1)}),
    },
    "landed/post_metrics": {
        "keys are pseudonyms of 32 hex digits": (0, {"post_key": "abc"}),
        "counts are not negative": (0, {"save_count": -1}),
        "the upvote ratio lies between 0 and 1": (0, {"upvote_ratio": 7.0}),
        "rows lie in the folder of their event day": (0, {"published_at": at(9)}),
        "events lie between 1990 and two days after they were observed": (0, {"observed_at": at(1)}),
    },
    "landed/interactions": {
        "keys are pseudonyms of 32 hex digits": (0, {"target_account_key": "u/someone"}),
        "an interaction says who or which post acts, and on whom or what": (1, {"source_account_key": None}),
        "rows lie in the folder of their event day": (0, {"interacted_at": at(9)}),
        "events lie between 1990 and two days after they were observed": (0, {"observed_at": at(1)}),
    },
    "landed/follows": {
        "keys are pseudonyms of 32 hex digits": (0, {"source_account_key": "someone"}),
        "nobody follows themselves": (0, {"source_account_key": B}),
        "rows lie in the folder of their event day": (0, {"followed_at": at(8)}),
        "events lie between 1990 and two days after they were observed": (0, {"observed_at": at(1)}),
    },
    "landed/deletions": {
        "keys are pseudonyms of 32 hex digits": (0, {"subject_key": "someone"}),
        "rows lie in the folder of their event day": (0, {"deleted_at": at(9)}),
        "events lie between 1990 and two days after they were observed": (0, {"observed_at": at(1)}),
    },
    "landed/mainstream_items": {
        "keys are pseudonyms of 32 hex digits": (0, {"outlet_key": "The Post"}),
        "outlets are named": (0, {"outlet_name": " "}),
        "tags are normalised: not empty, without #": (0, {"tags": [""]}),
        "rows lie in the folder of their event day": (0, {"published_at": at(9)}),
        "events lie between 1990 and two days after they were observed": (0, {"observed_at": at(1)}),
    },
    "landed/attention_series": {
        "keys are pseudonyms of 32 hex digits": (0, {"series_key": "eco"}),
        "interest is not negative": (0, {"interest_value": -1.0}),
        "an index of 0 to 100 is at most 100": (0, {"interest_value": 101.0}),
        "months begin on their first day": (0, {"period_starts_at": at(1, 1)}),
        "rows lie in the folder of their event day": (0, {"period_starts_at": at(1, 0, 6)}),
        "events lie between 1990 and two days after they were observed": (0, {"observed_at": at(1, month=7)}),
    },
    "landed/coverage": {
        "counts are not negative": (0, {"got_count": -1}),
        "a format's day is partial exactly when records of it were refused": (0, {"quarantined_count": 0}),
        "a live source says why it is not whole, and a whole one says nothing": (2, {"reason": None}),
        "covered days lie between 1990 and the end of time": (0, {"covered_on": date(1989, 1, 1)}),
        "rows lie in the folder of their event day": (0, {"covered_on": date(2026, 8, 9)}),
    },
    "staged/int_account_tag_months": {
        "required columns are filled": (0, {"post_count": None}),
        "months are first days of months": (0, {"month": _MID_MONTH}),
        "tags are not empty": (0, {"tag": " "}),
    },
    "staged/int_interaction_months": {
        "required columns are filled": (0, {"interaction_count": None}),
        "months are first days of months": (0, {"month": _MID_MONTH}),
        "edges join two accounts": (0, {"source_account_key": B}),
    },
    "staged/int_trend_candidates": _WINDOW
    | {
        "required columns are filled": (0, {"adopter_count": None}),
        "trends are born between 1990 and the day after the night": (
            0,
            {"born_at": _LONG_AGO, "window_ends_at": _LONG_AGO.replace(month=10)},
        ),
    },
    "staged/int_trend_adoptions": _ADOPTIONS | {"niches are joined in the marts, not before": (0, {"niche_id": "n"})},
    "staged/int_trend_timelines": {
        "required columns are filled": (0, {"has_trend": None}),
        "posts lie between a week before the birth and the window's end of a trend that is not left-censored": (
            0,
            {"published_at": at(2)},
        ),
        "every timeline is of an adopter": (0, {"account_key": _NOBODY}),
    },
    "staged/int_platform_pairs": _PLATFORMS | {"every two platforms are a pair": (2, {"platform_b": "tiktok"})},
    "staged/int_platform_tags": {
        "required columns are filled": (0, {"tag_count": None}),
        "tags are not empty": (0, {"tag": " "}),
        "both platforms have an adopter": (0, {"adopter_count_b": 0}),
        "a pair has one number of tags, and lists no more": (0, {"tag_count": 4}),
        "every pair is in the pairs": (0, {"platform_b": "tiktok"}),
    },
    "staged/int_platform_uses": {
        "required columns are filled": (0, {"is_compared": None}),
        "keys are pseudonyms of 32 hex digits": (0, {"account_key": "someone"}),
        "of every tag and platform there are as many adopters as the tag counts": (39, {"platform": "youtube"}),
        "first uses lie inside the common time of their pair": (0, {"adopted_at": at(21)}),
        "of every tag and platform some adopters are compared": (39, {"is_compared": False}),
    },
    "staged/int_platform_strata": {
        "required columns are filled": (0, {"account_key": None}),
        "keys are pseudonyms of 32 hex digits": (0, {"account_key": "someone"}),
        "every pair has posts of its two platforms and of no other": (0, {"platform": "youtube"}),
        "posts lie inside the common time of their pair": (0, {"published_at": at(21)}),
    },
    "derived/niche_assignments": _MEMBERSHIP
    | {
        "niches have a profile in their month": (0, {"niche_id": "another"}),
        "accounts were active in their month": (0, {"account_key": _NOBODY}),
    },
    "derived/niche_memberships": _STAMPED
    | {
        "the niches of an account explain no more than all that it uses": (2, {"membership_strength": 0.9}),
        "the first niche is that of the assignment": (2, {"is_primary": True}),
        "niches have a profile in their month": (2, {"niche_id": "another"}),
        "accounts were looked at in their month": (2, {"account_key": _NOBODY}),
    },
    "derived/niche_profiles": _STAMPED
    | _MEASURED
    | {"niches are named": (0, {"scene": ""}), "the member count is the number of members": (0, {"member_count": 7})},
    "derived/niche_terms": _TERMS | {"niches have a profile in their month": (2, {"niche_id": "another"})},
    "derived/niche_events": _EVENTS
    | {
        "a niche begins in the first month of its profiles": (0, {"month": _JULY}),
        "a niche that ended has no profile from then on": (
            1,
            {"event": "death", "other_niche_id": None, "member_count": 0, "panel_member_count": 0},
        ),
        "members are those of the month's profile: at a merge of the niche merged into, at a death none": (
            0,
            {"member_count": 3},
        ),
        "every niche has a profile": (1, {"niche_id": "another"}),
        "every other niche has a profile": (1, {"other_niche_id": "another"}),
    },
    "derived/niche_neighbours": _NEIGHBOURS
    | {
        "niches have a profile in their month": (0, {"niche_id": "another"}),
        "neighbours have a profile in the month": (0, {"other_niche_id": "another"}),
    },
    "derived/culture_windows": _CULTURE | {"niches and members are those of the month's profiles": (0, {"niche_count": 1})},
    "derived/trend_precedence": _PRECEDENCE
    | {
        "required columns are filled": (0, {"params_hash": None}),
        "micro creators are compared with larger ones and media, a platform with a later one by name": (
            0,
            {"lead_class": "tiktok"},
        ),
        "every trend is a candidate": (0, {"trend_key": _NOBODY}),
        "a trend that can be compared is of an event, no other one is": (3, {"event_key": _NOBODY}),
    },
    "derived/precedence_findings": {
        "micro creators are compared with larger ones and media, a platform with a later one by name": (
            0,
            {"lead_class": "tiktok"},
        ),
        "required columns are filled": (0, {"params_hash": None}),
        "trends are of as many events at most, and of one at least": (0, {"event_count": 0}),
        "counts are not negative": (0, {"abstained_count": -1}),
        "probabilities and shares lie between 0 and 1": (0, {"timeline_p_value": -0.1}),
        "intervals are ordered: low, value, high": (0, {"precedence_high": 0.75}),
        "a shift comes with its spread between trends, which is not negative": (0, {"shift_spread_hours": -6.0}),
        "nothing is claimed exactly where the estimate is NULL": (1, {"claim": "none"}),
        "both estimators speak, or neither": (0, {"timeline_p_value": None}),
        "a claim is on the side of the shift and not against a sure kernel, of platforms on its side too": (
            0,
            {"claim": "target_first"},
        ),
    },
    "derived/origin_odds": _ODDS,
    "derived/platform_precedence": _PLATFORM_PRECEDENCE,
    "derived/platform_precedence_findings": _PLATFORM_FINDINGS,
    "marts/creators": {
        "required columns are filled": (0, {"actor_class": None}),
        "a first post is not after the last": (0, {"first_post_at": at(12)}),
        "accounts are joined on evidence only": (0, {"account_count": 2}),
        "a creator is on at least one platform": (0, {"platforms": []}),
    },
    "marts/creator_months": {
        "required columns are filled": (0, {"partner_count": None}),
        "months are first days of months": (0, {"month": _MID_MONTH}),
        "counts and rates are not negative": (0, {"replies_received_count": -1}),
        "a month has a post, on no more days than posts or days there are": (0, {"active_day_count": 3}),
        "the rate is its numerator over its denominator": (0, {"engagement_rate": 0.3}),
        "a rate stands with numerator and denominator only": (0, {"engagement_count": None}),
        "every creator is in creators": (0, {"creator_key": _NOBODY}),
        **poisons_relational.CREATOR_MONTHS,
        **poisons_engagement.OF_A_CREATOR,
    },
    "marts/niche_members": _MEMBERSHIP
    | {
        "every niche is in niches": (0, {"niche_id": "another"}),
        "every creator is in creators": (0, {"creator_key": _NOBODY}),
    },
    "marts/niches": {
        "required columns are filled": (0, {"params_hash": None}),
        "months are first days of months": (0, {"first_month": _MID_MONTH}),
        "last months are first days of months": (0, {"last_month": _MID_MONTH}),
        "a niche is seen in one month at least, and in no more than lie between its ends": (0, {"month_count": 2}),
        "a niche begins by birth or split, and ends by death or merge": (0, {"began_by": "growth"}),
        "an end has its month, after the last one that the niche was seen in": (0, {"ended_month": date(2026, 9, 1)}),
        "what ended does not live": (0, {"ended_by": "death", "ended_month": date(2026, 9, 1)}),
    },
    "marts/niche_months": _STAMPED
    | _MEASURED
    | {
        "no part is larger than its whole": (0, {"suspected_member_count": 3}),
        "who is active has a post": (1, {"post_count": 0, "unsuspected_post_count": 0}),
        "shares are numerators over denominators": (0, {"insider_member_share": 0.9}),
        "the share of micro members is known where a size is": (0, {"micro_member_share": None}),
        "a concentration needs two posts, and voices one member who posted twice": (0, {"effective_voice_count": None}),
        "voices are one over the concentration, and one at least": (0, {"effective_voice_count": 2.0}),
        "every niche is in niches": (0, {"niche_id": "another"}),
    },
    "marts/niche_vocabulary": _TERMS | {"every niche of the month is in niche_months": (2, {"niche_id": "another"})},
    "marts/niche_events": _EVENTS
    | {
        "the other niche has its name": (1, {"other_name": None}),
        "every niche is in niches": (1, {"niche_id": "another"}),
        "every other niche is in niches": (1, {"other_niche_id": "another"}),
    },
    "marts/niche_neighbours": _NEIGHBOURS
    | {
        "every niche of the month is in niche_months": (0, {"niche_id": "another"}),
        "neighbours are in niche_months": (0, {"other_niche_id": "another"}),
    },
    "marts/culture_months": _CULTURE
    | {
        "the share of members is known where there are accounts": (0, {"member_share": None}),
        "the share is members over accounts": (0, {"member_share": 0.5}),
    },
    "marts/creator_niches": _STAMPED
    | {
        "a creator is in a niche by accounts on platforms": (0, {"platforms": []}),
        "a creator has one first niche a month at most": (2, {"is_primary": True}),
        "every niche is in niches": (0, {"niche_id": "another"}),
        "every creator is in creators": (0, {"creator_key": _NOBODY}),
        "no more accounts are in a niche than the creator has": (0, {"account_count": 2}),
    },
    "marts/trends": _WINDOW
    | {
        "required columns are filled": (0, {"adopter_count": None}),
        "a left-censored trend has no first platform and no claim": (1, {"first_seen_platform": "bluesky"}),
        "outlets come inside the window": (0, {"first_media_at": at(9)}),
        _EVENT: (0, {"event_trend_count": 2}),
    },
    "marts/trend_adoptions": _ADOPTIONS | {"every niche is in niches": (0, {"niche_id": "another"})},
    "marts/trend_days": {
        "required columns are filled": (0, {"use_count": None}),
        "adopters are users, and every user has a use": (0, {"user_count": 4}),
        "days lie inside the window of their trend": (0, {"day": date(2026, 8, 9)}),
        "no adoption is lost on the way to the days": (3, {"adopter_count": 0}),
    },
    "marts/ripple_effects": _PRECEDENCE
    | {
        "required columns are filled": (0, {"params_hash": None}),
        "there is an evidence level exactly where nothing abstains": (0, {"evidence_level": None}),
        "evidence above level 0 beats its null and has the pooled claim": (0, {"pooled_claim": "none"}),
        "every trend is in trends": (0, {"trend_key": _NOBODY}),
    },
    "marts/origin_by_tier": _ODDS,
    "marts/platform_precedence": _PLATFORM_PRECEDENCE
    | {"nothing is told of fewer than 20 adopters": (0, {"adopter_count_b": 8})},
    "marts/platform_precedence_findings": _PLATFORM_FINDINGS,
    "marts/calibration": {
        "required columns are filled": (0, {"size": None}),
        "all rows are of one method": (0, {"calibration_key": key(8)}),
        "claims are counted in both directions, at most one a seed": (1, {"target_first_count": 1, "target_first_upper": 0.08}),
        "a claim comes with its truth and a bound for each direction": (1, {"lead_first_upper": None}),
        "an upper bound lies above the share of seeds that it bounds, and at most at 1": (0, {"lead_first_upper": 0.01}),
        "intervals are ordered: low, value, high": (0, {"high": 0.01}),
        "what gates passes exactly where no false claim is bounded above its limit": (0, {"lead_first_upper": 0.2}),
        "what does not gate has no verdict, and what is not published has no value": (3, {"value": 0.5}),
    },
    "marts/coverage_days": {
        "required columns are filled": (0, {"collection_method": None}),
        "counts and ratios are not negative": (0, {"quarantined_count": -1}),
        "a day is unknown exactly where nothing says what to expect": (0, {"expected_count": None}),
        "an outage is a day on which nothing came": (0, {"status": "outage"}),
        "what was skipped says why": (2, {"reason": None}),
        "the ratio is what came over what was expected": (0, {"coverage_ratio": 0.4}),
        "covered days lie between 1990 and 2100": (0, {"covered_on": date(1989, 1, 1)}),
    },
}
_TOPICS: Final = (
    poisons_attention,
    poisons_cascades,
    poisons_decentralisation,
    poisons_bursts,
    poisons_engagement,
    poisons_ethics,
    poisons_hazards,
    poisons_insiders,
    poisons_mainstream,
    poisons_origins,
    poisons_platforms,
    poisons_relational,
    poisons_units,
)
for _topic in _TOPICS:
    for _table, _rules in _topic.POISONS.items():
        POISONS[_table] = POISONS.get(_table, {}) | _rules

# Where no value violates one rule alone: (table, rule or column) -> the rules or columns that fail with it.
_REFERRED = {"accounts were active in their month"}
_UNCOMMON = {"no common coverage is the reason exactly where there is no common time"}
_PAIRED = {"every pair is in the pairs, with its common time"}
_COUNTED = {
    "the counts of tags are those of the tags themselves",
    "every tag of the pair is compared, abstains or is above the cap",
}
_ORDERED = {"intervals are ordered: low, value, high"}
_MUTUAL = {"two niches are as near one way as the other"}
_BEGUN = {"a niche begins once, by birth or split"}
_OTHER = {"a merge and a split name the other niche, and nothing else does"}
_RANKED = {"no rank is beyond the number of terms"}
_PROFILED = {"niches have a profile in their month"}
_IN_MONTHS = {"every niche of the month is in niche_months"}
_FIRST_OF_MONTH = "months are first days of months"
ALSO: Final[dict[tuple[str, str], set[str]]] = {
    **{
        (table, rule): also
        for tables, rule, also in (
            (("derived/culture_windows", "marts/culture_months"), "effective_niche_count", _ORDERED),
            (("derived/culture_windows", "marts/culture_months"), "distinctness_bits", _ORDERED),
            (("derived/niche_profiles", "marts/niche_months"), "distinctness_bits", _ORDERED),
            (("derived/niche_events", "marts/niche_events"), "niche_id month event", _BEGUN),
            (("derived/niche_events", "marts/niche_events"), "event", _OTHER),
            (("derived/niche_neighbours", "marts/niche_neighbours"), "vocabulary_similarity", _MUTUAL),
            (("derived/niche_neighbours", "marts/niche_neighbours"), "overlap_ratio", _MUTUAL),
        )
        for table in tables
    },
    ("derived/culture_windows", _FIRST_OF_MONTH): {"niches and members are those of the month's profiles"},
    ("derived/niche_events", _FIRST_OF_MONTH): {"a niche begins in the first month of its profiles"},
    ("derived/niche_memberships", "month platform account_key niche_id"): {
        "the niches of an account explain no more than all that it uses"
    },
    ("derived/niche_memberships", "account_key"): {"accounts were looked at in their month"},
    ("derived/niche_memberships", _FIRST_OF_MONTH): _PROFILED | {"accounts were looked at in their month"},
    ("derived/niche_neighbours", _FIRST_OF_MONTH): _PROFILED | {"neighbours have a profile in the month"},
    ("derived/niche_terms", _FIRST_OF_MONTH): _PROFILED | _RANKED,
    ("marts/creator_niches", "creator_key niche_id month"): {"a creator has one first niche a month at most"},
    ("marts/creator_niches", "creator_key"): {"every creator is in creators"},
    ("marts/culture_months", "members are accounts, and every niche has one"): {"the share is members over accounts"},
    ("marts/niche_events", "a merge and a split name the other niche, and nothing else does"): {"the other niche has its name"},
    ("marts/niche_months", "member_count"): {
        "shares are numerators over denominators",
        "no part is larger than its whole",
    },
    ("marts/niche_neighbours", _FIRST_OF_MONTH): _IN_MONTHS | {"neighbours are in niche_months"},
    ("marts/niche_vocabulary", _FIRST_OF_MONTH): _IN_MONTHS | _RANKED,
    **{
        (f"{gate}/{table}", rule): also
        for gate in ("derived", "marts")
        for table, rule, also in (
            ("platform_precedence", "platforms are named in their order", {"every tag is listed with its counts"}),
            ("platform_precedence", "claim", {"a claim is what the estimate, its null and the q say"}),
            ("platform_precedence", "abstain_reason", _UNCOMMON),
            ("platform_precedence_findings", "platforms are named in their order", _PAIRED | _COUNTED),
            ("platform_precedence_findings", "a common time begins before it ends, or is not known at all", _PAIRED),
            ("platform_precedence_findings", "claim", {"a claim is what the estimate, its null and the p say"}),
            ("platform_precedence_findings", "abstain_reason", _UNCOMMON),
        )
    },
    ("marts/platform_precedence", "nothing is told of fewer than 20 adopters"): {"every tag is listed with its counts"},
    ("staged/int_platform_pairs", "platforms are named in their order"): {"every two platforms are a pair"},
    ("staged/int_platform_uses", "platform_a platform_b tag platform account_key"): {
        "of every tag and platform there are as many adopters as the tag counts"
    },
    ("landed/accounts", "rows were observed by the end of the day after the night"): {
        "rows lie in the folder of their event day"
    },
    ("landed/coverage", "covered days lie between 1990 and the end of time"): {"rows lie in the folder of their event day"},
    ("staged/int_trend_candidates", "trend_key"): {"unit_type label"},
    ("staged/int_trend_candidates", "unit_type label"): {"trend_key"},
    ("staged/int_trend_timelines", "account_key"): {"every timeline is of an adopter"},
    ("derived/niche_assignments", "account_key"): _REFERRED,
    ("derived/niche_assignments", "months are first days of months"): _REFERRED | {"niches have a profile in their month"},
    **{
        (f"{gate}/{table}", "effective_niche_count"): {"intervals are ordered: low, value, high"}
        for gate, table in (("derived", "culture_windows"), ("marts", "culture_months"))
    },
    ("derived/niche_profiles", "member_count"): {"the member count is the number of members"},
    ("derived/niche_profiles", "months are first days of months"): {"the member count is the number of members"},
    ("derived/precedence_findings", "claim"): {"nothing is claimed exactly where the estimate is NULL"},
    ("marts/calibration", "calibration_key"): {"all rows are of one method"},
    ("marts/calibration", "status"): {"what does not gate has no verdict, and what is not published has no value"},
    ("marts/coverage_days", "status"): {"a day is unknown exactly where nothing says what to expect"},
    ("marts/creator_months", "creator_key"): {"every creator is in creators"},
    ("marts/creators", "account_count"): {"a creator is on at least one platform"},
    ("marts/ripple_effects", "a reason to abstain stands exactly where the estimate is NULL"): {
        "there is an evidence level exactly where nothing abstains"
    },
    ("marts/trend_days", "user_count"): {"adopters are users, and every user has a use"},
    ("marts/trend_days", "adopter_count"): {"no adoption is lost on the way to the days"},
    ("marts/trends", "trend_key"): {"unit_type label", _EVENT},
    ("marts/trends", "unit_type label"): {"trend_key", _EVENT},
    ("derived/trend_precedence", "abstain_reason"): {"a trend that can be compared is of an event, no other one is"},
    ("marts/trends", "abstain_reason"): {"a left-censored trend has no first platform and no claim"},
}
for _topic in _TOPICS:
    ALSO.update(_topic.ALSO)
