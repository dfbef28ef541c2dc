"""What is asked of the published tables: every score of domain.md E.3 with its target and the columns it needs. Computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AT_MOST, AT_LEAST, EQUAL = "<=", ">=", "="
LOSSY: Final = 0.2
"""Share of posts lost from which the targets for lossy data hold; they were set at 30%."""

TASKS: Final = (
    "False positives", "W3 editorial", "Direction", "Power", "Per-trend FDR", "Origin set", "Origin niche / tier / platform",
    "Lag to mainstream", "Survival", "Cascade parents", "Niche partition", "Overlap membership", "Niche lifecycle events",
    "Trend unit aliasing", "Bursts", "Exogeneity class", "Engagement shrinkage", "Relational", "Insider", "Decentralisation",
    "Platform shift", "Disclosure level", "Commercial inference", "Astroturf flag", "Deletion", "Privacy", "Idempotency",
    "Coverage honesty", "Scale",
)  # fmt: skip
"""Rows of E.3, in its order."""
OWN_TASKS: Final = ("Trends and adoptions", "Culture", "Creators")
"""What E.3 does not ask and the tables can answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A score that is wanted.

    Attributes:
        key: By which its measure is found.
        task: Of ``TASKS`` or ``OWN_TASKS``.
        metric: As people read it.
        needs: Published columns, ``table.column``; without one of them the score is not published.
        target: As E.3 says it; None where it says nothing.
        comparison: How the value must stand to the target; None where a single number cannot miss it.
        complete: Target on complete data.
        lossy: Target where a fifth of the posts or more is lost; None: the same.
        is_of_seeds: The target is one of many worlds (a rate, a mean), so one world neither meets nor misses it.
        of_worlds: Worlds that have a target of their own, on complete and on lossy data; all others have none.
        elsewhere: Why no published snapshot can answer it.
    """

    key: str
    task: str
    metric: str
    needs: tuple[str, ...] = ()
    target: str | None = None
    comparison: str | None = None
    complete: float | None = None
    lossy: float | None = None
    is_of_seeds: bool = False
    of_worlds: tuple[tuple[str, float, float], ...] = ()
    elsewhere: str | None = None


_CLAIM: Final = ("ripple_effects.pooled_claim", "ripple_effects.target_class")
_ODDS: Final = ("origin_by_tier.odds_ratio", "origin_by_tier.q_value")
_EFFECTS: Final = ("ripple_effects.q_value", "ripple_effects.precedence_probability", "ripple_effects.evidence_level")
_ADOPTIONS: Final = ("trends.label", "trend_adoptions.adopted_at", "trend_adoptions.account_key")
_ORIGINS: Final = ("trends.label", "trend_origins.credibility", "trend_origin_verdicts.abstain_reason")
_VERDICTS: Final = ("trends.label", "trend_origin_verdicts.origin_confidence", "trend_origin_verdicts.origin_tier")
_GATES: Final = ("trends.label", "trends.is_left_censored", "trends.abstain_reason")
_PERSONS: Final = ("creator_accounts.account_key", "creator_accounts.creator_key", "creator_accounts.link_evidence")
_NO_MORE: Final = "rate over seeds <= 5%, upper 95% bound <= 8.5%, in every null world and both directions"
_SHRUNK: Final = ("creator_engagement_months.engagement_rate_shrunk", "creator_engagement_months.engagement_rate")
_MEAN_FDP: Final = "mean over seeds <= .05; <= .06 with 30% loss"
_RIGHT_SIGN: Final = "right in >= 95% of seeds; >= 90% with 30% loss"
_POWER: Final = (("P1_micro_first", 0.99, 0.95), ("P2_micro_first_mixture", 0.85, 0.65))
_OFTEN: Final = "P1 claimed in >= 99% of seeds, P2 in >= 85%"
_NO_POSTS: Final = "no published table tells of a single post; held by tests/unit/analysis/test_caption_worlds.py"
_UNDISCLOSED: Final = ("disclosure_months.undisclosed_estimate_count", "disclosure_months.ruleset")
_SEEDED: Final = ("commercial_trends.label", "commercial_trends.commercial_share_first100")

_BURSTS: Final = ("trend_bursts.began_on", "trend_bursts.label", "trends.label")
_SHAPES: Final = ("trend_shapes.exogeneity_class", "trend_shapes.label")
_SPREAD: Final = ("decentralisation_months.hill_2",)
_FLAT: Final = (("W9_growth_only", 0.05, 0.05), ("W10_collection_growth", 0.05, 0.05))
_CULTURE: Final = ("culture_trends.culture_direction",)

_PARENTS: Final = ("trend_parents.parent_account_key", "trend_parents.is_strongest", "trend_parents.evidence", "trends.label")
WANTED: Final = (
    Wanted("wrong_large", "False positives", "wrong pooled claim, large_creators", _CLAIM, _NO_MORE, AT_MOST, 0.05, is_of_seeds=True),
    Wanted("wrong_media", "False positives", "wrong pooled claim, media", _CLAIM, _NO_MORE, AT_MOST, 0.05, is_of_seeds=True),
    Wanted("wrong_origin", "False positives", "wrong claim of origin odds, micro", _ODDS, _NO_MORE, AT_MOST, 0.05, is_of_seeds=True),
    Wanted(
        "editorial", "W3 editorial", "trends at evidence_level >= 2 in W3", ("mainstream_adoptions.evidence_level",), "<= 5%", AT_MOST, 0.05,
        is_of_seeds=True,
    ),
    Wanted("sign_large", "Direction", "pooled claim has the planted sign, large_creators", _CLAIM, _RIGHT_SIGN, AT_LEAST, 0.95, 0.9, is_of_seeds=True),
    Wanted("sign_media", "Direction", "pooled claim has the planted sign, media", _CLAIM, _RIGHT_SIGN, AT_LEAST, 0.95, 0.9, is_of_seeds=True),
    Wanted("power_large", "Power", "planted micro lead is claimed, large_creators", _CLAIM, _OFTEN, AT_LEAST, is_of_seeds=True, of_worlds=_POWER),
    Wanted("power_media", "Power", "planted micro lead is claimed, media", _CLAIM, _OFTEN, AT_LEAST, is_of_seeds=True, of_worlds=_POWER),
    Wanted("power_origin", "Power", "planted micro lead is claimed by origin odds", _ODDS),
    Wanted("probability_large", "Power", "mean P(micro earlier), large_creators", (*_CLAIM, *_EFFECTS)),
    Wanted("probability_media", "Power", "mean P(micro earlier), media", (*_CLAIM, *_EFFECTS)),
    Wanted("fdp_large", "Per-trend FDR", "false among q < .05, large_creators", _EFFECTS, _MEAN_FDP, AT_MOST, 0.05, 0.06, is_of_seeds=True),
    Wanted("fdp_media", "Per-trend FDR", "false among q < .05, media", _EFFECTS, _MEAN_FDP, AT_MOST, 0.05, 0.06, is_of_seeds=True),
    Wanted("level_fdp_large", "Per-trend FDR", "false among evidence_level >= 1, large_creators", _EFFECTS, _MEAN_FDP, AT_MOST, 0.05, 0.06, is_of_seeds=True),
    Wanted("level_fdp_media", "Per-trend FDR", "false among evidence_level >= 1, media", _EFFECTS, _MEAN_FDP, AT_MOST, 0.05, 0.06, is_of_seeds=True),
    Wanted("trend_power_large", "Per-trend FDR", "planted leads at q < .05, large_creators", _EFFECTS),
    Wanted("trend_power_media", "Per-trend FDR", "planted leads at q < .05, media", _EFFECTS),
    Wanted("origin_set", "Origin set", "originator in the origin set", _ORIGINS, ">= .90; >= .65 with 30% loss", AT_LEAST, 0.9, 0.65),
    Wanted("origin_abstained", "Origin set", "planted trends without a verdict", _VERDICTS, "<= 30%", AT_MOST, 0.3),
    Wanted("origin_credibility", "Origin set", "distance of credibility from the share of originators", (*_ORIGINS, *_VERDICTS)),
    Wanted(
        "origin_niche", "Origin niche / tier / platform", "niche of the verdict", (*_VERDICTS, "niche_members.niche_id"), ">= .95; >= .90 with 30% loss",
        AT_LEAST, 0.95, 0.9,
    ),
    Wanted("origin_tier", "Origin niche / tier / platform", "tier of the verdict", _VERDICTS, ">= .95; >= .90 with 30% loss", AT_LEAST, 0.95, 0.9),
    Wanted("origin_platform", "Origin niche / tier / platform", "platform of the verdict", _VERDICTS, ">= .95; >= .90 with 30% loss", AT_LEAST, 0.95, 0.9),
    Wanted(
        "lag_error", "Lag to mainstream", "median absolute error of lag_days, days", ("mainstream_adoptions.lag_days", "mainstream_adoptions.abstain_reason"),
        "<= 1 d; <= 1.5 d with 30% loss", AT_MOST, 1.0, 1.5,
    ),
    Wanted("lag_coverage", "Lag to mainstream", "coverage of the 90% interval", ("mainstream_adoptions.lag_low_days", "mainstream_adoptions.abstain_reason"), "88-92%; 86-94% with 30% loss"),
    Wanted("survival", "Survival", "largest deviation of the Kaplan-Meier curve", ("adoption_survival.survival", "mainstream_adoptions.lag_days", "trends.window_ends_at"), "<= .03; <= .05 with 30% loss", AT_MOST, 0.03, 0.05),
    Wanted("cascade_precision", "Cascade parents", "edge precision", _PARENTS, ">= .70; >= .5 with 30% loss", AT_LEAST, 0.7, 0.5),
    Wanted("cascade_recall", "Cascade parents", "edge recall", _PARENTS, ">= .70; >= .5 with 30% loss", AT_LEAST, 0.7, 0.5),
    Wanted("cascade_credit", "Cascade parents", "precision of edges by explicit credit", _PARENTS, ">= .99", AT_LEAST, 0.99, 0.99),
    Wanted("cascade_virality", "Cascade parents", "relative error of structural virality", (*_PARENTS, "trend_adoptions.account_key"), "<= 15%; <= 30% with 30% loss", AT_MOST, 0.15, 0.3),
    Wanted(
        "niche_ami", "Niche partition", "AMI of niche_members with the planted niches", ("niche_members.niche_id", "niche_members.account_key"),
        ">= .97/.95/.80 at mixing .2/.4/.6; .95/.90/.70 with 30% loss (held to the middle one)", AT_LEAST, 0.95, 0.9,
    ),
    Wanted("niche_ami_platform", "Niche partition", "AMI within each platform", ("niche_members.niche_id", "niche_members.platform")),
    Wanted("niche_assigned", "Niche partition", "members with a niche", ("niche_members.niche_id", "niche_members.account_key")),
    Wanted("overlap", "Overlap membership", "F1 of second niches at strength .15", ("creator_niches.niche_id", "creator_niches.membership_strength", "niche_members.niche_id"), ">= .80; >= .70 with 30% loss", AT_LEAST, 0.8, 0.7),
    Wanted("lifecycle_f1", "Niche lifecycle events", "F1 within one window", ("niche_events.event", "niche_members.niche_id"), ">= .85; >= .75 with 30% loss", AT_LEAST, 0.85, 0.75),
    Wanted("lifecycle_false", "Niche lifecycle events", "false events per niche-month in W13", ("niche_events.event", "niche_members.niche_id"), "<= .02", AT_MOST, 0.02, is_of_seeds=True),
    Wanted("niche_persistence", "Niche lifecycle events", "steps in which a niche keeps its id", ("niche_members.niche_id", "niche_members.account_key"), ">= .95", AT_LEAST, 0.95),
    Wanted("aliasing", "Trend unit aliasing", "pairwise F1", ("trends.label", "trend_aliases.alias_label"), ">= .95", AT_LEAST, 0.95),
    Wanted("burst_f1", "Bursts", "F1 of planted bursts by interval", _BURSTS, "F1 by IoU >= .5: >= .90; >= .80 with 30% loss", AT_LEAST, 0.9, 0.8),
    Wanted("burst_found", "Bursts", "planted bursts met by a burst", _BURSTS),
    Wanted("burst_false", "Bursts", "perennial tags with a burst", _BURSTS, "<= 1%", AT_MOST, 0.01),
    Wanted("exogeneity", "Exogeneity class", "macro-F1", _SHAPES, ">= .90; >= .85 with 30% loss", AT_LEAST, 0.9, 0.85),
    Wanted("coordination_recall", "Exogeneity class", "bot pushes that are flagged as coordinated", (*_SHAPES, "trend_shapes.is_coordinated")),
    Wanted("coordination_false", "Exogeneity class", "others that are flagged as coordinated", (*_SHAPES, "trend_shapes.is_coordinated"), "<= 1%", AT_MOST, 0.01),
    Wanted("shock_recall", "Exogeneity class", "planted shocks that the shock gate holds", _GATES),
    Wanted("shock_precision", "Exogeneity class", "held shocks that were set off from outside", _GATES),
    Wanted("shrinkage", "Engagement shrinkage", "RMSE over the raw rate's, under ten posts", _SHRUNK, "<= .6", AT_MOST, 0.6),
    Wanted(
        "shrinkage_coverage", "Engagement shrinkage", "distance of the 90% interval's coverage from 90%",
        (*_SHRUNK, "creator_engagement_months.engagement_rate_low"), "88-92%: <= .02", AT_MOST, 0.02,
    ),
    Wanted("shrinkage_top", "Engagement shrinkage", "precision of the top 100 over the raw rate's", _SHRUNK, ">= 1.5", AT_LEAST, 1.5),
    Wanted(
        "shrinkage_bias", "Engagement shrinkage", "largest bias of ranks by tier", (*_SHRUNK, "creator_engagement_months.rate_percentile"),
        "|bias| <= .02", AT_MOST, 0.02,
    ),
    Wanted(
        "engagement", "Engagement shrinkage", "Spearman of the raw rate with the true one",
        ("creator_months.engagement_count", "creator_months.engagement_follower_count", "creators.account_count"),
    ),
    Wanted("relational", "Relational", "Spearman with the true reply-back rate", ("creator_relation_months.reply_back_rate",), ">= .9; >= .8 with 30% loss", AT_LEAST, 0.9, 0.8),
    Wanted("relational_coverage", "Relational", "true rate inside the 90% interval", ("creator_relation_months.reply_back_rate_low",), "88-92%"),
    Wanted("relational_hours", "Relational", "median error of answer times, log ratio", ("creator_relation_months.answer_median_hours",)),
    Wanted(
        "insider", "Insider", "AUC of insiders against tourists among adopters of a niche's trends",
        ("creator_niches.insider_score", "creator_niches.membership_strength", "niche_members.creator_key"), ">= .92; >= .88 with 30% loss", AT_LEAST, 0.92, 0.88,
    ),
    Wanted(
        "insider_members", "Insider", "AUC among those of them that are published as members",
        ("creator_niches.insider_score", "creator_niches.membership_strength", "niche_members.creator_key"),
    ),
    Wanted("decentral_error", "Decentralisation", "relative error of D_2 of posts", _SPREAD, "<= 5%; <= 8% with 30% loss", AT_MOST, 0.05, 0.08),
    Wanted("decentral_error_engagement", "Decentralisation", "relative error of D_2 of engagement", _SPREAD, "<= 5%; <= 8% with 30% loss", AT_MOST, 0.05, 0.08),
    Wanted(
        "decentral_slope", "Decentralisation", "trends of concentration claimed", ("decentralisation_trends.direction",),
        "claimed in <= 5% of W9 and W10", AT_MOST, is_of_seeds=True, of_worlds=_FLAT,
    ),
    Wanted("shift_flow", "Platform shift", "net flow MAPE", ("platform_moves.net_flow_count", *_PERSONS), "<= 10%; <= 15% with 30% loss", AT_MOST, 0.1, 0.15),
    Wanted("shift_date", "Platform shift", "error of the migration date, days", ("platform_moves.median_moved_on", *_PERSONS), "+-7 d", AT_MOST, 7.0),
    Wanted("shift_false", "Platform shift", "joined persons said to move where nobody does", ("platform_moves.moved_person_count", *_PERSONS)),
    Wanted("disclosure", "Disclosure level", "macro-F1", target=">= .95, languages >= .90", elsewhere=_NO_POSTS),
    Wanted("undisclosed_error", "Disclosure level", "error of the undisclosed rate, percentage points", _UNDISCLOSED, "<= 3 pp", AT_MOST, 3.0),
    Wanted("commercial", "Commercial inference", "PR-AUC", target=">= .90", elsewhere=_NO_POSTS),
    Wanted(
        "astroturf", "Astroturf flag", "recall at 1% false, by astroturf_probability", (*_SEEDED, "commercial_trends.astroturf_probability"),
        ">= .80", AT_LEAST, 0.8,
    ),
    Wanted("astroturf_recall", "Astroturf flag", "seeded trends that are flagged", (*_SEEDED, "commercial_trends.is_astroturf")),
    Wanted("astroturf_false", "Astroturf flag", "others that are flagged", (*_SEEDED, "commercial_trends.is_astroturf"), "<= 1%", AT_MOST, 0.01),
    Wanted("deletion", "Deletion", "published rows of deleted posts and accounts", ("trends.label",), "0", EQUAL, 0.0),
    Wanted("deletion_again", "Deletion", "the same after re-ingest", elsewhere="needs a second run; held by the pipeline's tests", target="0"),
    Wanted("privacy_names", "Privacy", "private accounts named in values or bytes", ("trends.label",), "0", EQUAL, 0.0),
    Wanted("privacy_cells", "Privacy", "trends of fewer than 20 accounts", ("trends.adopter_count",), "0", EQUAL, 0.0),
    Wanted("idempotency", "Idempotency", "same marts from any order", elsewhere="needs several runs; held by the pipeline's tests", target="identical"),
    Wanted("outages_told", "Coverage honesty", "planted outage days that coverage_days tells", ("coverage_days.status",), "100%", EQUAL, 1.0),
    Wanted("outages_false", "Coverage honesty", "other days called an outage", ("coverage_days.status",)),
    Wanted("coverage_null", "Coverage honesty", "rates NULL under the threshold", ("decentralisation_months.abstain_reason", "decentralisation_months.covered_day_ratio"), "100%", EQUAL, 1.0),
    Wanted("scale", "Scale", "large world, end to end", elsewhere="measured by the benchmarks", target="<= 60 min, <= 24 GB on 16 cores"),
    Wanted("detected", "Trends and adoptions", "planted trends found", ("trends.label",)),
    Wanted("censored_recall", "Trends and adoptions", "trends under way at the start that are gated", _GATES),
    Wanted("censored_precision", "Trends and adoptions", "gated as under way that were", _GATES),
    Wanted("perennial_gated", "Trends and adoptions", "perennial tags without an origin", _GATES),
    Wanted("birth_error", "Trends and adoptions", "median absolute error of born_at, days", ("trends.born_at",)),
    Wanted("adoption_recall", "Trends and adoptions", "seen adoptions found within the hour", _ADOPTIONS),
    Wanted("adoption_precision", "Trends and adoptions", "found adoptions that are true within the hour", _ADOPTIONS),
    Wanted("adoption_tier", "Trends and adoptions", "tier as of adoption", (*_ADOPTIONS, "trend_adoptions.tier")),
    Wanted("culture_homogenising", "Culture", "planted homogenising is claimed", _CULTURE, is_of_seeds=True),
    Wanted("culture_false", "Culture", "a direction of culture claimed where none is planted", _CULTURE, "<= 5% of W13", AT_MOST, is_of_seeds=True, of_worlds=(("W13_stable_niches", 0.05, 0.05),)),
    Wanted("link_recall", "Creators", "mutual links that join accounts", ("creators.creator_key", "creators.link_evidence")),
    Wanted("link_precision", "Creators", "joined accounts that are mutually linked", ("creators.creator_key", "creators.link_evidence")),
    Wanted("bots_found", "Creators", "planted bots that are suspected", ("creators.is_suspected_automated",)),
    Wanted("suspected_bots", "Creators", "suspected creators that are planted bots", ("creators.is_suspected_automated",)),
    Wanted("falsely_suspected", "Creators", "planted creators that are suspected", ("creators.is_suspected_automated",), "<= 1%", AT_MOST, 0.01),
)  # fmt: skip
"""All of it, in the order of a report."""
