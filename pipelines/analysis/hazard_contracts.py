"""Arrow schemas of what speeds trends into the mainstream: hazard ratios back to dbt, and what is kept of trends on their landmark day. No logic."""

from __future__ import annotations

from typing import Final

import pyarrow as pa


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# target class x covariate
ADOPTION_HAZARDS: Final = pa.schema(
    [
        _required("target_class", pa.string()),  # media, brand, large_creators
        _required("covariate", pa.string()),
        _required("unit", pa.string()),  # of the ratio: doubling, ten_points, step
        _required("landmark_days", pa.float64()),  # from the birth; covariates are as of then, and times count from it
        # all pooled candidates are one of these four
        _required("excluded_count", pa.int64()),  # not seen from their birth
        _required("ended_count", pa.int64()),  # taken up by the class, or no longer observed, by the landmark
        _required("small_count", pa.int64()),  # not yet candidates by then
        _required("at_risk_count", pa.int64()),
        _required("known_count", pa.int64()),  # of those at risk, where the covariate is known
        _required("trend_count", pa.int64()),  # of those at risk, where every covariate is that is known of enough of them
        _required("event_count", pa.int64()),  # of these, taken up
        pa.field("covariate_count", pa.int64()),  # of the model that the ratio is of
        pa.field("cluster_count", pa.int64()),  # the fewer of niches of origin and weeks of birth
        pa.field("hazard_ratio", pa.float64()),
        pa.field("hazard_ratio_low", pa.float64()),
        pa.field("hazard_ratio_high", pa.float64()),  # 95% interval
        pa.field("p_value", pa.float64()),  # two-sided
        pa.field("q_value", pa.float64()),  # Benjamini-Hochberg within target_class
        pa.field("proportionality_correlation", pa.float64()),  # of scaled Schoenfeld residuals with the rank of time
        pa.field("proportionality_p_value", pa.float64()),
        pa.field("abstain_reason", pa.string()),
        _required("method_version", pa.string()),
        _required("params_hash", pa.string()),
    ]
)
# pooled candidate, as of its landmark
STATE_LANDMARKS: Final = pa.schema(
    [
        _required("trend_key", pa.string()),
        _required("partition_key", pa.string()),
        _required("partition_hash", pa.string()),
        _required("birth_week", pa.int64()),  # Mondays since 1970
        pa.field("main_platform", pa.string()),  # of most adopters; NULL: no creator yet
        pa.field("origin_niche_id", pa.string()),  # of most adopters; NULL: of none it is known
        _required("adopter_count", pa.int64()),
        pa.field("insider_share", pa.float64()),
        pa.field("niche_diversity", pa.float64()),
        pa.field("platform_count", pa.float64()),
        pa.field("niche_count", pa.float64()),
        pa.field("structural_virality", pa.float64()),
    ]
)

DERIVED: Final[dict[str, pa.Schema]] = {"adoption_hazards": ADOPTION_HAZARDS}
STATE: Final[dict[str, pa.Schema]] = {"landmarks": STATE_LANDMARKS}
