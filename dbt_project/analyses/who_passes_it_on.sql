-- From which group to which do trends pass along ties, for each post of the first, and is that beyond what equal histories give?
select
    month,
    group_kind,
    from_group,
    to_group,
    method,
    credited_count,
    null_credited_count,
    excess_ratio,
    q_value,
    credited_per_post,
    credited_per_post_low,
    credited_per_post_high,
    claim,
    null_reason
from {{ ref("ripple_flows") }}
order by month, group_kind, q_value nulls last, from_group, to_group, method
