select
    platform,
    niche_id,
    resource,
    panel,
    first_month,
    last_month,
    month_count,
    panel_month,
    panel_account_count,
    hill_2_slope,
    hill_2_slope_low,
    hill_2_slope_high,
    -- What the slope of the logarithm is in words: the change of the effective number in a month.
    exp(hill_2_slope) - 1 as hill_2_change_ratio,
    hill_1_slope,
    hill_1_slope_low,
    hill_1_slope_high,
    micro_share_slope,
    micro_share_slope_low,
    micro_share_slope_high,
    direction,
    abstain_reason,
    method_version,
    params_hash
from {{ source("derived", "decentralisation_trends") }}
order by platform, niche_id, resource, panel
