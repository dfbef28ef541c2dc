-- Uses of candidate trends inside their windows, by accounts and, through tags and titles of their items, by outlets.
with account_uses as (
    select
        candidates.trend_key,
        uses.account_key,
        uses.platform,
        uses.actor_class,
        uses.tier_at_post as tier,
        uses.is_tier_imputed,
        uses.published_at,
        uses.ts_quality
    from {{ ref("int_tag_uses") }} as uses
    inner join {{ ref("int_trend_candidates") }} as candidates
        on uses.tag = candidates.label and uses.published_at < candidates.window_ends_at
),

item_units as (
    select
        outlet_key,
        platform,
        outlet_class,
        published_at,
        ts_quality,
        unnest(list_distinct(list_concat(coalesce(tags, []), coalesce(title_terms, [])))) as unit
    from {{ ref("stg_feeds__mainstream_items") }}
),

outlet_uses as (
    select
        candidates.trend_key,
        item_units.outlet_key as account_key,
        item_units.platform,
        item_units.outlet_class as actor_class,
        null::varchar as tier,
        null::boolean as is_tier_imputed,
        item_units.published_at,
        item_units.ts_quality
    from item_units
    inner join {{ ref("int_trend_candidates") }} as candidates
        on
            item_units.unit = candidates.label
            and item_units.published_at >= candidates.born_at
            and item_units.published_at < candidates.window_ends_at
)

select * from account_uses
union all
select * from outlet_uses
