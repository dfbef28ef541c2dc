{# A tag as it is without what only parts its words: "clean_beauty" and "clean beauty" (some platforms' tags hold spaces) are one. A tag that
   is nothing else stays as it is. #}
{% macro without_separators(tag) %}coalesce(nullif(regexp_replace({{ tag }}, '[\p{Pc}\p{Pd}\p{Zs}.·・]+', '', 'g'), ''), {{ tag }}){% endmacro %}

{# A word without accents, where its letters are Latin or Greek: elsewhere a mark makes another letter (が is no か, й no и). #}
{% macro without_accents(word) %}case when regexp_full_match({{ word }}, '[\p{Latin}\p{Greek}\p{M}\p{N}]+') then strip_accents({{ word }}) else {{ word }} end{% endmacro %}

{# A word without a plural's ending, as English, French, Spanish and Portuguese write it: cookie and cookies, box and boxes, story and stories. #}
{% macro without_plural(word) %}regexp_replace(regexp_replace(regexp_replace({{ word }}, '([^s])s$', '\1'), '([^aeiou])ie$', '\1y'), '(s|x|z|ch|sh)e$', '\1'){% endmacro %}

{# The key of a unit as a trend. #}
{% macro trend_key(unit_type, unit) %}md5({{ unit_type }} || '|' || {{ unit }}){% endmacro %}

{# Whether a rank of 1 to `count` is one of at most `cap` ranks at equal distances. #}
{% macro is_at_equal_distance(rank, count, cap) -%}
    {{ rank }} * {{ cap }} // {{ count }} <> ({{ rank }} - 1) * {{ cap }} // {{ count }}
{%- endmacro %}
