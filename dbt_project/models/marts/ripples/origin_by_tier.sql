with naive as (
    select max(lead_first_ratio) as naive_false_claim_ratio from {{ ref('estimator_calibration') }} where estimator ilike '%naive%'
)

select odds.*, naive.naive_false_claim_ratio
from {{ derived_rows('origin_odds') }} as odds
cross join naive
