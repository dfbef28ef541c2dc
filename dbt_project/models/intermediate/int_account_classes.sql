{%- set hours = range(24) -%}
with activity as (
    select
        platform,
        account_key,
        sum(post_count) as post_count,
        sum(own_post_count) as own_post_count,
        sum(answer_count) as answer_count,
        sum(repost_count) as repost_count,
        sum(linking_post_count) as linking_post_count,
        max(linked_domain_count) as linked_domain_count,
        sum(link_count) as link_count,
        sum(distinct_link_count) as distinct_link_count,
        sum(reaction_count) as reaction_count,
        sum(gap_count) as gap_count,
        sum(log_gap_square_sum) / nullif(sum(gap_count), 0) - (sum(log_gap_sum) / nullif(sum(gap_count), 0)) ** 2 as log_gap_variance,
        [
            {% for hour in hours -%}
            sum(hour_post_counts[{{ hour + 1 }}]){{ ", " if not loop.last }}
            {% endfor %}
        ] as hour_post_counts,
        -- An account that posted on one day only has not shown a rate of that day.
        nullif(sum(post_count), 0) / greatest(
            (epoch(max(last_post_at)) - epoch(min(first_post_at))) / 86400, {{ var("automation_smallest_day_count") }}
        ) as daily_post_count
    from {{ ref("int_activity_months") }}
    group by all
),

known as (
    select
        accounts.platform,
        accounts.account_key,
        profiles.actor_class as stated_class,
        outlets.outlet_class,
        coalesce(tier_scheme.tier, 'unknown') as tier,
        activity.* exclude (platform, account_key, hour_post_counts),
        list_sum(activity.hour_post_counts) as timed_post_count,
        -- The six hours on end in which the fewest of its posts fall: when people sleep.
        least(
            {% for hour in hours -%}
            list_sum(list_concat(activity.hour_post_counts, activity.hour_post_counts)[{{ hour + 1 }}:{{ hour + 6 }}]){{ ", " if not loop.last }}
            {% endfor %}
        ) / nullif(list_sum(activity.hour_post_counts), 0) as quiet_share
    from {{ ref("int_accounts") }} as accounts
    inner join {{ ref("int_account_profiles") }} as profiles using (platform, account_key)
    left join {{ ref("int_outlet_accounts") }} as outlets using (platform, account_key)
    left join activity using (platform, account_key)
    {{ join_tier("accounts.followers_count") }}
),

-- Who mostly answers posts at another rhythm than who posts.
peers as (
    select
        platform,
        tier,
        median(ln(daily_post_count)) as median_log_rate,
        count(*) as peer_count
    from known
    where
        outlet_class is null
        and post_count >= {{ var("automation_smallest_peer_post_count") }}
        and own_post_count > {{ var("audience_largest_own_share") }} * post_count
    group by all
),

compared as (
    select
        known.*,
        case
            when peers.peer_count >= {{ var("automation_smallest_peer_count") }} then ln(known.daily_post_count) - peers.median_log_rate
        end as rate_above_peers,
        known.outlet_class is null
        and known.post_count >= {{ var("automation_smallest_peer_post_count") }}
        and known.own_post_count > {{ var("audience_largest_own_share") }} * known.post_count as is_peer
    from known
    left join peers using (platform, tier)
),

-- The spread is that of a platform, for of one size there may be few; and of those below the median, for the bots that it is to find are
-- above. 1.4826 times the median absolute deviation is the standard deviation of a normal variable.
spreads as (
    select
        platform,
        1.4826 * median(-rate_above_peers) filter (where rate_above_peers < 0) as log_rate_spread
    from compared
    where is_peer
    group by all
),

signs as (
    select
        compared.*,
        compared.rate_above_peers / nullif(spreads.log_rate_spread, 0) as rate_z_score,
        coalesce(compared.post_count, 0) >= {{ var("automation_smallest_post_count") }} as is_told_by_rhythm,
        coalesce(compared.post_count, 0) >= {{ var("actor_smallest_post_count") }} as is_told_by_kind
    from compared
    left join spreads using (platform)
),

marked as (
    select
        *,
        is_told_by_rhythm
        and daily_post_count >= {{ var("automation_smallest_daily_rate") }}
        and coalesce(rate_z_score >= {{ var("automation_rate_z_score") }}, false) as is_high_rate,
        gap_count >= {{ var("automation_smallest_post_count") }}
        and sqrt(greatest(log_gap_variance, 0)) < {{ var("automation_largest_log_gap_spread") }} as is_regular,
        timed_post_count >= {{ var("automation_round_the_clock_post_count") }}
        and quiet_share >= {{ var("automation_smallest_quiet_share") }} as is_round_the_clock,
        link_count >= {{ var("automation_smallest_post_count") }}
        and 1 - distinct_link_count / link_count >= {{ var("automation_smallest_repeated_link_share") }} as is_repeating_links,
        is_told_by_kind and repost_count >= {{ var("aggregator_smallest_share") }} * post_count as is_reposting,
        -- A shop links to itself; who passes on what others publish links to many.
        own_post_count >= {{ var("actor_smallest_post_count") }}
        and linking_post_count >= {{ var("aggregator_smallest_share") }} * post_count
        and linked_domain_count >= {{ var("aggregator_smallest_domain_count") }} as is_linking,
        coalesce(own_post_count, 0) <= {{ var("audience_largest_own_share") }} * coalesce(post_count, 0)
        and coalesce(answer_count, 0) + coalesce(repost_count, 0) + coalesce(reaction_count, 0) > 0 as is_answering
    from signs
),

reasoned as (
    select
        platform,
        account_key,
        case
            when outlet_class is not null then outlet_class
            when stated_class is not null and stated_class <> 'unknown' then stated_class
            when coalesce(is_reposting, false) or coalesce(is_linking, false) then 'aggregator'
            when is_answering then 'audience'
            when own_post_count > 0 then 'creator'
            else 'unknown'
        end as actor_class,
        list_where(
            [
                'seed_of_outlets', 'stated_bot', 'stated_by_platform', 'mostly_reposts', 'mostly_links', 'only_replies',
                'only_reactions', 'posts_own', 'high_rate', 'regular_intervals', 'round_the_clock', 'duplicate_links'
            ],
            [
                outlet_class is not null,
                outlet_class is null and coalesce(stated_class = 'bot', false),
                outlet_class is null and coalesce(stated_class not in ('bot', 'unknown'), false),
                coalesce(is_reposting, false),
                coalesce(is_linking, false),
                is_answering and coalesce(post_count, 0) > 0,
                is_answering and coalesce(post_count, 0) = 0,
                coalesce(own_post_count, 0) > 0 and not is_answering,
                coalesce(is_high_rate, false),
                coalesce(is_regular, false),
                coalesce(is_round_the_clock, false),
                coalesce(is_repeating_links, false)
            ]
        ) as actor_class_reasons,
        daily_post_count,
        rate_z_score,
        case when gap_count >= {{ var("automation_smallest_post_count") }} then sqrt(greatest(log_gap_variance, 0)) end as log_gap_spread,
        quiet_share,
        outlet_class is null
        and coalesce(stated_class, 'unknown') not in ('brand', 'media')
        and (coalesce(stated_class = 'bot', false) or coalesce(is_high_rate, false) or coalesce(is_regular, false) or coalesce(is_round_the_clock, false))
            as is_suspected_automated
    from marked
)

select
    platform,
    account_key,
    actor_class,
    actor_class_reasons,
    is_suspected_automated,
    daily_post_count,
    rate_z_score,
    log_gap_spread,
    quiet_share
from reasoned
