-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}}
) }}

-- Uses of candidate trends inside their windows, by accounts and, through tags and titles of their items, by outlets.
with candidates as (
    select *
    from {{ ref("int_trend_candidates") }}
    {% if is_incremental() %}
    where trend_key in (select trend_key from {{ ref("int_open_trends") }})
    {% endif %}
),

-- A unit is used under all its labels.
labels as (
    {{ trend_labels("candidates") }}
),

-- A post that uses a unit under two labels uses it once.
labelled_uses as (
    select distinct
        labels.trend_key,
        uses.post_key,
        uses.account_key,
        uses.platform,
        uses.tier_at_post,
        uses.is_tier_imputed,
        uses.published_at,
        uses.ts_quality
    from {{ ref("int_unit_uses") }} as uses
    inner join labels on uses.unit_type = labels.unit_type and uses.unit = labels.label
    inner join candidates
        on
            labels.trend_key = candidates.trend_key
            and uses.published_at >= candidates.born_at
            and uses.published_at < candidates.window_ends_at
),

account_uses as (
    select
        candidates.trend_key,
        uses.account_key,
        uses.platform,
        coalesce(accounts.actor_class, 'unknown') as actor_class,
        uses.tier_at_post as tier,
        uses.is_tier_imputed,
        uses.published_at,
        uses.ts_quality
    from labelled_uses as uses
    inner join candidates on uses.trend_key = candidates.trend_key
    -- Who had taken it up before the onset is no adopter of this window.
    inner join {{ ref("int_unit_adoptions") }} as adoptions
        on
            candidates.unit_type = adoptions.unit_type
            and candidates.unit = adoptions.unit
            and uses.account_key = adoptions.account_key
            and adoptions.adopted_at >= candidates.born_at
    left join {{ ref("int_accounts") }} as accounts on uses.account_key = accounts.account_key
),

items as (
    select *
    from {{ ref("int_mainstream_items") }}
    where event_day >= (select min(born_at)::date from candidates)
),

classed_uses as (
    select
        candidates.trend_key,
        candidates.unit_type,
        items.outlet_key as account_key,
        items.platform,
        {{ outlet_class("items") }} as actor_class,
        null::varchar as tier,
        null::boolean as is_tier_imputed,
        items.published_at,
        items.ts_quality
    from {{ ref("int_item_matches") }} as item_matches
    inner join items on item_matches.item_key = items.item_key
    inner join candidates
        on
            item_matches.trend_key = candidates.trend_key
            and items.published_at >= candidates.born_at
            and items.published_at < candidates.window_ends_at
),

-- A brand that names brands speaks of itself or of a partner, and takes nothing up.
outlet_uses as (
    select
        trend_key,
        account_key,
        platform,
        actor_class,
        tier,
        is_tier_imputed,
        published_at,
        ts_quality
    from classed_uses
    where not (unit_type = 'brand' and actor_class = 'brand')
)

select * from account_uses
union all
select * from outlet_uses
