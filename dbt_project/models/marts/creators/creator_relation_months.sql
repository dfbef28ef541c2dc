select
    accounts.creator_key,
    relations.*
from {{ source("derived", "creator_relations") }} as relations
inner join {{ ref("int_accounts") }} as accounts on relations.account_key = accounts.account_key
order by relations.month, relations.platform, relations.account_key
