with trends as (
    select
        trend_key,
        unit_type,
        unit,
        label
    from {{ ref("int_trend_candidates") }}
),

-- Labels that are joined: their uses are uses of the trend.
joined as (
    select
        aliases.alias_type,
        aliases.alias as alias_label,
        trends.trend_key,
        trends.unit_type,
        trends.label,
        aliases.alias_kind,
        aliases.alias_account_count,
        aliases.alias_log_odds,
        aliases.context_log_odds,
        aliases.time_log_odds,
        null::double as shared_adopter_ratio
    from {{ ref("int_unit_aliases") }} as aliases
    inner join trends on aliases.unit_type = trends.unit_type and aliases.unit = trends.unit
    -- How few people write it is theirs.
    where aliases.alias_account_count >= {{ var("smallest_alias_account_count") }}
),

-- Units that are part of a trend: no trends of their own, and their uses are not added.
parts as (
    select
        units.alias_type,
        units.alias_label,
        trends.trend_key,
        trends.unit_type,
        trends.label,
        units.alias_kind,
        units.alias_account_count,
        null::double as alias_log_odds,
        null::double as context_log_odds,
        null::double as time_log_odds,
        units.shared_adopter_ratio
    from {{ ref("int_co_adopted_units") }} as units
    inner join trends on units.unit_type = trends.unit_type and units.unit = trends.unit
)

select * from joined
union all
select * from parts
order by alias_type, alias_label
