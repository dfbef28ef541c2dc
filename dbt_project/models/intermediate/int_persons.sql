{%- set most_accounts = var("largest_person_account_count") -%}
-- Accounts that links join, closed over chains: who is linked to whom is linked is the same person.
with recursive links as (
    select
        account_key,
        linked_account_key,
        min(mutual_since_at) as mutual_since_at
    from {{ ref("int_account_links") }}
    where is_mutual and unjoined_reason is null
    group by all
),

reached as (
    select
        account_key,
        linked_account_key
    from links
    union
    select
        account_key,
        account_key as linked_account_key
    from links
),

-- In each round an account takes the least key that its neighbours have. Accounts of a person of n are at most n - 1 links apart, so that
-- after so many rounds all of them have the least one, whatever the order.
rounds as (
    select distinct
        account_key,
        account_key as least_key,
        0 as round_number
    from links
    union all
    select
        reached.account_key,
        min(rounds.least_key) as least_key,
        max(rounds.round_number) + 1 as round_number
    from rounds
    inner join reached on rounds.account_key = reached.linked_account_key
    where rounds.round_number < {{ most_accounts - 1 }}
    group by reached.account_key
),

groups as (
    select
        account_key,
        least_key
    from rounds
    where round_number = {{ most_accounts - 1 }}
),

-- A larger component either has become one group of too many accounts, or it is still several groups, each of which then borders on another.
borders as (
    select distinct mine.least_key
    from links
    inner join groups as mine on links.account_key = mine.account_key
    inner join groups as theirs on links.linked_account_key = theirs.account_key
    where mine.least_key <> theirs.least_key
),

sizes as (
    select
        groups.least_key,
        count(*)::bigint as account_count,
        count(borders.least_key) = 0 and count(*) <= {{ most_accounts }} as is_person
    from groups
    left join borders on groups.least_key = borders.least_key
    group by all
),

declared as (
    select
        account_key,
        count(*)::bigint as link_count,
        min(mutual_since_at) as linked_at
    from links
    group by all
)

select
    groups.account_key,
    case when sizes.is_person then groups.least_key end as creator_key,
    declared.link_count,
    case when sizes.is_person then declared.linked_at end as linked_at,
    case when not sizes.is_person then 'person_of_too_many_accounts' end as unjoined_reason
from groups
inner join sizes on groups.least_key = sizes.least_key
inner join declared on groups.account_key = declared.account_key
