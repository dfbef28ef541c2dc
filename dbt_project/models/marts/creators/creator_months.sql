with posting as (
    select
        accounts.creator_key, date_trunc('month', posts.published_at)::date as month, count(*) as post_count,
        count(*) filter (posts.post_type in ('reply', 'comment')) as reply_count,
        arg_max(posts.tier_at_post, posts.published_at) as tier
    from {{ ref('int_posts') }} as posts
    inner join {{ ref('int_accounts') }} as accounts on posts.account_key = accounts.account_key
    group by all
),

received as (
    select accounts.creator_key, date_trunc('month', edges.interacted_at)::date as month, count(*) as interaction_count
    from {{ ref('int_interactions') }} as edges
    inner join {{ ref('int_accounts') }} as accounts on edges.target_account_key = accounts.account_key
    group by all
)

select
    posting.creator_key, posting.month, posting.tier, posting.post_count, posting.reply_count,
    coalesce(received.interaction_count, 0) as engagement_numerator, posting.post_count as engagement_denominator,
    coalesce(received.interaction_count, 0) / posting.post_count as engagement_rate
from posting
left join received on posting.creator_key = received.creator_key and posting.month = received.month
