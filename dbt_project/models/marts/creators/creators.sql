select
    accounts.creator_key, count(*) as account_count, list_sort(list(distinct accounts.platform)) as platforms,
    min(accounts.actor_class) as actor_class, max(accounts.public_name) as public_name,
    max(accounts.followers_count) as followers_count, min(accounts.created_at) as created_at,
    max(accounts.evidence_class) as evidence_class
from {{ ref('int_accounts') }} as accounts
group by accounts.creator_key
