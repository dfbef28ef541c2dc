with landed as (
    {{ all_coverage() }}
),

sources as (
    select
        platform,
        source,
        covered_on,
        any_value(collection_method) as collection_method,
        sum(got_count)::bigint as got_count,
        sum(quarantined_count)::bigint as quarantined_count,
        max(expected_count) as stated_count,
        -- A live collection says itself whether it was whole.
        max(status) filter (where starts_with(source, 'live_')) as stated_status,
        max(reason) as reason
    from landed
    group by all
),

spans as (
    select
        platform,
        source,
        any_value(collection_method) as collection_method,
        min(covered_on) as began_on,
        max(covered_on) as ended_on
    from sources
    where got_count > 0
    group by all
),

-- A day on which nothing came is a row too: a gap is not a zero.
days as (
    select
        platform,
        source,
        collection_method,
        unnest(generate_series(began_on, ended_on, interval 1 day))::date as covered_on
    from spans
    where collection_method in ('firehose', 'archive', 'timeline') and ended_on - began_on <= 3660
    union
    select
        platform,
        source,
        collection_method,
        covered_on
    from sources
),

filled as (
    select
        days.platform,
        days.source,
        days.covered_on,
        days.collection_method,
        coalesce(sources.got_count, 0)::bigint as got_count,
        coalesce(sources.quarantined_count, 0)::bigint as quarantined_count,
        sources.stated_count,
        sources.stated_status,
        sources.reason
    from days
    left join sources using (platform, source, covered_on)
),

expected as (
    select
        *,
        median(got_count) over (
            partition by platform, source
            order by covered_on
            rows between 28 preceding and 1 preceding
        ) as trailing_median_count,
        count(*) over (
            partition by platform, source
            order by covered_on
            rows between 28 preceding and 1 preceding
        ) as trailing_day_count
    from filled
),

judged as (
    select
        *,
        coalesce(stated_count, case when trailing_day_count >= 7 then trailing_median_count end)::double as expected_count
    from expected
)

select
    platform,
    source,
    covered_on,
    collection_method,
    got_count,
    quarantined_count,
    expected_count,
    got_count / nullif(expected_count, 0) as coverage_ratio,
    case
        when stated_status = 'skipped' then 'skipped'
        when expected_count is null or expected_count = 0 then 'unknown'
        when got_count = 0 then 'outage'
        when stated_status = 'partial' then 'partial'
        when got_count < {{ var("coverage_threshold_ratio") }} * expected_count then 'partial'
        else 'ok'
    end as status,
    reason
from judged
order by platform, source, covered_on
