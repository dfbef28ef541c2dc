-- Where did each trend with a known beginning begin: how many of its first ten adopters are of which tier, platform and niche?
-- A description, not a claim: small accounts are most accounts, so compare with who_originates.
with first_adopters as (
    select
        adoptions.trend_key,
        adoptions.tier,
        adoptions.platform,
        adoptions.niche_id
    from {{ ref("trend_adoptions") }} as adoptions
    qualify row_number() over (partition by adoptions.trend_key order by adoptions.adopted_at, adoptions.account_key) <= 10
)

select
    trends.label,
    trends.born_at,
    first_adopters.tier,
    first_adopters.platform,
    niches.name as niche_name,
    count(*) as adopter_count
from first_adopters
inner join {{ ref("trends") }} as trends on first_adopters.trend_key = trends.trend_key
left join {{ ref("niches") }} as niches on first_adopters.niche_id = niches.niche_id
where not trends.is_left_censored
group by trends.label, trends.born_at, first_adopters.tier, first_adopters.platform, niches.name
order by trends.born_at asc, trends.label asc, adopter_count desc, first_adopters.tier asc, first_adopters.platform asc
