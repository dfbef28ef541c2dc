with candidates as (
    select
        trend_key,
        label,
        born_at
    from {{ ref("int_trend_candidates") }}
),

series as (
    select * from {{ ref("stg_trends__attention_series") }}
    union all by name
    select * from {{ ref("stg_wikipedia__attention_series") }}
),

-- A term and a tag are the same where they differ in case, spaces and signs only; an article's name stands after its project's.
named as (
    select
        *,
        regexp_replace(
            lower(nfc_normalize(case when platform = 'wikipedia' then regexp_replace(term, '^[^:/ ]+:', '') else term end)),
            '[^\p{L}\p{M}\p{N}]+', '', 'g'
        ) as label,
        case granularity
            when 'hour' then interval 1 hour
            when 'week' then interval 7 day
            when 'month' then interval 1 month
            else interval 1 day
        end as period_length
    from series
),

matched as (
    select
        candidates.trend_key,
        candidates.label,
        named.platform,
        named.series_key,
        named.term,
        named.region,
        named.unit,
        named.granularity,
        named.period_starts_at,
        named.period_starts_at + named.period_length as period_ends_at,
        named.interest_value,
        coalesce(named.is_partial, false) as is_partial
    from named
    inner join candidates
        on regexp_replace(candidates.label, '[^\p{L}\p{M}\p{N}]+', '', 'g') = named.label
)

select
    matched.trend_key,
    matched.label,
    matched.platform,
    matched.series_key,
    matched.term,
    matched.region,
    matched.unit,
    matched.granularity,
    matched.period_starts_at,
    matched.period_ends_at,
    matched.interest_value,
    matched.is_partial,
    count(adoptions.account_key)::bigint as adopter_count
from matched
left join {{ ref("int_trend_adoptions") }} as adoptions
    on
        matched.trend_key = adoptions.trend_key
        and adoptions.actor_class not in ('brand', 'media')
        and adoptions.adopted_at >= matched.period_starts_at
        and adoptions.adopted_at < matched.period_ends_at
group by all
order by matched.trend_key, matched.platform, matched.series_key, matched.period_starts_at
