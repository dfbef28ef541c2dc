-- depends_on: {{ ref('int_changed_accounts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["account_key"], "listed_in": "int_changed_accounts"}}
) }}

with snapshots as (
    select * from ({{ all_platforms("accounts") }}) as snapshots_of_all_days
    {% if is_incremental() %}
    where account_key in (select account_key from {{ ref("int_changed_accounts") }})
    {% endif %}
),

profiles as (
    select
        platform,
        account_key,
        arg_max(handle_key, observed_at) filter (where handle_key is not null) as handle_key,
        coalesce(arg_max(declared_handle_keys, observed_at) filter (where declared_handle_keys is not null), []) as declared_handle_keys,
        min(created_at) as created_at,
        arg_max(followers_count, observed_at) filter (where followers_count is not null) as followers_count,
        arg_max(actor_class, observed_at) filter (where actor_class is not null) as actor_class,
        arg_max(status, observed_at) filter (where status is not null) as status,
        arg_max(public_name, observed_at) filter (where public_name is not null) as public_name
    from snapshots
    group by all
),

posters as (
    select distinct
        platform,
        account_key
    from {{ ref("int_posts") }}
    where
        account_key is not null
        {% if is_incremental() %}
        and account_key in (select account_key from {{ ref("int_changed_accounts") }})
        {% endif %}
)

select
    coalesce(profiles.platform, posters.platform) as platform,
    coalesce(profiles.account_key, posters.account_key) as account_key,
    profiles.handle_key,
    coalesce(profiles.declared_handle_keys, []) as declared_handle_keys,
    profiles.created_at,
    profiles.followers_count,
    profiles.actor_class,
    profiles.status,
    profiles.public_name,
    posters.account_key is not null as has_posted
from profiles
full outer join posters on profiles.account_key = posters.account_key
