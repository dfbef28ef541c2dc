-- Who is answered more than others of the same size? Replies a post beside the median of the tier in the same month.
with months as (
    select
        creator_key,
        month,
        tier,
        post_count,
        replies_received_count,
        partner_count,
        replies_received_count / post_count as replies_per_post
    from {{ ref("creator_months") }}
    where post_count >= 5
)

select
    *,
    median(replies_per_post) over (partition by month, tier) as tier_median_replies_per_post,
    count(*) over (partition by month, tier) as tier_creator_count
from months
order by replies_per_post desc, creator_key asc, month asc
limit 50
