{% macro get_incremental_replace_days_sql(arg_dict) %}
{# Delete the touched days by their list, not by what came back, then insert: an emptied day becomes empty. #}
{% set days = touched_days() %}
delete from {{ arg_dict['target_relation'] }} where event_day in (select unnest({{ (days | tojson | replace('"', "'")) }}::date[]));
insert into {{ arg_dict['target_relation'] }} ({{ arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') }})
select {{ arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
