-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

-- What a query found was found for its words: it says nothing of how attention is spread (domain.md B.10).
with own_posts as (
    select
        date_trunc('month', posts.event_day)::date as month,
        posts.platform,
        posts.account_key,
        posts.published_at,
        posts.tier_at_post,
        case
            when metrics.like_count is not null
                then
                    metrics.like_count + coalesce(metrics.comment_count, 0) + coalesce(metrics.repost_count, 0)
                    + coalesce(metrics.share_count, 0) + coalesce(metrics.save_count, 0)
        end as engagement_count,
        metrics.view_count
    from {{ ref("int_posts") }} as posts
    left join {{ ref("int_post_metrics") }} as metrics on posts.post_key = metrics.post_key
    where
        posts.account_key is not null
        and posts.post_type <> 'repost'
        and posts.collection_query is null
        {% if is_incremental() %}
        and date_trunc('month', posts.event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
),

-- Attention of one post is no two independent acts: the sum of squares over posts tells how much of it comes together.
published as (
    select
        month,
        platform,
        account_key,
        arg_max(tier_at_post, published_at) as tier,
        count(*)::bigint as own_post_count,
        count(engagement_count)::bigint as engagement_post_count,
        sum(engagement_count)::bigint as engagement_count,
        sum(engagement_count::double * engagement_count) as engagement_square_sum,
        count(view_count)::bigint as view_post_count,
        sum(view_count)::bigint as view_count,
        sum(view_count::double * view_count) as view_square_sum
    from own_posts
    group by all
),

reposted_posts as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        target_account_key as account_key,
        coalesce(target_post_key, interaction_key) as reposted_key,
        count(*) as repost_count
    from {{ ref("int_interactions") }}
    where
        interaction_type in ('repost', 'quote')
        and target_account_key is not null
        and source_account_key is distinct from target_account_key
        {% if is_incremental() %}
        and date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
    group by all
),

received as (
    select
        month,
        platform,
        account_key,
        sum(repost_count)::bigint as repost_received_count,
        sum(repost_count::double * repost_count) as repost_received_square_sum
    from reposted_posts
    group by all
)

select
    month,
    platform,
    account_key,
    published.tier,
    coalesce(published.own_post_count, 0)::bigint as own_post_count,
    coalesce(published.engagement_post_count, 0)::bigint as engagement_post_count,
    published.engagement_count,
    published.engagement_square_sum,
    coalesce(published.view_post_count, 0)::bigint as view_post_count,
    published.view_count,
    published.view_square_sum,
    coalesce(received.repost_received_count, 0)::bigint as repost_received_count,
    coalesce(received.repost_received_square_sum, 0)::double as repost_received_square_sum
from published
full outer join received using (month, platform, account_key)
