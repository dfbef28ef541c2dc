{% macro stage_rows(platform, table, keys) %}
with landed as ({{ lake_rows(platform, table) }}),

latest as (
    select * from landed
    qualify row_number() over (partition by event_day, {{ keys }} order by observed_at desc, landed_night desc, source_hash desc) = 1
)

select * from latest
{% endmacro %}

{% macro apply_tombstones(platform, table) %}
{# A tombstone only takes away, so deleting by key at the end equals rebuilding every day that it touches. #}
{% set accounts = "(select subject_key from " ~ ref('stg_' ~ platform ~ '__deletions') ~ " where subject_type = 'account')" %}
{% set posts = "(select subject_key from " ~ ref('stg_' ~ platform ~ '__deletions') ~ " where subject_type = 'post')" %}
{% if table == 'accounts' %}
delete from {{ this }} where account_key in {{ accounts }}
{% elif table == 'posts' %}
delete from {{ this }} where account_key in {{ accounts }} or post_key in {{ posts }}
{% elif table == 'post_metrics' %}
delete from {{ this }} where post_key in {{ posts }}
{% elif table == 'interactions' %}
delete from {{ this }} where source_account_key in {{ accounts }} or target_account_key in {{ accounts }} or post_key in {{ posts }} or target_post_key in {{ posts }}
    or interaction_key in (select subject_key from {{ ref('stg_' ~ platform ~ '__deletions') }} where subject_type = 'interaction')
{% elif table == 'follows' %}
delete from {{ this }} where source_account_key in {{ accounts }} or target_account_key in {{ accounts }}
    or follow_key in (select subject_key from {{ ref('stg_' ~ platform ~ '__deletions') }} where subject_type = 'follow')
{% endif %}
{% endmacro %}
