{# The staged rows of one entity over all social platforms; of the touched days only, where asked on an incremental build. #}
{% macro all_platforms(entity, of_touched_days=false) %}
    {%- for platform in var("social_platforms") %}
    select * from {{ ref("stg_" ~ platform ~ "__" ~ entity) }}
    {%- if of_touched_days %}
    where event_day in {{ touched_day_list() }}
    {%- endif %}
    {{ "union all by name" if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# The staged items of outlets over all platforms that list such. #}
{% macro all_items() %}
    {%- for platform in var("item_platforms") %}
    select * from {{ ref("stg_" ~ platform ~ "__mainstream_items") }}
    {{ "union all by name" if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# What each source delivered, over all platforms. #}
{% macro all_coverage() %}
    {%- for platform in var("social_platforms") + var("mainstream_platforms") %}
    select * from {{ ref("stg_" ~ platform ~ "__coverage") }}
    {{ "union all by name" if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# Dbt reads dependencies off a model while it cannot know which branch it will take: models that look at staging in one branch say so. #}
{% macro depends_on_all_platforms(entity) %}
    {%- for platform in var("social_platforms") %}
-- depends_on: {{ ref("stg_" ~ platform ~ "__" ~ entity) }}
    {%- endfor %}
{% endmacro %}
