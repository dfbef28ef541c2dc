select
    assignments.month,
    assignments.platform,
    assignments.account_key,
    accounts.creator_key,
    assignments.niche_id,
    assignments.membership_strength,
    assignments.bootstrap_jaccard,
    assignments.unassigned_reason,
    assignments.method_version,
    assignments.params_hash
from {{ source("derived", "niche_assignments") }} as assignments
inner join {{ ref("int_accounts") }} as accounts using (platform, account_key)
order by all
