{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

with coverage as (
    select
        platform,
        min(published_at) as began_at,
        max(published_at) as ended_at,
        bool_or(ts_quality = 'date_only') as is_daily,
        count(*) / count(distinct account_key) as posts_per_account
    from {{ ref("int_platform_posts") }}
    group by all
),

pairs as (
    select
        first_coverage.platform as platform_a,
        second_coverage.platform as platform_b,
        greatest(first_coverage.began_at, second_coverage.began_at) as begins_at,
        least(first_coverage.ended_at, second_coverage.ended_at) as ends_at,
        first_coverage.is_daily or second_coverage.is_daily as is_daily,
        first_coverage.posts_per_account / second_coverage.posts_per_account as posting_rate_ratio
    from coverage as first_coverage
    inner join coverage as second_coverage on first_coverage.platform < second_coverage.platform
)

select
    platform_a,
    platform_b,
    case when begins_at < ends_at then begins_at end as common_begins_at,
    case when begins_at < ends_at then ends_at end as common_ends_at,
    is_daily,
    -- Who posts more uses a tag sooner after hearing of it: at unequal rates earlier is not first.
    posting_rate_ratio
from pairs
order by platform_a, platform_b
