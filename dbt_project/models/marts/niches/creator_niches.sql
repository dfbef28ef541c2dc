with members as (
    select
        accounts.creator_key,
        memberships.*,
        insiders.* exclude (month, platform, account_key, niche_id, is_member, method_version, params_hash),
        -- A person is as far inside as the account that is farthest in; all that is told of how far is told of that account.
        row_number() over (
            partition by accounts.creator_key, memberships.niche_id, memberships.month
            order by insiders.insider_score desc nulls last, memberships.membership_strength desc, memberships.account_key asc
        ) as depth_rank
    from {{ source("derived", "niche_memberships") }} as memberships
    inner join {{ ref("int_accounts") }} as accounts using (platform, account_key)
    left join {{ source("derived", "niche_insiders") }} as insiders using (month, platform, account_key, niche_id)
),

memberships as (
    select
        creator_key,
        niche_id,
        month,
        -- A person is in a niche as deep as the deepest of the accounts. A mean would hang on accounts that have no row, since their share
        -- is below what is kept, and on how many posts each platform takes for saying the same.
        max(membership_strength) as membership_strength,
        max(membership_strength) filter (where is_primary) as primary_strength,
        count(*)::bigint as account_count,
        list_sort(list_distinct(list(platform))) as platforms,
        max(method_version) as method_version,
        max(params_hash) as params_hash
    from members
    group by all
),

insiders as (
    select * from members
    where depth_rank = 1
)

select
    memberships.creator_key,
    memberships.niche_id,
    memberships.month,
    memberships.membership_strength,
    -- Accounts of one person may have different first niches: the deepest of these is the person's.
    memberships.primary_strength is not null
    and row_number() over (
        partition by memberships.creator_key, memberships.month
        order by memberships.primary_strength desc nulls last, memberships.account_count desc, memberships.niche_id asc
    ) = 1 as is_primary,
    memberships.account_count,
    memberships.platforms,
    insiders.insider_score,
    insiders.insider_null_reason,
    insiders.insider_part_count,
    insiders.is_insider,
    insiders.tenure_days,
    insiders.is_tenure_at_least,
    insiders.interaction_count,
    insiders.in_niche_interaction_count,
    insiders.expected_in_niche_ratio,
    insiders.in_niche_lift,
    insiders.vocabulary_alignment_bits,
    insiders.core_number_ratio,
    insiders.tenure_rank,
    insiders.in_niche_rank,
    insiders.vocabulary_rank,
    insiders.core_rank,
    insiders.niche_action_count,
    insiders.generalist_specialist_raw_score,
    insiders.generalist_specialist_score,
    memberships.method_version,
    memberships.params_hash
from memberships
inner join insiders using (creator_key, niche_id, month)
order by memberships.creator_key, memberships.month, memberships.niche_id
