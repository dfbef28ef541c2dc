{# Where the data folder is; every path of the project starts here. #}
{% macro data_root() %}{{ return(env_var("UNDERCURRENT_DATA", "data")) }}{% endmacro %}

{# The event days that the night touched, as ISO text; none while parsing. #}
{% macro touched_days() %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% set rows = run_query("select distinct unnest(touched_days)::varchar as d from read_parquet('" ~ data_root() ~ "/state/night.parquet') order by 1") %}
    {{ return(rows.columns[0].values() | list) }}
{% endmacro %}

{# The touched event days as a list of SQL literals, to stand behind "in". #}
{% macro touched_day_list() %}
    {%- set days = touched_days() -%}
    ({%- if days -%}{%- for day in days -%}date '{{ day }}'{{ ", " if not loop.last }}{%- endfor -%}{%- else -%}null{%- endif -%})
{% endmacro %}

{# Rows of one landed table, from the files that the night may read: all of them on a full build, else those of the touched days.
   Which they are was written down before dbt began, so that no folder is listed and no held-back night is read. #}
{% macro lake_rows(relation) %}
    {%- set files = [data_root() ~ "/state/empty/" ~ relation.identifier ~ "/day=1970-01-01/night=1970-01-01.parquet"] -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select file from read_parquet('" ~ data_root() ~ "/state/landed_files.parquet')"
            ~ " where platform = '" ~ relation.schema ~ "' and table_name = '" ~ relation.identifier ~ "' order by file"
        ) -%}
        {%- do files.extend(found.columns[0].values()) -%}
    {%- endif -%}
    read_parquet([{% for file in files %}'{{ file | replace("'", "''") }}'{{ ", " if not loop.last }}{% endfor %}], union_by_name = true, hive_partitioning = true, hive_types = {'day': date})
{% endmacro %}

{# What lies beside the lake of nights that are read anew, from the files that the night may read. #}
{% macro beside_lake_rows(table) %}
    {%- set files = [data_root() ~ "/state/empty/" ~ table ~ "/day=1970-01-01/night=1970-01-01.parquet"] -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select file from read_parquet('" ~ data_root() ~ "/state/landed_files.parquet') where table_name = '" ~ table ~ "' order by file"
        ) -%}
        {%- do files.extend(found.columns[0].values()) -%}
    {%- endif -%}
    read_parquet([{% for file in files %}'{{ file | replace("'", "''") }}'{{ ", " if not loop.last }}{% endfor %}], union_by_name = true, hive_partitioning = false)
{% endmacro %}

{# What is told of posts' texts. #}
{% macro text_signal_rows() %}{{ beside_lake_rows("text_signals") }}{% endmacro %}

{# Phrases that are found in posts' texts. #}
{% macro text_phrase_rows() %}{{ beside_lake_rows("text_phrases") }}{% endmacro %}

{# Hand a model over as one Parquet file, by a temporary name, so that no reader sees half a file. A table that is built whole keeps
   the order of its query; one that rows were put into is ordered here, so that the same rows give the same file. #}
{% macro export_parquet(relation, folder) %}
    {%- set file = data_root() ~ "/" ~ folder ~ "/" ~ relation.identifier ~ ".parquet" -%}
    {%- set order = " order by all" if model.config.materialized == "incremental" else "" -%}
    copy (select * from {{ relation }}{{ order }}) to '{{ file }}' (format parquet, compression zstd, use_tmp_file true)
{% endmacro %}

{# Hand a model over as one Parquet file per month, of the months that ``months_query`` names; the others lie there from earlier nights. #}
{% macro export_months(relation, column, months_query) %}
    {%- if execute -%}
        {%- set months = run_query("select distinct month::varchar as m from (" ~ months_query ~ ") as months where month is not null order by 1") -%}
        select 1;
        {%- for month in months.columns[0].values() %}
    copy (select * from {{ relation }} where {{ column }} = date '{{ month }}' order by all)
    to '{{ data_root() }}/exchange/{{ relation.identifier }}/{{ month }}.parquet' (format parquet, compression zstd, use_tmp_file true);
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{# What a table holds from the last night, or none on a full build: reading it is no dependency, since it is read before it is replaced. #}
{% macro as_last_night(name) %}
    {%- if not execute or flags.FULL_REFRESH -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(database=this.database, schema=this.schema, identifier=name)) }}
{% endmacro %}

{# Whether the night before was modelled but never published: what it listed as changed is then not done yet. #}
{% macro is_carried() %}
    {% if not execute or flags.FULL_REFRESH %}{{ return(false) }}{% endif %}
    {% set rows = run_query("select is_carried from read_parquet('" ~ data_root() ~ "/state/night.parquet')") %}
    {{ return(rows.columns[0].values()[0]) }}
{% endmacro %}

{# The end of every model that lists what changed: the list of an unpublished night before stands beside tonight's. #}
{% macro with_carried_rows() %}
    {%- set before = as_last_night(this.identifier) -%}
    {%- if before is not none and is_carried() %}
    union
    select * from {{ before }}
    {%- endif -%}
{% endmacro %}

{# Pre-hook of a table that is rebuilt whole: keep what it held when a snapshot was last published, so that later models can tell what
   changed since. #}
{% macro keep_last_night() %}
    {%- set kept = this.identifier ~ "_last_night" -%}
    {%- set before = as_last_night(this.identifier) -%}
    {%- if before is none -%}
    drop table if exists {{ this.schema }}.{{ kept }}
    {%- elif is_carried() and as_last_night(kept) is not none -%}
    select 1
    {%- else -%}
    create or replace table {{ this.schema }}.{{ kept }} as select * from {{ before }}
    {%- endif -%}
{% endmacro %}
