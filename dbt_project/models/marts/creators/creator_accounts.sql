with answered as (
    select
        account_key,
        count(*)::bigint as declared_link_count,
        count(*) filter (where is_mutual)::bigint as mutual_link_count,
        min(unjoined_reason) filter (where is_mutual) as unjoined_reason
    from {{ ref("int_account_links") }}
    where withdrawn_at is null
    group by all
)

select
    accounts.account_key,
    accounts.platform,
    accounts.creator_key,
    accounts.actor_class,
    accounts.status,
    accounts.public_name,
    accounts.link_evidence,
    coalesce(answered.declared_link_count, 0)::bigint as declared_link_count,
    coalesce(answered.mutual_link_count, 0)::bigint as mutual_link_count,
    case when accounts.link_evidence <> 'none' then persons.linked_at::date end as linked_on,
    case when accounts.link_evidence = 'none' then coalesce(persons.unjoined_reason, answered.unjoined_reason) end as unjoined_reason,
    accounts.followers_count,
    tier_scheme.tier,
    spans.post_count,
    spans.first_post_at,
    spans.last_post_at
from {{ ref("int_accounts") }} as accounts
inner join {{ ref("int_account_spans") }} as spans on accounts.account_key = spans.account_key
left join {{ ref("int_persons") }} as persons on accounts.account_key = persons.account_key
left join answered on accounts.account_key = answered.account_key
{{ join_tier("accounts.followers_count") }}
order by accounts.account_key
