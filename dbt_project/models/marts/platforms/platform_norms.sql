with coverage as (
    select
        platform,
        date_trunc('month', event_day)::date as month,
        count(*) filter (where is_covered) / day(last_day(min(event_day))) as coverage_ratio
    from {{ ref("int_platform_days") }}
    group by all
),

norms as (
    select
        months.*,
        coverage.coverage_ratio,
        months.active_account_count >= {{ var("smallest_platform_cell_count") }} as is_large,
        coalesce(coverage.coverage_ratio, 0) >= {{ var("coverage_threshold_ratio") }} as is_covered
    from {{ ref("int_platform_norm_months") }} as months
    left join coverage on months.platform = coverage.platform and months.month = coverage.month
)

select
    platform,
    month,
    coverage_ratio,
    case when not is_covered then 'coverage' when not is_large then 'few_accounts' end as null_reason,
    {%- set shown = "is_covered and is_large" %}
    case when {{ shown }} then post_count end as post_count,
    case when {{ shown }} then active_account_count end as active_account_count,
    case when {{ shown }} then post_count / active_account_count end as posts_per_account_count,
    case when {{ shown }} then text_post_count end as text_post_count,
    case when {{ shown }} then text_char_low_quartile_count end as text_char_low_quartile_count,
    case when {{ shown }} then text_char_median_count end as text_char_median_count,
    case when {{ shown }} then text_char_high_quartile_count end as text_char_high_quartile_count,
    case when {{ shown }} then media_known_post_count end as media_known_post_count,
    case when {{ shown }} then image_post_count / nullif(media_known_post_count, 0) end as image_share,
    case when {{ shown }} then video_post_count / nullif(media_known_post_count, 0) end as video_share,
    case when {{ shown }} then audio_post_count / nullif(media_known_post_count, 0) end as audio_share,
    case when {{ shown }} then tag_count / nullif(tag_known_post_count, 0) end as tags_per_post_count,
    case when {{ shown }} then linking_post_count / nullif(link_known_post_count, 0) end as link_share,
    case when {{ shown }} then reply_post_count / post_count end as reply_share,
    case when {{ shown }} then reply_received_count / post_count end as replies_received_per_post_count
from norms
order by platform, month
