-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}}
) }}

with creators as (
    select account_key
    from {{ ref("int_accounts") }}
    where actor_class = 'creator'
),

posts as (
    select
        date_trunc('month', posts.event_day)::date as month,
        posts.*
    from {{ ref("int_posts") }} as posts
    inner join creators on posts.account_key = creators.account_key
    where
        posts.post_type <> 'repost'
        {% if is_incremental() %}
        and date_trunc('month', posts.event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
),

replies as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        count(*)::bigint as reply_received_count
    from {{ ref("int_interactions") }}
    where
        interaction_type in ('reply', 'comment')
        and target_account_key in (select account_key from creators)
        and source_account_key is distinct from target_account_key
        {% if is_incremental() %}
        and date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
    group by all
),

months as (
    select
        month,
        platform,
        count(*)::bigint as post_count,
        count(distinct account_key)::bigint as active_account_count,
        count(text_char_count)::bigint as text_post_count,
        quantile_cont(text_char_count, 0.25) as text_char_low_quartile_count,
        median(text_char_count) as text_char_median_count,
        quantile_cont(text_char_count, 0.75) as text_char_high_quartile_count,
        count(media_kind)::bigint as media_known_post_count,
        count(*) filter (where media_kind = 'image')::bigint as image_post_count,
        count(*) filter (where media_kind = 'video')::bigint as video_post_count,
        count(*) filter (where media_kind = 'audio')::bigint as audio_post_count,
        count(tags)::bigint as tag_known_post_count,
        sum(len(tags))::bigint as tag_count,
        count(link_domains)::bigint as link_known_post_count,
        count(*) filter (where len(link_domains) > 0)::bigint as linking_post_count,
        count(*) filter (where post_type in ('reply', 'comment'))::bigint as reply_post_count
    from posts
    group by all
)

select
    months.*,
    coalesce(replies.reply_received_count, 0)::bigint as reply_received_count
from months
left join replies on months.platform = replies.platform and months.month = replies.month
