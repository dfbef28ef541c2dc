with accounts as (
    select
        profiles.platform,
        profiles.account_key,
        profiles.handle_key
    from {{ ref("int_account_profiles") }} as profiles
    left join {{ ref("int_deletions") }} as deletions
        on deletions.subject_type = 'account' and profiles.account_key = deletions.subject_key
    where deletions.subject_key is null
),

-- A handle passes on when its owner leaves it; while two accounts were last seen with it, nobody knows whom a link to it means.
handles as (
    select
        handle_key,
        count(*)::bigint as owner_count,
        min(account_key) as owner_account_key,
        min(platform) as owner_platform
    from accounts
    where handle_key is not null
    group by all
),

links as (
    select
        declared.platform,
        declared.account_key,
        declared.declared_handle_key,
        accounts.handle_key,
        coalesce(handles.owner_count, 0)::bigint as owner_count,
        case when handles.owner_count = 1 then handles.owner_account_key end as linked_account_key,
        case when handles.owner_count = 1 then handles.owner_platform end as linked_platform,
        declared.first_seen_at,
        declared.last_seen_at,
        declared.withdrawn_at
    from {{ ref("int_declared_links") }} as declared
    inner join accounts on declared.account_key = accounts.account_key
    left join handles on declared.declared_handle_key = handles.handle_key
    where declared.declared_handle_key is distinct from accounts.handle_key
),

answered as (
    select
        links.*,
        answers.first_seen_at as answered_at,
        links.withdrawn_at is null
        and answers.account_key is not null
        and answers.withdrawn_at is null as is_mutual
    from links
    left join links as answers
        on
            links.linked_account_key = answers.account_key
            and links.handle_key = answers.declared_handle_key
            and links.account_key = answers.linked_account_key
),

-- Who names so many others that name it back is a directory or an agency and not one of them.
counted as (
    select
        account_key,
        count(distinct linked_account_key) filter (where is_mutual) as mutual_link_count
    from answered
    group by all
)

select
    answered.platform,
    answered.account_key,
    answered.declared_handle_key,
    answered.linked_platform,
    answered.linked_account_key,
    answered.is_mutual,
    answered.first_seen_at,
    answered.last_seen_at,
    answered.withdrawn_at,
    case when answered.is_mutual then greatest(answered.first_seen_at, answered.answered_at) end as mutual_since_at,
    case
        when answered.owner_count > 1 then 'handle_of_several_accounts'
        when answered.owner_count = 0 then 'unknown_account'
        when answered.withdrawn_at is not null then 'withdrawn'
        when not answered.is_mutual then 'not_declared_back'
        when mine.mutual_link_count >= {{ var("largest_person_account_count") }} then 'handle_shared_by_many'
        when theirs.mutual_link_count >= {{ var("largest_person_account_count") }} then 'handle_shared_by_many'
    end as unjoined_reason
from answered
left join counted as mine on answered.account_key = mine.account_key
left join counted as theirs on answered.linked_account_key = theirs.account_key
