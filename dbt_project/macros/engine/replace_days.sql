{# Incremental strategy: the touched event days are deleted by list, whatever came back for them, then the new rows are inserted.
   Some rows change though their day was not touched. A model names them in its meta: ``replaced_by_list`` holds the key columns
   and the model that lists the keys. A model without an event day sets ``replaces_days`` to false and lives by its list alone. #}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set target_relation = arg_dict["target_relation"] -%}
    {%- set columns = arg_dict["dest_columns"] | map(attribute="quoted") | join(", ") -%}
    {%- set meta = config.get("meta", {}) -%}
    {%- if meta.get("replaces_days", true) %}
    delete from {{ target_relation }} where event_day in {{ touched_day_list() }};
    {%- endif %}
    {%- if "replaced_by_list" in meta %}
    {%- set keys = meta["replaced_by_list"]["keys"] | join(", ") %}
    delete from {{ target_relation }} where ({{ keys }}) in (select ({{ keys }}) from {{ target_relation.schema }}.{{ meta["replaced_by_list"]["listed_in"] }});
    {%- endif %}
    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }} from {{ arg_dict["temp_relation"] }};
{% endmacro %}
