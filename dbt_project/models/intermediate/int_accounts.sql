with snapshots as (
    {{ all_platforms("accounts") }}
),

profiles as (
    select
        platform,
        account_key,
        arg_max(handle_key, observed_at) filter (where handle_key is not null) as handle_key,
        coalesce(arg_max(declared_handle_keys, observed_at) filter (where declared_handle_keys is not null), []) as declared_handle_keys,
        min(created_at) as created_at,
        arg_max(followers_count, observed_at) filter (where followers_count is not null) as followers_count,
        arg_max(actor_class, observed_at) filter (where actor_class is not null) as actor_class,
        arg_max(status, observed_at) filter (where status is not null) as status,
        arg_max(public_name, observed_at) filter (where public_name is not null) as public_name
    from snapshots
    group by all
),

posters as (
    select distinct
        platform,
        account_key
    from {{ ref("int_posts") }}
    where account_key is not null
),

everyone as (
    select
        platform,
        account_key
    from profiles
    union
    select
        platform,
        account_key
    from posters
),

-- A person is joined only by links that both profiles declare.
mutual_links as (
    select
        mine.account_key,
        min(theirs.account_key) as linked_account_key
    from profiles as mine
    inner join profiles as theirs
        on
            list_contains(mine.declared_handle_keys, theirs.handle_key)
            and list_contains(theirs.declared_handle_keys, mine.handle_key)
            and mine.account_key <> theirs.account_key
    group by all
)

select
    everyone.platform,
    everyone.account_key,
    least(everyone.account_key, coalesce(mutual_links.linked_account_key, everyone.account_key)) as creator_key,
    case when mutual_links.linked_account_key is null then 'none' else 'mutual_self_declared' end as link_evidence,
    -- Who publishes and is not said to be something else is a creator; who only reacts is unknown.
    case
        when profiles.actor_class is not null and profiles.actor_class <> 'unknown' then profiles.actor_class
        when posters.account_key is not null then 'creator'
        else 'unknown'
    end as actor_class,
    profiles.created_at,
    profiles.followers_count,
    coalesce(profiles.status, 'active') as status,
    profiles.public_name
from everyone
left join profiles using (platform, account_key)
left join posters using (platform, account_key)
left join mutual_links using (account_key)
left join {{ ref("int_deletions") }} as deletions
    on deletions.subject_type = 'account' and everyone.account_key = deletions.subject_key
where deletions.subject_key is null
