select
    links.account_key,
    links.platform,
    links.declared_handle_key,
    links.linked_account_key,
    links.linked_platform,
    links.is_mutual,
    links.first_seen_at,
    links.last_seen_at,
    links.withdrawn_at,
    coalesce(links.unjoined_reason, persons.unjoined_reason) as unjoined_reason
from {{ ref("int_account_links") }} as links
-- Who never published is audience, of whom no profile is kept here.
inner join {{ ref("int_account_spans") }} as spans on links.account_key = spans.account_key
left join {{ ref("int_persons") }} as persons on links.account_key = persons.account_key and links.is_mutual
order by links.account_key, links.declared_handle_key
