-- Replies and comments by others below the own posts of an account, of the months that tonight rebuilds, each with its first answer.
-- An answer is a reply to the reply itself. Replies to a reply are no inbound: who was answered need not answer again.
with replies as (
    select
        platform,
        post_key,
        target_post_key,
        source_account_key,
        target_account_key,
        interacted_at,
        ts_quality,
        date_trunc('month', event_day)::date as month
    from {{ ref("int_interactions") }}
    where
        interaction_type in ('reply', 'comment')
        and source_account_key is not null
        and post_key is not null
        and date_trunc('month', event_day)::date in (
            -- Their answers may come in the month after, and what they answer may have been added to a post in the month before.
            select unnest([month - interval 1 month, month, month + interval 1 month])::date
            from {{ ref("int_relation_touched_months") }}
        )
),

-- What an author adds to an own post is a post too. The interactions tell it: not every statement of a post names its parent.
continuations as (
    select distinct
        platform,
        post_key
    from replies
    where source_account_key = target_account_key
),

inbound as (
    select
        replies.*,
        horizons.known_until
    from replies
    inner join {{ ref("int_posts") }} as target_posts on replies.target_post_key = target_posts.post_key
    inner join {{ ref("int_relation_horizons") }} as horizons on replies.platform = horizons.platform
    where
        replies.month in (select month from {{ ref("int_relation_touched_months") }})
        and target_posts.account_key = replies.target_account_key
        and (
            target_posts.post_type not in ('reply', 'comment', 'repost')
            or (replies.platform, replies.target_post_key) in (select (platform, post_key) from continuations)
        )
        and replies.source_account_key <> replies.target_account_key
        and replies.interacted_at is not null
),

first_answers as (
    select
        inbound.platform,
        inbound.post_key,
        min(answers.interacted_at) as answered_at,
        arg_min(answers.ts_quality, answers.interacted_at) as answer_ts_quality
    from inbound
    inner join replies as answers
        on
            inbound.platform = answers.platform
            and inbound.post_key = answers.target_post_key
            and inbound.target_account_key = answers.source_account_key
    where answers.interacted_at <= inbound.interacted_at + interval {{ var("relation_horizon_days") }} days
    group by all
)

select
    inbound.platform,
    inbound.month,
    inbound.post_key,
    inbound.target_account_key as account_key,
    inbound.source_account_key as partner_account_key,
    inbound.target_post_key,
    first_answers.answered_at is not null as is_answered,
    inbound.interacted_at + interval {{ var("relation_answer_days") }} days <= inbound.known_until as is_eligible,
    coalesce(
        first_answers.answered_at <= inbound.interacted_at + interval {{ var("relation_answer_days") }} days, false
    ) as is_answered_in_time,
    -- Hours to the answer, or for which there was none; NULL where a time is not exact, or the answer is told as the earlier.
    case
        when inbound.ts_quality <> 'exact' or coalesce(first_answers.answer_ts_quality, 'exact') <> 'exact' then null
        when first_answers.answered_at < inbound.interacted_at or inbound.interacted_at > inbound.known_until then null
        else
            epoch_us(
                coalesce(
                    first_answers.answered_at,
                    least(inbound.known_until, inbound.interacted_at + interval {{ var("relation_horizon_days") }} days)
                )
            ) / 3600e6 - epoch_us(inbound.interacted_at) / 3600e6
    end as followed_hours
from inbound
left join first_answers using (platform, post_key)
qualify row_number() over (partition by inbound.platform, inbound.post_key order by inbound.target_post_key) = 1
