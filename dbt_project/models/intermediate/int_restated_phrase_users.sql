-- depends_on: {{ ref('int_restated_posts') }}
-- Phrases of accounts by posts that are restated tonight, as they were last night: what a post says no longer was perhaps their first use.
{%- set last_phrases = as_last_night("int_post_phrases") %}
{% if last_phrases is none %}
select
    null::varchar as phrase,
    null::varchar as account_key
where false
{% else %}
select distinct
    phrase,
    account_key
from {{ last_phrases }}
where
    account_key is not null
    and post_key in (select post_key from {{ ref("int_restated_posts") }})
{{ with_carried_rows() }}
{% endif %}
