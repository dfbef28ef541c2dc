{% macro data_root() %}{{ return(env_var('UNDERCURRENT_DATA', './data')) }}{% endmacro %}

{% macro touched_days() %}
{# Event days that the night being modelled touched. #}
{% if not execute %}{{ return([]) }}{% endif %}
{% set found = run_query("select distinct unnest(touched_days)::varchar from read_parquet('" ~ data_root() ~ "/state/night.parquet') order by 1") %}
{{ return(found.columns[0].values() | list) }}
{% endmacro %}

{% macro lake_rows(platform, table) %}
{# Rows of the wanted days only; a day without a file is an empty day. #}
{% set lineage = source(platform, table) %}
{% set files = [] %}
{% if execute %}
{% set folder = data_root() ~ '/lake/' ~ platform ~ '/' ~ table %}
{% if is_incremental() %}
{% set days = touched_days() %}
{% set found = run_query("select file from glob('" ~ folder ~ "/*/*.parquet') where regexp_extract(file, 'day=([0-9-]+)', 1) in ('" ~ (days + ['none']) | join("', '") ~ "') order by 1") %}
{% else %}
{% set found = run_query("select file from glob('" ~ folder ~ "/*/*.parquet') order by 1") %}
{% endif %}
{% set files = found.columns[0].values() | list %}
{% endif %}
{% set columns = lake_columns(table) %}
{% if files %}
select {% for name, kind in columns.items() %}{{ name }}::{{ kind }} as {{ name }}, {% endfor %}
    regexp_extract(filename, 'day=([0-9-]+)', 1)::date as event_day
from read_parquet({{ files | list | tojson | replace('"', "'") }}, union_by_name = true, filename = true, hive_partitioning = false)
{% else %}
select {% for name, kind in columns.items() %}null::{{ kind }} as {{ name }}, {% endfor %} null::date as event_day
where false
{% endif %}
{% endmacro %}

{% macro derived_rows(table) %}{% set lineage = source('derived', table) %}read_parquet('{{ data_root() }}/derived/{{ table }}.parquet'){% endmacro %}

{% macro export_parquet(folder) %}
{# Only dbt opens the warehouse: everything else reads this Parquet copy. #}
{% if execute %}copy (select * from {{ this }}) to '{{ data_root() }}/{{ folder }}/{{ this.identifier }}.parquet' (format parquet){% endif %}
{% endmacro %}
