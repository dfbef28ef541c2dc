{# After each invocation: the first rows of every failed test, as Parquet below the exchange folder, for the gate that names them. #}
{% macro write_failures(results) %}
    {%- if execute and flags.WHICH in ("build", "test") -%}
        {%- for each in results if each.node.resource_type == "test" and each.status | string in ("fail", "warn") -%}
            {%- do run_query(failing_rows(each.node)) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{# Asks the failed test's own SQL again, since dbt keeps only how many rows it found. A folder a test makes the path by itself. #}
{% macro failing_rows(node) %}
    copy (
        select
            '{{ invocation_id }}' as invocation_id,
            '{{ node.unique_id }}' as test_id,
            '{{ node.alias }}' as test_name,
            to_json(failing)::varchar as failing_row
        from ({{ node.compiled_code }}) as failing
        limit 5
    ) to '{{ data_root() }}/exchange/failures' (
        format parquet, partition_by (test_name), overwrite_or_ignore true, filename_pattern 'rows'
    )
{% endmacro %}

{# The condition that keeps a test to the event days that the night touched, where the table has them: its cost is the night's own. #}
{% macro in_question(by_day) %}
    {%- if execute and by_day and not flags.FULL_REFRESH -%}event_day in {{ touched_day_list() }}{%- else -%}true{%- endif -%}
{% endmacro %}

{# A table is sound: no part of its key is missing, no key occurs twice, and every row satisfies the rules (name: condition; NULL breaks
   none). One test a table, since each costs dbt more than its query. #}
{% test sound(model, key, rules={}, by_day=false) %}
    with in_question as (
        select *
        from {{ model }}
        where {{ in_question(by_day) }}
    )

    select
        {{ key | join(", ") }},
        'the key is there and is the only one' as broken_rule
    from in_question
    group by {{ key | join(", ") }}
    having count(*) > 1 or {% for column in key %}{{ column }} is null{{ " or " if not loop.last }}{% endfor %}
    {%- for name, condition in rules.items() %}

    union all

    select
        {{ key | join(", ") }},
        '{{ name | replace("'", "''") }}' as broken_rule
    from in_question
    where not ({{ condition }})
    {%- endfor %}
{% endtest %}

{# Every value of a key is a key of another table; ``shows`` are further columns that name the row. Dbt runs a test as soon as one of
its tables is built, so a mart refers to marts only: a mart's test on a seed would run before the mart is there. #}
{% test refers_to(model, columns, to, to_columns, shows=[], by_day=false) %}
    select distinct {{ (columns + shows) | join(", ") }}
    from {{ model }} as mine
    where
        {{ in_question(by_day) }}
        and {% for column in columns %}{{ column }} is not null and {% endfor %}
        not exists (
            select 1
            from {{ to }} as theirs
            where {% for column in columns %}theirs.{{ to_columns[loop.index0] }} = mine.{{ column }}{{ " and " if not loop.last }}{% endfor %}
        )
{% endtest %}
