with memberships as (
    select
        accounts.creator_key,
        memberships.niche_id,
        memberships.month,
        -- A person is in a niche as deep as the deepest of the accounts. A mean would hang on accounts that have no row, since their share
        -- is below what is kept, and on how many posts each platform takes for saying the same.
        max(memberships.membership_strength) as membership_strength,
        max(memberships.membership_strength) filter (where memberships.is_primary) as primary_strength,
        count(*)::bigint as account_count,
        list_sort(list_distinct(list(memberships.platform))) as platforms,
        max(memberships.method_version) as method_version,
        max(memberships.params_hash) as params_hash
    from {{ source("derived", "niche_memberships") }} as memberships
    inner join {{ ref("int_accounts") }} as accounts using (platform, account_key)
    group by all
)

select
    creator_key,
    niche_id,
    month,
    membership_strength,
    -- Accounts of one person may have different first niches: the deepest of these is the person's.
    primary_strength is not null
    and row_number() over (
        partition by creator_key, month
        order by primary_strength desc nulls last, account_count desc, niche_id asc
    ) = 1 as is_primary,
    account_count,
    platforms,
    method_version,
    params_hash
from memberships
order by creator_key, month, niche_id
