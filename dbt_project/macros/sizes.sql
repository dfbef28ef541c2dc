{#- Size as of a moment (R7): the latest snapshot not after it, else the first one after it, marked as imputed. As CTEs of the model's own `with`:
    `sized_<subjects>` has the rows of `subjects` (which has account_key), with `size_count` and `is_size_imputed`, NULL without any snapshot. -#}
{%- macro sizes_as_of(subjects, moment) -%}
snapshots as (
    select
        account_key,
        observed_at,
        followers_count
    from {{ ref("int_follower_snapshots") }}
    where account_key in (select account_key from {{ subjects }})
),

first_snapshots as (
    select
        account_key,
        arg_min(followers_count, observed_at) as followers_count
    from snapshots
    group by all
),

sized_{{ subjects }} as (
    select
        {{ subjects }}.*,
        coalesce(earlier_snapshots.followers_count, first_snapshots.followers_count) as size_count,
        case
            when earlier_snapshots.followers_count is not null then false
            when first_snapshots.followers_count is not null then true
        end as is_size_imputed
    from {{ subjects }}
    asof left join snapshots as earlier_snapshots
        on
            {{ subjects }}.account_key = earlier_snapshots.account_key
            and {{ subjects }}.{{ moment }} >= earlier_snapshots.observed_at
    left join first_snapshots on {{ subjects }}.account_key = first_snapshots.account_key
)
{%- endmacro -%}

{#- Joins the tier of a size, as `tier_scheme`, in the scheme that the tables go by. -#}
{%- macro join_tier(size) -%}
left join {{ ref("tier_scheme") }} as tier_scheme
    on
        tier_scheme.scheme = 'essay'
        and {{ size }} >= tier_scheme.min_followers_count
        and (tier_scheme.max_followers_count is null or {{ size }} < tier_scheme.max_followers_count)
{%- endmacro -%}
