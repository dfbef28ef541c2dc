{# Where the data folder is; every path of the project starts here. #}
{% macro data_root() %}{{ return(env_var("UNDERCURRENT_DATA", "data")) }}{% endmacro %}

{# The event days that the night touched, as ISO text; none while parsing. #}
{% macro touched_days() %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% set rows = run_query("select distinct unnest(touched_days)::varchar as d from read_parquet('" ~ data_root() ~ "/state/night.parquet') order by 1") %}
    {{ return(rows.columns[0].values() | list) }}
{% endmacro %}

{% macro day_literals(days) %}
    {%- if days -%}{%- for day in days -%}date '{{ day }}'{{ ", " if not loop.last }}{%- endfor -%}{%- else -%}null{%- endif -%}
{% endmacro %}

{# Rows of one landed table: all days on a full build, else only the files of the touched days, so that a night's cost is its own. #}
{% macro lake_rows(relation) %}
    {%- set folder = data_root() ~ "/lake/" ~ relation.schema ~ "/" ~ relation.identifier -%}
    {%- set patterns = ["'" ~ folder ~ "/day=*/night=*.parquet'"] -%}
    {%- if execute and is_incremental() -%}
        {%- set wanted = touched_days() -%}
        {%- set patterns = [] -%}
        {%- set found = run_query("select file from glob('" ~ folder ~ "/day=*/night=*.parquet') order by 1") -%}
        {%- for file in found.columns[0].values() -%}
            {%- if file.split("/day=")[1][:10] in wanted -%}{%- do patterns.append("'" ~ file ~ "'") -%}{%- endif -%}
        {%- endfor -%}
        {%- if not patterns -%}{%- do patterns.append("'" ~ found.columns[0].values()[0] ~ "'") -%}{%- endif -%}
    {%- endif -%}
    read_parquet([{{ patterns | join(", ") }}], hive_partitioning = true, hive_types = {'day': date})
{% endmacro %}

{# Hand a model over as Parquet, by a temporary name, so that no reader sees half a file. #}
{% macro export_parquet(relation, folder) %}
    {%- set file = data_root() ~ "/" ~ folder ~ "/" ~ relation.identifier ~ ".parquet" -%}
    copy (select * from {{ relation }}) to '{{ file }}' (format parquet, compression zstd, use_tmp_file true)
{% endmacro %}
