with coverage as (
select * from {{ ref('stg_reddit__coverage') }}
union all by name
select * from {{ ref('stg_bluesky__coverage') }}
union all by name
select * from {{ ref('stg_mastodon__coverage') }}
union all by name
select * from {{ ref('stg_youtube__coverage') }}
union all by name
select * from {{ ref('stg_tiktok__coverage') }}
union all by name
select * from {{ ref('stg_instagram__coverage') }}
union all by name
select * from {{ ref('stg_feeds__coverage') }}
union all by name
select * from {{ ref('stg_trends__coverage') }}
),

per_day as (
    select platform, source, covered_on, sum(got_count)::bigint as got_count, max(expected_count) as declared_count, bool_or(status = 'partial') as is_partial
    from coverage group by all
),

starts as (
    select platform, source, min(covered_on) as starts_on from per_day group by all
),

expected as (
    select
        days.*,
        coalesce(days.declared_count, (
            select median(past.got_count) from per_day as past
            where past.platform = days.platform and past.source = days.source
                and past.covered_on >= days.covered_on - 28 and past.covered_on < days.covered_on
        )) as expected_count
    from per_day as days
)

select
    expected.platform, expected.source, expected.covered_on, expected.got_count, expected.expected_count::double as expected_count,
    (expected.got_count / nullif(expected.expected_count, 0))::double as coverage_ratio,
    case
        when expected.got_count = 0 and expected.expected_count > 0 then 'outage'
        when expected.is_partial or expected.got_count < 0.5 * expected.expected_count then 'partial'
        else 'ok'
    end as status,
    case
        when expected.got_count = 0 and expected.expected_count > 0 then 'nothing arrived'
        when expected.is_partial then 'the source was cut or had bad records'
        when expected.got_count < 0.5 * expected.expected_count then 'less than half of what was expected'
    end as reason
from expected
