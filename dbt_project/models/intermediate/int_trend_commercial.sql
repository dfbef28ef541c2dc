-- depends_on: {{ ref('int_open_trends') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["trend_key"], "listed_in": "int_open_trends"}}
) }}

-- Accounts that took a trend up, in their order; outlets are no adopters of this count.
with adoptions as (
    select
        trend_key,
        account_key,
        adopted_at,
        row_number() over (partition by trend_key order by adopted_at, account_key) as adoption_rank
    from {{ ref("int_trend_adoptions") }}
    where
        actor_class not in ('brand', 'media')
        {% if is_incremental() %}
        and trend_key in (select trend_key from {{ ref("int_open_trends") }})
        {% endif %}
),

-- By the post that took it up; of two posts in one moment the more commercial one.
judged as (
    select
        adoptions.trend_key,
        adoptions.account_key,
        adoptions.adopted_at,
        adoptions.adoption_rank,
        max(signals.commercial_probability) as commercial_probability
    from adoptions
    left join {{ ref("int_post_text_signals") }} as signals
        on adoptions.account_key = signals.account_key and adoptions.adopted_at = signals.published_at
    group by all
)

select
    trend_key,
    count(*) as adopter_count,
    count(commercial_probability) as judged_adopter_count,
    count(*) filter (where commercial_probability >= {{ var("commercial_threshold_probability") }}) as commercial_adopter_count,
    count(commercial_probability) filter (where adoption_rank <= 100) as judged_first_count,
    count(*) filter (
        where adoption_rank <= 100 and commercial_probability >= {{ var("commercial_threshold_probability") }}
    ) as commercial_first_count,
    min(adopted_at) filter (where commercial_probability >= {{ var("commercial_threshold_probability") }}) as first_commercial_at
from judged
group by all
