-- Early warning: which trends grow from inside, among insiders, and no outlet has taken them up yet?
-- What comes of them is not told: adoption_survival says how many of such trends ever got there.
select
    trends.label,
    trends.born_at,
    trends.adopter_count,
    shapes.exogeneity_class,
    shapes.exogeneity_reason,
    shapes.first_day_niche_count,
    shapes.is_coordinated,
    verdicts.origin_tier,
    verdicts.insider_share,
    commercial.commercial_share_first100
from {{ ref("trends") }} as trends
inner join {{ ref("trend_shapes") }} as shapes on trends.trend_key = shapes.trend_key
left join {{ ref("trend_origin_verdicts") }} as verdicts on trends.trend_key = verdicts.trend_key
left join {{ ref("commercial_trends") }} as commercial on trends.trend_key = commercial.trend_key
left join {{ ref("mainstream_adoptions") }} as reached on trends.trend_key = reached.trend_key and reached.lag_days is not null
where
    reached.trend_key is null
    and not trends.is_left_censored
    and not trends.is_in_use_before
    and shapes.exogeneity_class <> 'exogenous'
order by verdicts.insider_share desc nulls last, trends.adopter_count desc, trends.label asc
