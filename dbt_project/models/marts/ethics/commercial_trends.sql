with counted as (
    select
        candidates.trend_key,
        candidates.label,
        candidates.born_at,
        commercial.* exclude (trend_key),
        commercial.commercial_adopter_count / nullif(commercial.judged_adopter_count, 0) as commercial_share,
        commercial.commercial_first_count / nullif(commercial.judged_first_count, 0) as commercial_share_first100,
        commercial.judged_first_count - commercial.commercial_first_count as other_first_count
    from {{ ref("int_trend_candidates") }} as candidates
    inner join {{ ref("int_trend_commercial") }} as commercial using (trend_key)
),

{{ judged_astroturf() }}

select
    trend_key,
    label,
    born_at,
    adopter_count,
    judged_adopter_count,
    commercial_adopter_count,
    commercial_share,
    judged_first_count,
    commercial_first_count,
    commercial_share_first100,
    expected_commercial_share,
    first_commercial_at,
    round(astroturf_probability, 9) as astroturf_probability,
    {{ is_astroturf() }} as is_astroturf
from judged
order by trend_key
