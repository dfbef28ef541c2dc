-- depends_on: {{ ref('int_relation_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_relation_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_relation_touched_months')) }}"
) }}

with recursive rebuilt_months as (
    select distinct month from {{ ref("int_relation_touched_months") }}
),

-- Who publishes nothing in a month is not known to be watched: whether it answers cannot be said.
publishing as (
    select
        month,
        platform,
        account_key,
        tier_at_last_own_post as tier
    from {{ ref("int_account_months") }}
    where month in (select month from rebuilt_months)
),

-- Answers come in bursts: what they vary by, below a post, is told by these sums.
posts_answered as (
    select
        month,
        platform,
        account_key,
        target_post_key,
        count(*) as inbound_count,
        count(*) filter (where is_eligible) as eligible_count,
        count(*) filter (where is_eligible and is_answered_in_time) as answered_count
    from {{ ref("int_inbound_replies") }}
    group by all
),

inbound as (
    select
        month,
        platform,
        account_key,
        sum(inbound_count)::bigint as inbound_count,
        sum(eligible_count)::bigint as eligible_count,
        sum(answered_count)::bigint as answered_count,
        sum(eligible_count * eligible_count)::bigint as eligible_square_sum,
        sum(answered_count * answered_count)::bigint as answered_square_sum,
        sum(eligible_count * answered_count)::bigint as product_sum
    from posts_answered
    group by all
),

-- Everybody who engages to an account, by whatever kind of edge.
edges as (
    select
        month,
        platform,
        source_account_key,
        target_account_key
    from {{ ref("int_interaction_months") }}
    where
        month in (
            select month from rebuilt_months
            union
            select (month - interval 1 month)::date from rebuilt_months
        )
),

partners as (
    select
        edges.month,
        edges.platform,
        edges.target_account_key as account_key,
        count(*) as partner_count,
        count(backward.source_account_key) as mutual_partner_count,
        count(earlier.source_account_key) as repeat_partner_count
    from edges
    left join edges as backward
        on
            edges.month = backward.month
            and edges.platform = backward.platform
            and edges.source_account_key = backward.target_account_key
            and edges.target_account_key = backward.source_account_key
    left join edges as earlier
        on
            edges.month = (earlier.month + interval 1 month)::date
            and edges.platform = earlier.platform
            and edges.source_account_key = earlier.source_account_key
            and edges.target_account_key = earlier.target_account_key
    where edges.month in (select month from rebuilt_months)
    group by all
),

earlier_partners as (
    select
        (month + interval 1 month)::date as month,
        platform,
        target_account_key as account_key,
        count(*) as previous_partner_count
    from edges
    group by all
),

replies as (
    select
        platform,
        interaction_type,
        post_key,
        target_post_key,
        source_account_key,
        target_account_key,
        stated_target_account_key,
        interacted_at,
        date_trunc('month', event_day)::date as month
    from {{ ref("int_interactions") }}
    where
        interaction_type in ('reply', 'comment')
        and source_account_key is not null
        and post_key is not null
        and target_post_key is not null
        and post_key <> target_post_key
        and date_trunc('month', event_day)::date in (
            select month from rebuilt_months
            union
            select (month + interval 1 month)::date from rebuilt_months
        )
    qualify row_number() over (partition by platform, post_key order by interacted_at, target_post_key) = 1
),

-- Replies of which it shows whether the post that they answer was found: so many of an account's posts are seen. Most replies say whom
-- they answer. Of those that do not, the ones inside a thread that was found: what they answer is in it too.
judged as (
    select
        month,
        platform,
        stated_target_account_key as account_key,
        target_post_key
    from replies
    where stated_target_account_key <> source_account_key
    union all
    select
        replies.month,
        replies.platform,
        root_posts.account_key,
        replies.target_post_key
    from replies
    inner join {{ ref("int_posts") }} as own_posts on replies.post_key = own_posts.post_key
    inner join {{ ref("int_posts") }} as root_posts on own_posts.root_post_key = root_posts.post_key
    where
        replies.stated_target_account_key is null
        and replies.target_post_key <> own_posts.root_post_key
        and date_trunc('month', root_posts.event_day)::date in (replies.month, (replies.month - interval 1 month)::date)
),

addressed as (
    select
        judged.month,
        judged.platform,
        judged.account_key,
        count(*) as addressed_count,
        count(found_posts.post_key) as found_count
    from judged
    left join {{ ref("int_posts") }} as found_posts on judged.target_post_key = found_posts.post_key
    where judged.month in (select month from rebuilt_months)
    group by all
),

threads as (
    select
        date_trunc('month', posts.event_day)::date as month,
        posts.platform,
        posts.account_key,
        posts.post_key as thread_key,
        posts.published_at as began_at
    from {{ ref("int_posts") }} as posts
    where
        posts.account_key is not null
        and posts.post_type not in ('reply', 'comment', 'repost')
        and date_trunc('month', posts.event_day)::date in (select month from rebuilt_months)
),

