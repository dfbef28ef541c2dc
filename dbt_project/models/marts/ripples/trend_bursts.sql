-- A burst is that of a trend where it falls into the trend's window or leads up to it; other bursts of its tag are the tag's own.
select
    bursts.tag as label,
    candidates.trend_key,
    bursts.began_on,
    bursts.ended_on,
    bursts.peak_on,
    bursts.month,
    bursts.ended_on - bursts.began_on + 1 as duration_days,
    bursts.user_count,
    bursts.peak_author_count,
    bursts.author_day_count,
    bursts.expected_author_day_count,
    bursts.excess_author_day_count,
    bursts.ratio_to_base,
    bursts.base_level,
    bursts.dispersion,
    bursts.p_value,
    bursts.q_value,
    bursts.is_ongoing,
    bursts.naive_is_burst,
    bursts.naive_kleinberg_weight,
    bursts.method_version,
    bursts.params_hash
from {{ source("derived", "trend_bursts") }} as bursts
left join {{ ref("int_trend_candidates") }} as candidates
    on
        bursts.tag = candidates.label
        and bursts.ended_on >= candidates.born_at::date
        and bursts.began_on < candidates.window_ends_at::date
-- The k of the tables' k-anonymity: a unit is looked at from fewer users than it is told of.
where bursts.user_count >= {{ var("smallest_adopter_count") }}
order by bursts.tag, bursts.began_on
