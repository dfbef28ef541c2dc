{# Incremental strategy: the touched event days are deleted by list, whatever came back for them, then the new rows are inserted. #}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set columns = arg_dict["dest_columns"] | map(attribute="quoted") | join(", ") %}
    delete from {{ arg_dict["target_relation"] }} where event_day in ({{ day_literals(touched_days()) }});
    insert into {{ arg_dict["target_relation"] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict["temp_relation"] }};
{% endmacro %}
