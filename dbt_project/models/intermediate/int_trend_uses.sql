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
    from {{ ref("int_tag_uses") }} as uses
    inner join candidates
        on
            uses.tag = candidates.label
            and uses.published_at >= candidates.born_at
            and uses.published_at < candidates.window_ends_at
    -- Who had taken it up before the onset is no adopter of this window.
    inner join {{ ref("int_tag_first_uses") }} as first_uses
        on
            uses.tag = first_uses.tag
            and uses.account_key = first_uses.account_key
            and first_uses.adopted_at >= candidates.born_at
    left join {{ ref("int_accounts") }} as accounts on uses.account_key = accounts.account_key
),

item_units as (
    select
        outlet_key,
        platform,
        outlet_class,
        published_at,
        ts_quality,
        unnest(list_distinct(list_concat(coalesce(tags, []), coalesce(title_terms, [])))) as unit
    from {{ ref("int_mainstream_items") }}
    where event_day >= (select min(born_at)::date from candidates)
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
    inner join candidates
        on
            item_units.unit = candidates.label
            and item_units.published_at >= candidates.born_at
            and item_units.published_at < candidates.window_ends_at
)

select * from account_uses
union all
select * from outlet_uses
