{# Posts whose time and place say when an account published something of its own: what platform precedence counts. #}
{% macro platform_posts() %}
    select
        platform,
        account_key,
        post_key,
        collection_query,
        published_at,
        tags,
        ts_quality
    from {{ ref("int_posts") }}
    where
        account_key is not null
        and post_type not in ('repost', 'comment', 'reply')
        and ts_quality in ('exact', 'date_only')
{% endmacro %}

{# A time as the pair can compare it: cut to its day where one of the two platforms gives dates only. #}
{% macro comparable_time(column) %}case when pairs.is_daily then date_trunc('day', {{ column }}) else {{ column }} end{% endmacro %}
