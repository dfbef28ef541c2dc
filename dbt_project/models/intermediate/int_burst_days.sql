-- depends_on: {{ ref('int_burst_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_burst_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_burst_months')) }}"
) }}

with months as (
    select
        month,
        (month - interval 2 month)::date as begins_on,
        (month + interval 2 month)::date as ends_before
    from {{ ref("int_burst_months") }}
),

-- Units: tags in use in the month, with enough users in the months around it.
units as (
    select
        months.month,
        months.begins_on,
        months.ends_before,
        uses.tag,
        count(distinct uses.account_key)::bigint as user_count
    from months
    inner join {{ ref("int_tag_uses") }} as uses
        on uses.event_day >= months.begins_on and uses.event_day < months.ends_before
    group by all
    having
        count(distinct uses.account_key) >= {{ var("burst_smallest_user_count") }}
        and max(date_trunc('month', uses.event_day)::date = months.month)
)

select
    units.month,
    units.tag,
    units.user_count,
    days.platform,
    days.event_day,
    days.author_count
from units
inner join {{ ref("int_tag_days") }} as days
    on
        units.tag = days.tag
        and days.event_day >= units.begins_on
        and days.event_day < units.ends_before
