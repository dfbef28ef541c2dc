with first_mainstream as (
    select
        trend_key,
        min(adopted_at) filter (where actor_class in ('brand', 'media')) as first_media_at
    from {{ ref("int_trend_adoptions") }}
    group by all
),

verdicts as (
    select
        trend_key,
        any_value(abstain_reason) filter (where lead_class = 'micro' and target_class = 'large_creators') as abstain_reason,
        any_value(event_key) as event_key
    from {{ source("derived", "trend_precedence") }}
    group by all
),

platform_firsts as (
    select
        trend_key,
        arg_min(platform, adopted_at) as first_seen_platform
    from {{ ref("int_trend_adoptions") }}
    where actor_class not in ('brand', 'media')
    group by all
)

select
    candidates.trend_key,
    candidates.label,
    candidates.unit_type,
    candidates.born_at,
    candidates.window_ends_at,
    candidates.adopter_count,
    candidates.earlier_adopter_count,
    candidates.largest_day_share,
    candidates.is_left_censored,
    candidates.is_in_use_before,
    -- Where a trend was first seen; of one that was in use before nobody can say.
    case when not candidates.is_left_censored and not candidates.is_in_use_before then platform_firsts.first_seen_platform end as first_seen_platform,
    first_mainstream.first_media_at,
    verdicts.event_key,
    case when verdicts.event_key is not null then count(*) over (partition by verdicts.event_key) end as event_trend_count,
    verdicts.abstain_reason
from {{ ref("int_trend_candidates") }} as candidates
left join first_mainstream using (trend_key)
left join verdicts using (trend_key)
left join platform_firsts using (trend_key)
order by candidates.trend_key
