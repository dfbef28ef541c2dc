select
    tag,
    platform_a,
    platform_b,
    adopter_count_a,
    adopter_count_b,
    common_begins_at,
    common_ends_at,
    precedence_probability,
    null_probability,
    null_low,
    null_high,
    p_value,
    q_value,
    claim,
    naive_lead_hours,
    naive_lead_null_p,
    naive_false_claim_ratio,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "platform_precedence") }}
-- The k of the tables' k-anonymity holds here whatever the analysis was given.
where adopter_count_a + adopter_count_b >= {{ var("smallest_adopter_count") }}
order by tag, platform_a, platform_b
