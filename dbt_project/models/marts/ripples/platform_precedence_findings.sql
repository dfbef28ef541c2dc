select
    platform_a,
    platform_b,
    common_begins_at,
    common_ends_at,
    tag_count,
    abstained_count,
    capped_count,
    claimed_tag_count,
    precedence_probability,
    precedence_low,
    precedence_high,
    null_probability,
    null_low,
    null_high,
    p_value,
    claim,
    naive_claimed_tag_count,
    naive_false_claim_ratio,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "platform_precedence_findings") }}
order by platform_a, platform_b
