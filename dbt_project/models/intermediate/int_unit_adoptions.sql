{{ config(materialized="view") }}

-- The first use of a unit under any of its labels. Most units have one label: their rows are passed on as they are.
with aliased as (
    select
        alias_type as label_type,
        alias as label,
        unit_type,
        unit
    from {{ ref("int_unit_aliases") }}
    union
    select
        unit_type as label_type,
        unit as label,
        unit_type,
        unit
    from {{ ref("int_unit_aliases") }}
)

select
    first_uses.unit_type,
    first_uses.unit,
    first_uses.account_key,
    first_uses.adopted_at,
    first_uses.event_day
from {{ ref("int_unit_first_uses") }} as first_uses
left join aliased on first_uses.unit_type = aliased.label_type and first_uses.unit = aliased.label
where aliased.label is null
union all
select
    aliased.unit_type,
    aliased.unit,
    first_uses.account_key,
    min(first_uses.adopted_at) as adopted_at,
    min(first_uses.event_day) as event_day
from {{ ref("int_unit_first_uses") }} as first_uses
inner join aliased on first_uses.unit_type = aliased.label_type and first_uses.unit = aliased.label
group by all
