-- An account's own key goes before the handle of its newest profile, which another account can take over.
with by_account as (
    select
        profiles.platform,
        profiles.account_key,
        outlet_keys.outlet_name,
        outlet_keys.outlet_class,
        1 as rank
    from {{ ref("int_account_profiles") }} as profiles
    inner join {{ ref("int_outlet_keys") }} as outlet_keys
        on
            outlet_keys.key_kind = 'account'
            and profiles.platform = outlet_keys.platform
            and profiles.account_key = outlet_keys.key
),

by_handle as (
    select
        profiles.platform,
        profiles.account_key,
        outlet_keys.outlet_name,
        outlet_keys.outlet_class,
        2 as rank
    from {{ ref("int_account_profiles") }} as profiles
    inner join {{ ref("int_outlet_keys") }} as outlet_keys
        on
            outlet_keys.key_kind = 'handle'
            and profiles.platform = outlet_keys.platform
            and profiles.handle_key = outlet_keys.key
),

found as (
    select * from by_account
    union all
    select * from by_handle
)

select
    platform,
    account_key,
    outlet_name,
    outlet_class
from found
qualify row_number() over (partition by account_key order by rank, outlet_name) = 1
