{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Sources that say what to expect speak for a day; where none does, a day is covered on which anything came.
with days as (
    select
        platform,
        covered_on,
        sum(got_count) filter (where expected_count > 0) / sum(expected_count) filter (where expected_count > 0) as coverage_ratio,
        sum(got_count) as got_count
    from {{ ref("int_coverage_days") }}
    group by all
)

select
    platform,
    date_trunc('month', covered_on)::date as month,
    day(last_day(any_value(covered_on)))::bigint as day_count,
    count(*) filter (
        where case when coverage_ratio is null then got_count > 0 else coverage_ratio >= {{ var("coverage_threshold_ratio") }} end
    )::bigint as covered_day_count
from days
where platform in ('{{ var("social_platforms") | join("', '") }}')
group by platform, date_trunc('month', covered_on)
order by platform, month
