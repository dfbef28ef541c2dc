-- How much of what creators are paid for do they say so, by size, with what uncertainty? Suppressed cells are left out.
select
    month,
    tier,
    post_count,
    commercial_estimate_count,
    clear_rate,
    clear_low,
    clear_high,
    clear_rate_shrunk,
    undisclosed_rate,
    naive_undisclosed_rate,
    engagement_cost_of_disclosure
from {{ ref("disclosure_months") }}
where ruleset = 'ftc_2023' and platform = '*' and niche_id = '*' and not is_suppressed
order by month, tier
