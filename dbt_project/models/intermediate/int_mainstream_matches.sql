-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}},
    post_hook="{{ export_months(this, 'born_month', 'select born_month as month from ' ~ ref('int_open_trends')) }}"
) }}

-- Items of outlets that are about a candidate trend: from as long before its birth as rates are taken over, so that who printed it first is
-- seen, to the end of its window. Articles match by tags and titles, or because they link to a post with the unit; accounts of outlets by what
-- their posts use.
with candidates as (
    {{ candidates_looked_for() }}
),

-- The day of a date is a time span, and of what says only when it was collected nothing is known but that it is not later.
items as (
    select
        *,
        case ts_quality
            when 'exact' then published_at
            when 'date_only' then date_trunc('day', published_at)
        end as published_low_at,
        case ts_quality
            when 'exact' then published_at
            when 'date_only' then date_trunc('day', published_at) + interval 1 day
        end as published_high_at
    from {{ ref("int_mainstream_items") }}
    where event_day >= (select min(looked_for_from)::date from candidates)
),

-- A unit is used under all its labels.
labels as (
    {{ trend_labels("candidates") }}
),

unit_matches as (
    select *
    from {{ ref("int_item_matches") }}
    where trend_key in (select trend_key from candidates)
),

item_credits as (
    select
        item_key,
        published_high_at,
        unnest(credited_post_keys) as post_key
    from items
    where credited_post_keys is not null
),

-- A post that uses a unit under two labels uses it once.
labelled_uses as (
    select distinct
        labels.trend_key,
        candidates.unit_type,
        uses.post_key,
        uses.account_key,
        uses.platform,
        uses.published_at,
        uses.ts_quality
    from {{ ref("int_unit_uses") }} as uses
    inner join labels on uses.unit_type = labels.unit_type and uses.unit = labels.label
    inner join candidates
        on
            labels.trend_key = candidates.trend_key
            and uses.published_at >= candidates.looked_for_from
            and uses.published_at < candidates.window_ends_at
),

-- What is credited came before: a post that is later than the item tells of a wrong clock, and is counted only.
credits as (
    select
        uses.trend_key,
        item_credits.item_key,
        count(*) filter (where uses.published_at < item_credits.published_high_at)::bigint as credited_post_count,
        count(*) filter (where uses.published_at >= item_credits.published_high_at)::bigint as late_credit_count,
        arg_min(uses.post_key, (uses.published_at, uses.post_key)) filter (where uses.published_at < item_credits.published_high_at)
            as credited_post_key,
        arg_min(uses.account_key, (uses.published_at, uses.post_key)) filter (where uses.published_at < item_credits.published_high_at)
            as credited_account_key,
        min(uses.published_at) filter (where uses.published_at < item_credits.published_high_at) as credited_at
    from item_credits
    inner join labelled_uses as uses on item_credits.post_key = uses.post_key
    left join {{ ref("int_accounts") }} as accounts on uses.account_key = accounts.account_key
    where
        (accounts.actor_class is null or accounts.actor_class not in ('brand', 'media'))
        -- Of an item without a time of its own nobody can say whether the post was older.
        and item_credits.published_high_at is not null
    group by all
),

matches as (
    select
        coalesce(unit_matches.trend_key, credits.trend_key) as trend_key,
        coalesce(unit_matches.item_key, credits.item_key) as item_key,
        coalesce(unit_matches.is_tag_match, false) as is_tag_match,
        coalesce(unit_matches.is_title_match, false) as is_title_match,
        coalesce(credits.credited_post_count, 0) as credited_post_count,
        coalesce(credits.late_credit_count, 0) as late_credit_count,
        credits.credited_post_key,
        credits.credited_account_key,
        credits.credited_at
    from unit_matches
    full outer join credits on unit_matches.trend_key = credits.trend_key and unit_matches.item_key = credits.item_key
),

