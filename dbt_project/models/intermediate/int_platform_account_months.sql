-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}}
) }}

with posts as (
    select
        posts.platform,
        posts.account_key,
        posts.published_at,
        posts.post_type in ('post', 'video', 'story') and posts.ts_quality = 'exact' as is_comparable,
        date_trunc('month', posts.event_day)::date as month,
        coalesce(
            metrics.like_count, metrics.comment_count, metrics.repost_count, metrics.share_count, metrics.save_count
        ) is not null as is_measured,
        coalesce(metrics.like_count, 0) + coalesce(metrics.comment_count, 0) + coalesce(metrics.repost_count, 0)
        + coalesce(metrics.share_count, 0) + coalesce(metrics.save_count, 0) as attention_count
    from {{ ref("int_posts") }} as posts
    left join {{ ref("int_post_metrics") }} as metrics on posts.post_key = metrics.post_key
    where
        posts.account_key is not null
        and posts.post_type <> 'repost'
        {% if is_incremental() %}
        and date_trunc('month', posts.event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
)

select
    month,
    platform,
    account_key,
    count(*)::bigint as own_post_count,
    count(*) filter (where is_comparable)::bigint as comparable_post_count,
    count(*) filter (where is_measured)::bigint as measured_post_count,
    sum(attention_count) filter (where is_measured)::bigint as attention_count,
    min(published_at) as first_post_at,
    max(published_at) as last_post_at
from posts
group by all