-- Down from each post, reply by reply. What an author adds to an own post, before anybody else spoke, is the post still.
nodes as (
    select
        threads.month,
        threads.platform,
        threads.account_key,
        threads.thread_key,
        threads.began_at,
        replies.interaction_type,
        replies.post_key,
        replies.source_account_key,
        replies.target_account_key,
        replies.interacted_at,
        1 as level,
        (replies.source_account_key <> threads.account_key)::int as depth,
        case when replies.source_account_key <> threads.account_key then replies.post_key end as branch_key
    from threads
    inner join replies on threads.platform = replies.platform and threads.thread_key = replies.target_post_key
    where replies.interacted_at <= threads.began_at + interval {{ var("relation_horizon_days") }} days
    union all
    select
        nodes.month,
        nodes.platform,
        nodes.account_key,
        nodes.thread_key,
        nodes.began_at,
        replies.interaction_type,
        replies.post_key,
        replies.source_account_key,
        replies.target_account_key,
        replies.interacted_at,
        nodes.level + 1 as level,
        nodes.depth + (nodes.depth > 0 or replies.source_account_key <> nodes.account_key)::int as depth,
        coalesce(
            nodes.branch_key, case when replies.source_account_key <> nodes.account_key then replies.post_key end
        ) as branch_key
    from nodes
    inner join replies on nodes.platform = replies.platform and nodes.post_key = replies.target_post_key
    where
        nodes.level < {{ var("relation_deepest_level") }}
        and replies.interacted_at <= nodes.began_at + interval {{ var("relation_horizon_days") }} days
),

-- What the author and one other say to each other in a branch. Where threads are flat, the other answers below its own comment.
exchanges as (
    select
        thread_key,
        branch_key,
        account_key,
        source_account_key,
        case when source_account_key = account_key then target_account_key else source_account_key end as partner_account_key,
        interacted_at,
        post_key
    from nodes
    where
        branch_key is not null
        and (
            (source_account_key = account_key and target_account_key <> account_key)
            or (source_account_key <> account_key and target_account_key in (account_key, source_account_key))
        )
),

speakers as (
    select
        thread_key,
        branch_key,
        partner_account_key,
        source_account_key,
        -- The post itself is the author's first turn.
        lag(source_account_key, 1, account_key)
            over (partition by thread_key, branch_key, partner_account_key order by interacted_at, post_key)
            as previous_account_key
    from exchanges
),

turns as (
    select
        thread_key,
        branch_key,
        partner_account_key,
        1 + count(*) filter (where source_account_key <> previous_account_key) as turn_count
    from speakers
    group by all
),

thread_turns as (
    select
        thread_key,
        max(turn_count) as turn_count
    from turns
    group by all
),

thread_depths as (
    select
        month,
        platform,
        account_key,
        thread_key,
        max(depth) as depth
    from nodes
    where depth > 0
    group by all
),

conversations as (
    select
        thread_depths.month,
        thread_depths.platform,
        thread_depths.account_key,
        count(*) as thread_count,
        count(*) filter (where thread_turns.turn_count >= 3) as deep_thread_count,
        sum(thread_depths.depth)::bigint as thread_depth_sum,
        quantile_cont(thread_depths.depth, 0.9) as thread_depth_p90
    from thread_depths
    left join thread_turns using (thread_key)
    group by all
),

-- Comments that were found of those that the post's counter told: all of a thread where they are called comments, else direct replies.
found_comments as (
    select
        nodes.thread_key,
        count(*) as found_count
    from nodes
    inner join {{ ref("int_post_metrics") }} as metrics on nodes.thread_key = metrics.post_key
    where
        (nodes.interaction_type = 'comment' or nodes.level = 1)
        and nodes.interacted_at <= metrics.observed_at
    group by all
),

comments as (
    select
        threads.month,
        threads.platform,
        threads.account_key,
        sum(metrics.comment_count)::bigint as reported_comment_count,
        -- A counter that lags behind what was found makes up for no other post's.
        sum(least(coalesce(found_comments.found_count, 0), metrics.comment_count))::bigint as captured_comment_count
    from threads
    inner join {{ ref("int_post_metrics") }} as metrics on threads.thread_key = metrics.post_key
    left join found_comments on threads.thread_key = found_comments.thread_key
    where metrics.comment_count is not null
    group by all
)

select
    publishing.month,
    publishing.platform,
    publishing.account_key,
    publishing.tier,
    coalesce(inbound.inbound_count, 0)::bigint as inbound_count,
    coalesce(inbound.eligible_count, 0)::bigint as eligible_inbound_count,
    coalesce(inbound.answered_count, 0)::bigint as answered_count,
    coalesce(inbound.eligible_square_sum, 0)::bigint as eligible_square_sum,
    coalesce(inbound.answered_square_sum, 0)::bigint as answered_square_sum,
    coalesce(inbound.product_sum, 0)::bigint as product_sum,
    coalesce(partners.partner_count, 0)::bigint as partner_count,
    coalesce(partners.mutual_partner_count, 0)::bigint as mutual_partner_count,
    coalesce(partners.repeat_partner_count, 0)::bigint as repeat_partner_count,
    coalesce(earlier_partners.previous_partner_count, 0)::bigint as previous_partner_count,
    coalesce(conversations.thread_count, 0)::bigint as thread_count,
    coalesce(conversations.deep_thread_count, 0)::bigint as deep_thread_count,
    coalesce(conversations.thread_depth_sum, 0)::bigint as thread_depth_sum,
    conversations.thread_depth_p90,
    comments.reported_comment_count,
    comments.captured_comment_count,
    coalesce(addressed.addressed_count, 0)::bigint as addressed_count,
    coalesce(addressed.found_count, 0)::bigint as found_addressed_count
from publishing
left join inbound using (month, platform, account_key)
left join partners using (month, platform, account_key)
left join earlier_partners using (month, platform, account_key)
left join conversations using (month, platform, account_key)
left join comments using (month, platform, account_key)
left join addressed using (month, platform, account_key)
where
    inbound.account_key is not null
    or partners.account_key is not null
    or conversations.account_key is not null
