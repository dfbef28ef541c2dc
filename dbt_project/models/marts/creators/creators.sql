with account_posts as (
    select
        account_key,
        sum(post_count) as post_count,
        min(first_post_at) as first_post_at,
        max(last_post_at) as last_post_at,
        arg_min(tier_at_first_post, first_post_at) as tier_at_first_post,
        arg_max(tier_at_last_post, last_post_at) as tier_at_last_post
    from {{ ref("int_account_days") }}
    group by all
),

-- A person is what the most public of the accounts is; each account's reasons are the person's.
classes as (
    select
        accounts.creator_key,
        arg_min(
            classes.actor_class,
            list_position(['media', 'brand', 'bot', 'creator', 'aggregator', 'audience', 'unknown'], classes.actor_class)
        ) as actor_class,
        list_sort(list_distinct(flatten(list(classes.actor_class_reasons)))) as actor_class_reasons,
        bool_or(classes.is_suspected_automated) as is_suspected_automated
    from {{ ref("int_accounts") }} as accounts
    inner join {{ ref("int_account_classes") }} as classes using (platform, account_key)
    group by all
)

select
    accounts.creator_key,
    count(*)::bigint as account_count,
    list_sort(list_distinct(list(accounts.platform))) as platforms,
    max(accounts.link_evidence) as link_evidence,
    any_value(classes.actor_class) as actor_class,
    any_value(classes.actor_class_reasons) as actor_class_reasons,
    bool_or(classes.is_suspected_automated) as is_suspected_automated,
    max(accounts.public_name) as public_name,
    sum(account_posts.post_count)::bigint as post_count,
    min(account_posts.first_post_at) as first_post_at,
    max(account_posts.last_post_at) as last_post_at,
    arg_min(account_posts.tier_at_first_post, account_posts.first_post_at) as tier_at_first_post,
    arg_max(account_posts.tier_at_last_post, account_posts.last_post_at) as tier_at_last_post
from {{ ref("int_accounts") }} as accounts
inner join account_posts on accounts.account_key = account_posts.account_key
inner join classes on accounts.creator_key = classes.creator_key
group by all
order by creator_key
