-- A group of few adopters would tell of its members.
with flows as (
    select
        *,
        least(from_adopter_count, to_adopter_count) < {{ var("smallest_flow_group_count") }} as is_small
    from {{ source("derived", "ripple_flows") }}
)

select
    month,
    group_kind,
    from_group,
    to_group,
    method,
    trend_count,
    from_adopter_count,
    to_adopter_count,
    from_post_count,
    tie_count,
    case when is_small then 'too_few_adopters' else null_reason end as null_reason,
    {%- for column in [
        "credited_count", "credited_low_count", "credited_high_count", "credited_per_adopter", "credited_per_post", "credited_per_post_low",
        "credited_per_post_high", "null_credited_count", "excess_ratio", "p_value", "q_value", "influence_count", "influence_low_count",
        "influence_high_count"
    ] %}
    case when not is_small then {{ column }} end as {{ column }},
    {%- endfor %}
    case when is_small then 'abstained' else claim end as claim,
    method_version,
    params_hash
from flows
order by month, group_kind, method, from_group, to_group
