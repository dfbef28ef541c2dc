{# The staged rows of one entity over all social platforms. #}
{% macro all_platforms(entity) %}
    {%- for platform in var("social_platforms") %}
    select * from {{ ref("stg_" ~ platform ~ "__" ~ entity) }}
    {{ "union all by name" if not loop.last }}
    {%- endfor %}
{% endmacro %}
