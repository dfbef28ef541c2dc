-- depends_on: {{ ref('int_recounted_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_recounted_trends"}}
) }}

-- Accounts that took a trend up, in their order; outlets are no adopters of this count.
with adoptions as (
    select
        trend_key,
        account_key,
        adopted_at,
        date_trunc('month', adopted_at)::date as adopted_month,
        row_number() over (partition by trend_key order by adopted_at, account_key) as adoption_rank
    from {{ ref("int_trend_adoptions") }}
    where
        actor_class not in ('brand', 'media')
        {% if is_incremental() %}
        and trend_key in (select trend_key from {{ ref("int_recounted_trends") }})
        {% endif %}
),

-- By the post that took it up; of two posts in one moment the more commercial one.
judged as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        adoptions.adopted_at,
        adoptions.adopted_month,
        adoptions.adoption_rank,
        max(signals.commercial_probability) as commercial_probability,
        max(signals.commercial_probability) >= {{ var("commercial_threshold_probability") }} as is_commercial
    from adoptions
    left join {{ ref("int_post_text_signals") }} as signals
        on adoptions.account_key = signals.account_key and adoptions.adopted_at = signals.published_at
    group by all
),

-- Rule sets judge the same posts: of one of them, every post once.
account_months as (
    select
        month,
        account_key,
        sum(commercial_count) as commercial_count,
        sum(post_count) as post_count
    from {{ ref("int_disclosure_months") }}
    where
        ruleset = (select min(ruleset) from {{ ref("int_disclosure_months") }})
        and month in (select adopted_month from adoptions)
    group by all
),

-- Half a post each way, so that a month without commercial posts still has a chance of one.
base_shares as (
    select
        month,
        (sum(commercial_count) + 0.5) / (sum(post_count) + 1) as base_share
    from account_months
    group by all
),

-- What an adopter's other posts of the month let expect of this one, drawn to the month's share where they are few.
expected as (
    select
        judged.*,
        (
            greatest(coalesce(account_months.commercial_count, 0) - judged.is_commercial::bigint, 0)
            + {{ var("commercial_prior_posts") }} * base_shares.base_share
        ) / (greatest(coalesce(account_months.post_count, 0) - 1, 0) + {{ var("commercial_prior_posts") }}) as expected_share
    from judged
    left join base_shares on judged.adopted_month = base_shares.month
    left join account_months on judged.adopted_month = account_months.month and judged.account_key = account_months.account_key
)

select
    trend_key,
    count(*) as adopter_count,
    count(commercial_probability) as judged_adopter_count,
    count(*) filter (where is_commercial) as commercial_adopter_count,
    count(commercial_probability) filter (where adoption_rank <= 100) as judged_first_count,
    count(*) filter (where adoption_rank <= 100 and is_commercial) as commercial_first_count,
    -- Rounded, since the order of a sum is not told.
    round(avg(expected_share) filter (where adoption_rank <= 100 and commercial_probability is not null), 9) as expected_commercial_share,
    min(adopted_at) filter (where is_commercial) as first_commercial_at
from expected
group by all
