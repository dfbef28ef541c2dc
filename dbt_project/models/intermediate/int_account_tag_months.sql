-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

with tags as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        tag
    from {{ ref("int_tag_uses") }}
),

communities as (
    select
        date_trunc('month', event_day)::date as month,
        platform,
        account_key,
        'community:' || community as tag
    from {{ ref("int_posts") }}
    where account_key is not null and community is not null
),

uses as (
    select * from tags
    union all
    select * from communities
)

select
    month,
    platform,
    account_key,
    tag,
    count(*) as post_count
from uses
{% if is_incremental() %}
where month in (select month from {{ ref("int_touched_months") }})
{% endif %}
group by all
