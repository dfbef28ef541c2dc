-- depends_on: {{ ref('int_touched_months') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["month"], "listed_in": "int_touched_months"}},
    post_hook="{{ export_months(this, 'month', 'select month from ' ~ ref('int_touched_months')) }}"
) }}

-- Ages at which counters are compared, in days. A counter is known at the age if snapshots bracket it within a factor of four, or if one
-- lies from begins_age to ends_age. The same names and ages are in EngagementParameters, where their hash comes from.
with age_bands as (
    select listed.*
    from (values
        ('day_1', 1.0, 0.75, 1.25),
        ('day_3', 3.0, 2.0, 4.0),
        ('day_7', 7.0, 6.5, 7.5),
        ('settled', 28.0, 28.0, 'infinity'::double)
    ) as listed (age_band, reference_age_days, begins_age_days, ends_age_days)
),

-- What a creator says to its followers: answers are read by those of a thread, reposts are of somebody else.
own_posts as (
    select
        posts.*,
        date_trunc('month', posts.event_day)::date as month
    from {{ ref("int_posts") }} as posts
    inner join {{ ref("int_accounts") }} as accounts on posts.account_key = accounts.account_key
    where
        accounts.actor_class = 'creator'
        and posts.post_type not in ('reply', 'comment', 'repost')
        {% if is_incremental() %}
        and date_trunc('month', posts.event_day)::date in (select month from {{ ref("int_touched_months") }})
        {% endif %}
),

-- Counters lie in the month of their post, unless they were landed without its time.
snapshots as (
    select *
    from ({{ all_platforms("post_metrics") }}) as snapshots_of_all_days
    where
        like_count is not null
        {% if is_incremental() %}
        and (
            published_at is null
            or date_trunc('month', event_day)::date in (select month from {{ ref("int_touched_months") }})
        )
        {% endif %}
),

-- Counters whose age is not known (the time of a post or of its reading is a guess) are of no age.
aged_snapshots as (
    select
        posts.platform,
        posts.post_key,
        posts.ts_quality = 'exact' as is_to_the_hour,
        date_diff('second', posts.published_at, snapshots.observed_at) / 86400.0 as age_days,
        snapshots.view_count,
        snapshots.like_count,
        snapshots.like_count + coalesce(snapshots.comment_count, 0) + coalesce(snapshots.repost_count, 0)
        + coalesce(snapshots.share_count, 0) + coalesce(snapshots.save_count, 0) as engagement_count
    from own_posts as posts
    inner join snapshots
        on
            posts.post_key = snapshots.post_key
            and (snapshots.published_at is null or date_trunc('month', snapshots.event_day)::date = posts.month)
    where
        posts.ts_quality in ('exact', 'date_only')
        and snapshots.ts_quality in ('exact', 'date_only')
),

viewed_platforms as (
    select platform
    from {{ ref("platform_metric_semantics") }}
    where metric = 'view_count' and is_offered
),

-- One row per post x basis of the rate. Views are a basis only where the platform offers them.
post_bases as (
    select
        month,
        platform,
        post_key,
        account_key,
        published_at,
        tier_at_post,
        followers_at_post_count,
        'followers' as basis
    from own_posts
    union all
    select
        month,
        platform,
        post_key,
        account_key,
        published_at,
        tier_at_post,
        followers_at_post_count,
        'views' as basis
    from own_posts
    where platform in (select platform from viewed_platforms)
),

based_snapshots as (
    select
        post_bases.month,
        post_bases.platform,
        post_bases.account_key,
        post_bases.post_key,
        post_bases.basis,
        snapshots.is_to_the_hour,
        snapshots.age_days,
        snapshots.like_count,
        snapshots.engagement_count,
        case post_bases.basis when 'views' then snapshots.view_count else post_bases.followers_at_post_count end as denominator_count
    from post_bases
    inner join aged_snapshots as snapshots on post_bases.post_key = snapshots.post_key
),

