-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

-- Own posts of creators that have a text, by rule set; replies and what is passed on disclose nothing of their own.
with posts as (
    select
        date_trunc('month', signals.event_day)::date as month,
        signals.platform,
        signals.account_key,
        coalesce(signals.tier_at_post, 'unknown') as tier,
        signals.post_key,
        signals.has_paid_label,
        signals.commercial_probability >= {{ var("commercial_threshold_probability") }} as is_flagged,
        unnest(signals.disclosures, recursive := true)
    from {{ ref("int_post_text_signals") }} as signals
    inner join {{ ref("int_accounts") }} as accounts on signals.account_key = accounts.account_key
    where
        accounts.actor_class = 'creator'
        and signals.post_type in ('post', 'quote', 'video', 'story', 'live')
        {% if is_incremental() %}
        and date_trunc('month', signals.event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
),

levelled as (
    select
        posts.* exclude (level),
        posts.level as text_level,
        case when posts.has_paid_label then 'platform_label' else posts.level end as level
    from posts
),

rated as (
    select
        levelled.*,
        case
            when levelled.level in ('platform_label', 'clear_text') then 'disclosed'
            when levelled.level = 'ambiguous' or levelled.is_flagged then 'undisclosed'
            else 'organic'
        end as kind,
        metrics.like_count is not null and posts.followers_at_post_count > 0 as is_rated,
        posts.followers_at_post_count as follower_count,
        coalesce(metrics.like_count, 0) + coalesce(metrics.comment_count, 0) + coalesce(metrics.repost_count, 0)
        + coalesce(metrics.share_count, 0) + coalesce(metrics.save_count, 0) as engagement_count
    from levelled
    inner join {{ ref("int_posts") }} as posts on levelled.post_key = posts.post_key
    left join {{ ref("int_post_metrics") }} as metrics on levelled.post_key = metrics.post_key
)

select
    month,
    platform,
    account_key,
    tier,
    ruleset,
    count(*) as post_count,
    count(*) filter (where level = 'platform_label') as label_count,
    count(*) filter (where level = 'clear_text') as clear_text_count,
    count(*) filter (where level = 'ambiguous') as ambiguous_count,
    count(*) filter (where level = 'none' and is_flagged) as flagged_count,
    count(*) filter (where is_flagged) as commercial_count,
    count(*) filter (where text_level <> 'none') as placed_count,
    count(*) filter (where text_level <> 'none' and is_before_fold) as before_fold_count
    {%- for kind in ["disclosed", "undisclosed", "organic"] %},
    coalesce(sum(engagement_count) filter (where is_rated and kind = '{{ kind }}'), 0)::bigint as {{ kind }}_engagement_count,
    coalesce(sum(follower_count) filter (where is_rated and kind = '{{ kind }}'), 0)::bigint as {{ kind }}_follower_count
    {%- endfor %}
from rated
group by all
