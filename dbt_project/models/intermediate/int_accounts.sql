{{ config(pre_hook="{{ keep_last_night() }}") }}

with profiles as (
    select * from {{ ref("int_account_profiles") }}
)

select
    profiles.platform,
    profiles.account_key,
    -- A person is joined only by links that both profiles declare.
    coalesce(persons.creator_key, profiles.account_key) as creator_key,
    case when persons.creator_key is null then 'none' else 'mutual_self_declared' end as link_evidence,
    -- Who publishes and is not said to be something else is a creator; who only reacts is unknown. The seed of outlets knows better than
    -- a profile, which seldom says that it speaks for a brand or a medium.
    case
        when outlets.outlet_class is not null then outlets.outlet_class
        when profiles.actor_class is not null and profiles.actor_class <> 'unknown' then profiles.actor_class
        when profiles.has_posted then 'creator'
        else 'unknown'
    end as actor_class,
    profiles.created_at,
    profiles.followers_count,
    coalesce(profiles.status, 'active') as status,
    coalesce(outlets.outlet_name, profiles.public_name) as public_name
from profiles
left join {{ ref("int_persons") }} as persons on profiles.account_key = persons.account_key
left join {{ ref("int_outlet_accounts") }} as outlets on profiles.account_key = outlets.account_key
left join {{ ref("int_deletions") }} as deletions
    on deletions.subject_type = 'account' and profiles.account_key = deletions.subject_key
where deletions.subject_key is null
