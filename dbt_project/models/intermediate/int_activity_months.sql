-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}}
) }}

with posts as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        post_type = 'repost' as is_repost,
        post_type in ('reply', 'comment') as is_answer,
        post_type not in ('repost', 'reply', 'comment') as is_own,
        case when post_type <> 'repost' then link_keys end as link_keys,
        case when post_type <> 'repost' then link_domains end as link_domains,
        published_at,
        -- Of a date alone neither the hour nor the gap to the next post is known.
        case when ts_quality = 'exact' then published_at end as exact_at
    from {{ ref("int_posts") }}
    where
        account_key is not null
        {% if is_incremental() %}
        and date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
),

followed as (
    select
        *,
        epoch(exact_at) - epoch(lag(exact_at) over (partition by month, platform, account_key order by exact_at)) as gap_seconds
    from posts
),

gaps as (
    select
        *,
        -- Posts of one second are one moment.
        case when gap_seconds is not null then ln(greatest(gap_seconds, 1)) end as log_gap
    from followed
),

posting as (
    select
        month,
        platform,
        account_key,
        count(*)::bigint as post_count,
        count(*) filter (where is_own)::bigint as own_post_count,
        count(*) filter (where is_answer)::bigint as answer_count,
        count(*) filter (where is_repost)::bigint as repost_count,
        count(*) filter (where is_own and len(link_domains) > 0)::bigint as linking_post_count,
        len(list_distinct(flatten(coalesce(list(link_domains) filter (where is_own and link_domains is not null), []))))::bigint
            as linked_domain_count,
        coalesce(sum(len(link_keys)), 0)::bigint as link_count,
        len(list_distinct(flatten(coalesce(list(link_keys) filter (where link_keys is not null), []))))::bigint as distinct_link_count,
        min(published_at) as first_post_at,
        max(published_at) as last_post_at,
        [
            {% for hour in range(24) -%}
            count(*) filter (where hour(exact_at) = {{ hour }}){{ ", " if not loop.last }}
            {% endfor %}
        ] as hour_post_counts,
        count(log_gap)::bigint as gap_count,
        coalesce(sum(log_gap), 0) as log_gap_sum,
        coalesce(sum(log_gap * log_gap), 0) as log_gap_square_sum
    from gaps
    group by all
),

reacting as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        source_account_key as account_key,
        count(*)::bigint as reaction_count
    from {{ ref("int_interactions") }}
    where
        source_account_key is not null
        {% if is_incremental() %}
        and date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
    group by all
)

select
    coalesce(posting.month, reacting.month) as month,
    coalesce(posting.platform, reacting.platform) as platform,
    coalesce(posting.account_key, reacting.account_key) as account_key,
    coalesce(posting.post_count, 0) as post_count,
    coalesce(posting.own_post_count, 0) as own_post_count,
    coalesce(posting.answer_count, 0) as answer_count,
    coalesce(posting.repost_count, 0) as repost_count,
    coalesce(posting.linking_post_count, 0) as linking_post_count,
    coalesce(posting.linked_domain_count, 0) as linked_domain_count,
    coalesce(posting.link_count, 0) as link_count,
    coalesce(posting.distinct_link_count, 0) as distinct_link_count,
    posting.first_post_at,
    posting.last_post_at,
    coalesce(posting.hour_post_counts, list_resize([]::bigint[], 24, 0)) as hour_post_counts,
    coalesce(posting.gap_count, 0) as gap_count,
    coalesce(posting.log_gap_sum, 0) as log_gap_sum,
    coalesce(posting.log_gap_square_sum, 0) as log_gap_square_sum,
    coalesce(reacting.reaction_count, 0) as reaction_count
from posting
full outer join reacting
    on
        posting.month = reacting.month
        and posting.platform = reacting.platform
        and posting.account_key = reacting.account_key