-- The snapshots about each age: the last before it, the first after it, and the one nearest to it.
bracketed as (
    select
        snapshots.month,
        snapshots.platform,
        snapshots.account_key,
        snapshots.post_key,
        snapshots.basis,
        bands.age_band,
        any_value(bands.reference_age_days) as reference_age_days,
        max(snapshots.age_days) filter (where snapshots.age_days between bands.reference_age_days / 4 and bands.reference_age_days)
            as age_before_days,
        min(snapshots.age_days) filter (where snapshots.age_days between bands.reference_age_days and bands.reference_age_days * 4)
            as age_after_days,
        arg_max(snapshots, snapshots.age_days)
            filter (where snapshots.age_days between bands.reference_age_days / 4 and bands.reference_age_days) as before,
        arg_min(snapshots, snapshots.age_days)
            filter (where snapshots.age_days between bands.reference_age_days and bands.reference_age_days * 4) as after,
        arg_min(snapshots, abs(snapshots.age_days - bands.reference_age_days))
            filter (where snapshots.age_days between bands.begins_age_days and bands.ends_age_days) as nearest
    from based_snapshots as snapshots
    inner join age_bands as bands
        on
            snapshots.age_days between least(bands.begins_age_days, bands.reference_age_days / 4)
            and greatest(bands.ends_age_days, bands.reference_age_days * 4)
            -- A date is no time at an age of one day or three.
            and (snapshots.is_to_the_hour or bands.reference_age_days >= 7)
    where snapshots.denominator_count > 0
    group by all
),

-- Between two snapshots a counter is taken to be linear in the logarithm of its age.
weighed as (
    select
        * exclude (age_before_days, age_after_days, reference_age_days),
        case
            when age_after_days > age_before_days
                then ln(reference_age_days / age_before_days) / ln(age_after_days / age_before_days)
        end as weight_after
    from bracketed
    where nearest is not null or (before is not null and after is not null)
),

rated_posts as (
    select
        month,
        platform,
        account_key,
        post_key,
        basis,
        age_band,
        round(coalesce(before.like_count + weight_after * (after.like_count - before.like_count), nearest.like_count)) as like_count,
        round(coalesce(before.engagement_count + weight_after * (after.engagement_count - before.engagement_count), nearest.engagement_count))
            as engagement_count,
        round(coalesce(before.denominator_count + weight_after * (after.denominator_count - before.denominator_count), nearest.denominator_count))
            as denominator_count
    from weighed
),

-- Why a post may not be rated, told of all posts alike: no counter, nothing to divide by; else its counters are of another age.
counted_posts as (
    select
        post_bases.*,
        coalesce(counted.has_counter, false) as has_counter,
        case post_bases.basis when 'views' then coalesce(counted.has_views, false) else coalesce(post_bases.followers_at_post_count, 0) > 0 end
            as has_denominator
    from post_bases
    left join (
        select
            post_key,
            true as has_counter,
            bool_or(coalesce(view_count, 0) > 0) as has_views
        from snapshots
        group by all
    ) as counted on post_bases.post_key = counted.post_key
)

select
    month,
    platform,
    account_key,
    basis,
    'any' as age_band,
    arg_max(tier_at_post, published_at) as tier,
    round(avg(followers_at_post_count))::bigint as followers_count,
    count(*)::bigint as post_count,
    count(*) filter (where not has_counter)::bigint as no_counter_post_count,
    count(*) filter (where has_counter and not has_denominator)::bigint as no_denominator_post_count,
    0::bigint as like_count,
    0::bigint as engagement_count,
    0::bigint as denominator_count,
    0.0::double as denominator_square_sum,
    0.0::double as rate_sum,
    0.0::double as rate_square_sum,
    0.0::double as counting_variance_sum
from counted_posts
group by all
union all
select
    month,
    platform,
    account_key,
    basis,
    age_band,
    null as tier,
    null as followers_count,
    count(*)::bigint as post_count,
    0::bigint as no_counter_post_count,
    0::bigint as no_denominator_post_count,
    sum(like_count)::bigint as like_count,
    sum(engagement_count)::bigint as engagement_count,
    sum(denominator_count)::bigint as denominator_count,
    sum(denominator_count ** 2 order by post_key)::double as denominator_square_sum,
    sum(engagement_count / denominator_count order by post_key)::double as rate_sum,
    sum((engagement_count / denominator_count) ** 2 order by post_key)::double as rate_square_sum,
    -- Of a count its variance is its mean: what chance alone adds to the variance of the rates.
    sum(engagement_count / denominator_count ** 2 order by post_key)::double as counting_variance_sum
from rated_posts
group by all
