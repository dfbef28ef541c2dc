-- Which niches are there, how stable are they under resampling, and which members sit deepest inside?
with ranked as (
    select
        niche_id,
        account_key,
        platform,
        membership_strength,
        row_number() over (partition by niche_id order by membership_strength desc, account_key asc) as place
    from {{ ref("niche_members") }}
    where niche_id is not null
    qualify month = max(month) over (partition by niche_id)
)

select
    niches.name,
    niches.top_tags,
    niches.member_count,
    niches.bootstrap_jaccard,
    ranked.account_key,
    ranked.platform,
    ranked.membership_strength
from {{ ref("niches") }} as niches
inner join ranked on niches.niche_id = ranked.niche_id and ranked.place <= 3
order by niches.member_count desc, niches.name asc, ranked.place asc
