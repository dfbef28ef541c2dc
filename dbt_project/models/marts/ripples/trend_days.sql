-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}}
) }}

with uses as (
    select
        trend_key,
        published_at::date as day,
        case when actor_class in ('brand', 'media') then actor_class else coalesce(tier, 'unknown') end as actor_group,
        account_key
    from {{ ref("int_trend_uses") }}
    {% if is_incremental() %}
    where trend_key in (select trend_key from {{ ref("int_open_trends") }})
    {% endif %}
),

adoptions as (
    select
        trend_key,
        account_key,
        adopted_at::date as day
    from {{ ref("int_trend_adoptions") }}
)

select
    uses.trend_key,
    uses.day,
    uses.actor_group,
    count(*)::bigint as use_count,
    count(distinct uses.account_key)::bigint as user_count,
    count(distinct adoptions.account_key)::bigint as adopter_count
from uses
left join adoptions using (trend_key, account_key, day)
group by all
