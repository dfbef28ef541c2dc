{# What makes a CTE be computed before what reads it is joined to it: word that stands after "as". An engine without one leaves the order to its planner. #}
{% macro materialized() %}{{ return(adapter.dispatch("materialized", "undercurrent")()) }}{% endmacro %}

{% macro default__materialized() %}{{ return("") }}{% endmacro %}

{% macro duckdb__materialized() %}{{ return("materialized") }}{% endmacro %}
