{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- What was collected of a platform on a day, over all sources that deliver days: profiles that are read now and then expect nothing of a day,
-- and live sources count watched items. What a keyword finds is no base rate.
with sources as (
    select
        platform,
        covered_on as event_day,
        got_count,
        expected_count
    from {{ ref("int_coverage_days") }}
    where
        platform in ('{{ var("social_platforms") | join("', '") }}')
        and collection_method <> 'keyword'
        and not starts_with(source, 'live_')
),

days as (
    select
        platform,
        event_day,
        sum(got_count)::bigint as got_count,
        sum(got_count) filter (where expected_count > 0)::double as judged_count,
        sum(expected_count) filter (where expected_count > 0)::double as expected_count
    from sources
    group by all
)

select
    platform,
    event_day,
    got_count,
    expected_count,
    judged_count / expected_count as coverage_ratio,
    coalesce(judged_count >= {{ var("coverage_threshold_ratio") }} * expected_count, got_count > 0) as is_covered
from days
order by platform, event_day
