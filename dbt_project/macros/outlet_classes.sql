{# What an item's outlet is known by: lists of articles name it by its domain and feeds by their own name; the domain is what they share. #}
{% macro outlet_id(items) %}coalesce({{ items }}.link_domains[1], {{ items }}.outlet_key){% endmacro %}

{# Class of an item's outlet: that of its domain where the seed knows it, the nearest one first, else the landed one. #}
{% macro outlet_class(items) -%}
    coalesce(
        (
            select arg_max(domains.outlet_class, len(domains.domain))
            from {{ ref("outlet_domains") }} as domains
            where {{ outlet_id(items) }} = domains.domain or ends_with({{ outlet_id(items) }}, '.' || domains.domain)
        ),
        {{ items }}.outlet_class
    )
{%- endmacro %}
