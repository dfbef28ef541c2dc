-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

-- Only who is known on two platforms can be seen to move.
with persons as (
    select
        creator_key,
        account_key
    from {{ ref("int_accounts") }}
    where link_evidence <> 'none' and actor_class not in ('brand', 'media', 'bot')
    qualify
        min(platform) over (partition by creator_key) <> max(platform) over (partition by creator_key)
)

select
    date_trunc('month', days.event_day)::date as month,
    persons.creator_key,
    days.platform,
    days.event_day,
    sum(days.own_post_count)::bigint as own_post_count
from {{ ref("int_account_days") }} as days
inner join persons on days.account_key = persons.account_key
where
    days.own_post_count > 0
    {% if is_incremental() %}
    and date_trunc('month', days.event_day)::date in (select month from {{ ref("int_touched_months") }})
    {% endif %}
group by all
