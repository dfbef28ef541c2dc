with posts as (
    select
        posts.platform,
        accounts.creator_key,
        date_trunc('month', posts.event_day)::date as month,
        posts.post_key,
        posts.published_at,
        posts.tier_at_post,
        posts.followers_at_post_count,
        metrics.like_count,
        metrics.comment_count,
        metrics.repost_count,
        metrics.share_count,
        metrics.save_count
    from {{ ref("int_posts") }} as posts
    inner join {{ ref("int_accounts") }} as accounts using (platform, account_key)
    left join {{ ref("int_post_metrics") }} as metrics using (platform, post_key)
    where posts.post_type <> 'repost'
),

received as (
    select
        accounts.creator_key,
        date_trunc('month', interactions.event_day)::date as month,
        count(*) filter (where interaction_type in ('reply', 'comment')) as replies_received_count,
        count(distinct source_account_key) as partner_count
    from {{ ref("int_interactions") }} as interactions
    inner join {{ ref("int_accounts") }} as accounts
        on interactions.target_account_key = accounts.account_key
    where interactions.source_account_key is distinct from interactions.target_account_key
    group by all
),

months as (
    select
        creator_key,
        month,
        count(*)::bigint as post_count,
        count(distinct published_at::date)::bigint as active_day_count,
        list_sort(list_distinct(list(platform))) as platforms,
        arg_max(tier_at_post, published_at) as tier,
        max_by(followers_at_post_count, published_at) as followers_count,
        -- Ratio of sums over posts with a counter and a known size: never the mean of ratios.
        sum(coalesce(like_count, 0) + coalesce(comment_count, 0) + coalesce(repost_count, 0) + coalesce(share_count, 0) + coalesce(save_count, 0))
            filter (where like_count is not null and followers_at_post_count > 0)::bigint as engagement_count,
        sum(followers_at_post_count) filter (where like_count is not null and followers_at_post_count > 0)::bigint as engagement_follower_count
    from posts
    group by all
)

select
    months.creator_key,
    months.month,
    months.platforms,
    months.tier,
    months.followers_count,
    months.post_count,
    months.active_day_count,
    months.engagement_count,
    months.engagement_follower_count,
    months.engagement_count / months.engagement_follower_count as engagement_rate,
    coalesce(received.replies_received_count, 0)::bigint as replies_received_count,
    coalesce(received.partner_count, 0)::bigint as partner_count
from months
left join received using (creator_key, month)
order by months.creator_key, months.month