article_matches as (
    select
        matches.*,
        items.platform,
        {{ outlet_id("items") }} as outlet_id,
        {{ outlet_class("items") }} as outlet_class,
        coalesce(items.link_keys[1], items.item_key) as article_key,
        items.published_low_at,
        items.published_high_at,
        items.published_at as seen_at,
        items.ts_quality,
        trim(regexp_replace(lower(items.title), '[^\p{L}\p{N}]+', ' ', 'g')) as plain_title,
        items.credited_handle_keys,
        false as is_account_post
    from matches
    inner join items on matches.item_key = items.item_key
),

account_posts as (
    select
        uses.trend_key,
        uses.post_key as item_key,
        uses.unit_type = 'hashtag' as is_tag_match,
        false as is_title_match,
        0::bigint as credited_post_count,
        0::bigint as late_credit_count,
        null::varchar as credited_post_key,
        null::varchar as credited_account_key,
        null::timestamptz as credited_at,
        uses.platform,
        uses.account_key as outlet_id,
        accounts.actor_class as outlet_class,
        uses.post_key as article_key,
        case uses.ts_quality when 'exact' then uses.published_at when 'date_only' then date_trunc('day', uses.published_at) end
            as published_low_at,
        case uses.ts_quality
            when 'exact' then uses.published_at
            when 'date_only' then date_trunc('day', uses.published_at) + interval 1 day
        end as published_high_at,
        uses.published_at as seen_at,
        uses.ts_quality,
        null::varchar as plain_title,
        null::varchar[] as credited_handle_keys,
        true as is_account_post
    from labelled_uses as uses
    inner join {{ ref("int_accounts") }} as accounts
        on uses.account_key = accounts.account_key and accounts.actor_class in ('brand', 'media')
),

all_matches as (
    select * from article_matches
    union all by name
    select * from account_posts
),

inside as (
    select
        all_matches.*,
        coalesce(all_matches.published_low_at, all_matches.seen_at) as ordered_at,
        date_trunc('month', candidates.born_at)::date as born_month
    from all_matches
    inner join candidates on all_matches.trend_key = candidates.trend_key
    where
        coalesce(all_matches.published_high_at, all_matches.seen_at) >= candidates.looked_for_from
        and coalesce(all_matches.published_low_at, all_matches.seen_at) < candidates.window_ends_at
        -- A brand that names brands speaks of itself or of a partner, and takes nothing up.
        and not (candidates.unit_type = 'brand' and all_matches.outlet_class = 'brand')
),

-- One article that two archives list is one: the one that says its time best.
articles as (
    select *
    from inside
    qualify row_number() over (
        partition by trend_key, article_key
        order by ts_quality = 'exact' desc, ts_quality = 'date_only' desc, credited_post_count desc, ordered_at asc, item_key asc
    ) = 1
),

-- A story that several outlets print under one headline within three days has one source: short headlines are no sign of it.
stories as (
    select
        *,
        case
            when plain_title is not null and len(string_split(plain_title, ' ')) >= {{ var("syndication_smallest_word_count") }}
                then md5(plain_title)
            else article_key
        end as story_key
    from articles
),

story_steps as (
    select
        *,
        coalesce(
            ordered_at - lag(ordered_at) over story > interval {{ var("syndication_window_hours") }} hour,
            true
        ) as begins_group
    from stories
    window story as (partition by trend_key, story_key order by ordered_at, item_key)
)

select
    trend_key,
    item_key,
    platform,
    outlet_id,
    outlet_class,
    published_low_at,
    published_high_at,
    seen_at,
    ts_quality,
    is_tag_match,
    is_title_match,
    is_account_post,
    case
        when credited_post_count > 0 then 'link'
        when is_tag_match then 'tag'
        when is_title_match then 'title'
        when is_account_post then 'post'
        else 'link'
    end as matched_by,
    md5(story_key || '|' || sum(begins_group::integer) over story::varchar) as syndication_key,
    credited_post_count,
    late_credit_count,
    credited_post_key,
    credited_account_key,
    credited_at,
    credited_handle_keys,
    born_month
from story_steps
window story as (partition by trend_key, story_key order by ordered_at, item_key)
