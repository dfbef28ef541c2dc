{{ config(post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Accounts of persons who are known to have several: every other account is a person of its own.
select
    account_key,
    creator_key
from {{ ref("int_persons") }}
where creator_key is not null
order by account_key
