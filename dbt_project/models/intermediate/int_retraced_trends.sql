{{ depends_on_all_platforms("deletions") }}
{{ depends_on_all_platforms("follows") }}
{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Trends whose contacts are looked up anew tonight: those made anew, and those that an interaction or a follow of tonight reaches from
-- outside of its posts: one that is gone, found again, or told late.
with new_follows as (
    {{ all_platforms("follows", of_touched_days=true) }}
),

new_deletions as (
    {{ all_platforms("deletions", of_touched_days=true) }}
),

gone_follows as (
    select *
    from ({{ all_platforms("follows") }}) as follows_of_all_days
    where follow_key in (select subject_key from new_deletions)
),

changed_follows as (
    select
        source_account_key,
        coalesce(followed_at, observed_at) as known_at
    from new_follows
    union
    select
        source_account_key,
        coalesce(followed_at, observed_at) as known_at
    from gone_follows
),

retraced as (
    select
        trend_key,
        born_month
    from {{ ref("int_open_trends") }}
    union all
    select
        adoptions.trend_key,
        adoptions.born_month
    from {{ ref("int_trend_adoptions") }} as adoptions
    inner join changed_follows
        on adoptions.account_key = changed_follows.source_account_key and changed_follows.known_at < adoptions.adopted_at
    union all
    select
        candidates.trend_key,
        date_trunc('month', candidates.born_at)::date as born_month
    from {{ ref("int_trend_candidates") }} as candidates
    inner join {{ ref("int_reached_interactions") }} as reached
        on
            reached.event_day >= candidates.born_at::date - {{ var("contact_window_days") + 1 }}
            and reached.event_day <= candidates.window_ends_at::date
)

select distinct
    trend_key,
    born_month
from retraced
{{ with_carried_rows() }}
