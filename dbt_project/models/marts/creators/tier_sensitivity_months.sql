-- Whether what is said of micro creators hangs on the cut: the same shares with the cut a fifth lower and a fifth higher.
with cuts as (
    select
        shifts.cut_shift_ratio,
        (scheme.max_followers_count * (1 + shifts.cut_shift_ratio))::bigint as cut_followers_count
    from {{ ref("tier_scheme") }} as scheme
    cross join (values (-0.2::double), (0.0::double), (0.2::double)) as shifts (cut_shift_ratio)
    where scheme.scheme = 'essay' and scheme.tier = 'micro_1k_10k'
),

-- Rates per followers have a row for every account with a post of its own.
accounts as (
    select
        month,
        platform,
        followers_count,
        rated_post_count + unrated_post_count as post_count,
        engagement_count,
        age_band
    from {{ source("derived", "creator_engagement") }}
    where basis = 'followers'
),

sized as (
    select
        accounts.*,
        cuts.*,
        accounts.followers_count < cuts.cut_followers_count as is_micro
    from accounts
    cross join cuts
    where accounts.followers_count is not null
),

counted as (
    select
        month,
        platform,
        cut_shift_ratio,
        cut_followers_count,
        any_value(age_band) as age_band,
        count(*)::bigint as account_count,
        count(*) filter (where is_micro)::bigint as micro_account_count,
        sum(post_count)::bigint as post_count,
        coalesce(sum(post_count) filter (where is_micro), 0)::bigint as micro_post_count,
        sum(engagement_count)::bigint as engagement_count,
        coalesce(sum(engagement_count) filter (where is_micro), 0)::bigint as micro_engagement_count
    from sized
    group by all
)

select
    month,
    platform,
    cut_shift_ratio,
    cut_followers_count,
    age_band,
    account_count,
    micro_account_count,
    micro_account_count / account_count as micro_account_share,
    post_count,
    micro_post_count,
    micro_post_count / post_count as micro_post_share,
    engagement_count,
    micro_engagement_count,
    micro_engagement_count / nullif(engagement_count, 0) as micro_engagement_share
from counted
order by month, platform, cut_shift_ratio
