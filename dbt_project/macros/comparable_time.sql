{# A time as the pair can compare it: cut to its day where one of the two platforms gives dates only. #}
{% macro comparable_time(column) %}case when pairs.is_daily then date_trunc('day', {{ column }}) else {{ column }} end{% endmacro %}
