-- depends_on: {{ ref('int_retraced_trends') }}
{{ depends_on_all_platforms("follows") }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_retraced_trends"}},
    post_hook="{{ export_months(this, 'born_month', 'select born_month as month from ' ~ ref('int_retraced_trends')) }}"
) }}

-- Ties between two adopters of one trend; adoptions are joined first, so that nobody else's contacts are ever paired.
with adoptions as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        adoptions.adopted_at,
        adoptions.born_month,
        candidates.label,
        candidates.born_at
    from {{ ref("int_trend_adoptions") }} as adoptions
    inner join {{ ref("int_trend_candidates") }} as candidates on adoptions.trend_key = candidates.trend_key
    where
        not candidates.is_left_censored
        {% if is_incremental() %}
        and adoptions.trend_key in (select trend_key from {{ ref("int_retraced_trends") }})
        {% endif %}
),

{{ contacts_of_adopters(among_adopters=true) }},

-- First whom an adopter follows, then whether they adopted too: the other way round every two adopters of a trend would be paired.
follows_of_adopters as {{ materialized() }} (
    select
        adoptions.trend_key,
        adoptions.account_key,
        known_follows.target_account_key,
        adoptions.born_month
    from adoptions
    inner join known_follows
        on adoptions.account_key = known_follows.source_account_key and known_follows.known_at < adoptions.adopted_at
),

followed as (
    select
        follows_of_adopters.trend_key,
        follows_of_adopters.account_key,
        others.account_key as contact_account_key,
        'follow' as evidence,
        1::bigint as contact_count,
        null::timestamptz as traced_at,
        follows_of_adopters.born_month
    from follows_of_adopters
    inner join adoptions as others
        on follows_of_adopters.trend_key = others.trend_key and follows_of_adopters.target_account_key = others.account_key
),

met_by_adopters as {{ materialized() }} (
    select
        adoptions.trend_key,
        adoptions.account_key,
        adoptions.adopted_at,
        adoptions.born_month,
        adoptions.label,
        interactions.* exclude (source_account_key, interacted_month)
    from adoption_months as adoptions
    inner join interactions
        on
            adoptions.account_key = interactions.source_account_key
            and adoptions.interacted_month = interactions.interacted_month
            and interactions.interacted_at <= adoptions.adopted_at
            and interactions.interacted_at >= adoptions.adopted_at - interval {{ var("contact_window_days") }} day
),

met as (
    select
        met_by_adopters.* exclude (target_account_key),
        others.account_key as contact_account_key,
        others.adopted_at as contact_adopted_at
    from met_by_adopters
    inner join adoptions as others
        on met_by_adopters.trend_key = others.trend_key and met_by_adopters.target_account_key = others.account_key
),

-- A reply that also names whom it answers is one contact.
interacted as (
    select
        trend_key,
        account_key,
        contact_account_key,
        'interaction' as evidence,
        count(distinct coalesce(post_key, interaction_key))::bigint as contact_count,
        null::timestamptz as traced_at,
        born_month
    from met
    where interacted_at < adopted_at
    group by all
),

-- The post that takes the trend up names, quotes, reposts or answers somebody who had it.
adopting_posts as (
    select
        adoptions.trend_key,
        uses.post_key,
        posts.post_type
    from adoptions
    inner join {{ ref("int_tag_uses") }} as uses
        on
            adoptions.label = uses.tag
            and adoptions.account_key = uses.account_key
            and adoptions.adopted_at = uses.published_at
    inner join {{ ref("int_posts") }} as posts on uses.post_key = posts.post_key
),

named as (
    select
        met.trend_key,
        met.account_key,
        met.contact_account_key,
        case
            when met.interaction_type in ('mention', 'tag') then 'credit'
            when met.interaction_type = 'comment' then 'reply'
            else met.interaction_type
        end as evidence,
        met.contact_adopted_at as traced_at,
        met.born_month
    from met
    inner join adopting_posts on met.trend_key = adopting_posts.trend_key and met.post_key = adopting_posts.post_key
    where
        met.contact_adopted_at < met.adopted_at
        -- Who answers names whom they answer: that is no credit.
        and (met.interaction_type not in ('mention', 'tag') or adopting_posts.post_type not in ('reply', 'comment'))
),

-- Before it took the trend up it had answered, liked, quoted or reposted a post with it.
reacted as (
    select
        met.trend_key,
        met.account_key,
        met.contact_account_key,
        case when met.interaction_type = 'comment' then 'reply' else met.interaction_type end as evidence,
        uses.published_at as traced_at,
        met.born_month
    from met
    inner join {{ ref("int_tag_uses") }} as uses
        on
            met.label = uses.tag
            and met.target_post_key = uses.post_key
            and met.contact_account_key = uses.account_key
    where
        uses.published_at < met.adopted_at
        and uses.published_at >= met.contact_adopted_at
        and met.interacted_at < met.adopted_at
        and met.interacted_at >= met.adopted_at - interval {{ var("parent_window_days") }} day
),

traced as (
    select
        trend_key,
        account_key,
        contact_account_key,
        evidence,
        count(*)::bigint as contact_count,
        max(traced_at) as traced_at,
        born_month
    from (
        select * from named
        union all
        select * from reacted
    ) as traces
    group by all
)

select * from followed
union all
select * from interacted
union all
select * from traced
