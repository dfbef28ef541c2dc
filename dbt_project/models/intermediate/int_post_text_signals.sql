-- depends_on: {{ ref('int_restated_posts') }}
{{ config(
    materialized="incremental", incremental_strategy="replace_days", on_schema_change="fail",
    meta={"replaces_days": false, "replaced_by_list": {"keys": ["post_key"], "listed_in": "int_restated_posts"}}
) }}

with latest_statements as (
    select *
    from {{ ref("int_text_statements") }}
    {% if is_incremental() %}
    where post_key in (select post_key from {{ ref("int_restated_posts") }})
    {% endif %}
    qualify row_number() over (partition by post_key order by observed_at desc, landed_night desc) = 1
),

weights as (
    select max(log_odds) filter (where reason = 'platform_label') as label_log_odds
    from {{ ref("commercial_weights") }}
),

-- Only posts that are living; the platform's own label is a flag of the post, not a word of its text.
living as (
    select
        statements.* exclude (account_key, language, disclosures, commercial_reasons, commercial_log_odds),
        posts.account_key,
        posts.published_at,
        posts.event_day,
        posts.post_type,
        posts.tier_at_post,
        coalesce(posts.has_paid_label, false) as has_paid_label,
        posts.has_paid_label is not null as is_label_offered,
        coalesce(posts.language, statements.language) as language,
        statements.disclosures,
        case
            when posts.has_paid_label then list_prepend('platform_label', statements.commercial_reasons)
            else statements.commercial_reasons
        end as commercial_reasons,
        statements.commercial_log_odds + case when posts.has_paid_label then weights.label_log_odds else 0 end as commercial_log_odds
    from latest_statements as statements
    inner join {{ ref("int_posts") }} as posts using (post_key)
    cross join weights
)

select
    *,
    1 / (1 + exp(-commercial_log_odds)) as commercial_probability
from living
