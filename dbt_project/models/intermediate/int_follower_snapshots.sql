with snapshots as (
    {{ all_platforms("accounts") }}
)

select
    platform,
    account_key,
    observed_at,
    max(followers_count) as followers_count
from snapshots
where followers_count is not null
group by all
