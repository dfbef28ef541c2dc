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

-- Where no post has a text nothing is expected and nothing is told.
parameters as (
    select
        *,
        coalesce(expected_commercial_share, 0.5) * {{ var("organic_concentration") }} as organic_alpha,
        (1 - coalesce(expected_commercial_share, 0.5)) * {{ var("organic_concentration") }} as organic_beta,
        {{ var("seeded_alpha") }} as seeded_alpha,
        {{ var("seeded_beta") }} as seeded_beta
    from counted
),

-- Beta-binomial likelihoods of the commercial posts among the first adopters: around the expected share for a trend that nobody pays for,
-- around a share far above it for a seeded one.
weighed as (
    select
        *,
        (
            lgamma(commercial_first_count + seeded_alpha) + lgamma(other_first_count + seeded_beta)
            - lgamma(judged_first_count + seeded_alpha + seeded_beta)
            + lgamma(seeded_alpha + seeded_beta) - lgamma(seeded_alpha) - lgamma(seeded_beta)
        ) - (
            lgamma(commercial_first_count + organic_alpha) + lgamma(other_first_count + organic_beta)
            - lgamma(judged_first_count + organic_alpha + organic_beta)
            + lgamma(organic_alpha + organic_beta) - lgamma(organic_alpha) - lgamma(organic_beta)
        ) as log_likelihood_ratio
    from parameters
),

judged as (
    select
        *,
        case
            when judged_first_count > 0 then 1 / (1 + exp(-(ln({{ var("seeded_prior") }} / (1 - {{ var("seeded_prior") }})) + log_likelihood_ratio)))
        end as astroturf_probability
    from weighed
)

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
    -- A share below what is expected can be unlikely too: a seeded trend has more.
    astroturf_probability >= {{ var("astroturf_threshold_probability") }} and commercial_share_first100 > expected_commercial_share as is_astroturf
from judged
order by trend_key
