{# CTEs from counts of commercial posts among a trend's first adopters (``counted``) to whether a brand seeded it (``judged``). #}
{% macro judged_astroturf() %}
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
{% endmacro %}

{# A share below what is expected can be unlikely too: a seeded trend has more. #}
{% macro is_astroturf() %}
astroturf_probability >= {{ var("astroturf_threshold_probability") }} and commercial_share_first100 > expected_commercial_share
{%- endmacro %}
