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

{# The candidates that tonight's rows may change, all of them on a full build, and from when on outlets' items and posts are looked for: as
   long before a birth as rates are taken over. #}
{% macro candidates_looked_for() -%}
    select
        *,
        born_at - interval {{ var("rate_window_days") }} day as looked_for_from
    from {{ ref("int_trend_candidates") }}
    {% if is_incremental() %}
    where trend_key in (select trend_key from {{ ref("int_open_trends") }})
    {% endif %}
{%- endmacro %}

{# All labels under which each candidate is used: trend_key, unit_type, label. #}
{% macro trend_labels(candidates) -%}
    select
        trend_key,
        unit_type,
        unit as label
    from {{ candidates }}
    union all
    select
        candidates.trend_key,
        aliases.alias_type as unit_type,
        aliases.alias as label
    from {{ candidates }} as candidates
    inner join {{ ref("int_unit_aliases") }} as aliases on candidates.unit_type = aliases.unit_type and candidates.unit = aliases.unit
{%- endmacro %}

{# Which items name which candidates in their tags or titles: trend_key, item_key, matched_by, maybe several times. Titles and categories are
   met by words without separators, as they are joined there; a phrase with its last word in the plural too, a brand by its names of three
   letters or more. Links, domains and sounds are not spoken. #}
{% macro items_that_name(items, labels) -%}
    with brand_names as (
        select
            outlet_name,
            regexp_replace(lower(unnest([outlet_name, handle])), '[^\p{L}\p{M}\p{N}]+', '', 'g') as brand_name
        from {{ ref("outlets") }}
        where outlet_class = 'brand'
    ),

    spoken_labels as (
        select
            trend_key,
            unnest([label, {{ without_separators("label") }}]) as label
        from {{ labels }}
        where unit_type = 'hashtag'
        union
        select
            trend_key,
            unnest([
                {{ without_separators("label") }},
                {{ without_separators("label") }} || 's',
                regexp_replace({{ without_separators("label") }}, '([^siu])s$', '\1')
            ]) as label
        from {{ labels }}
        where unit_type = 'phrase'
        union
        select
            labels.trend_key,
            brand_names.brand_name as label
        from {{ labels }} as labels
        inner join brand_names on labels.label = brand_names.outlet_name
        where labels.unit_type = 'brand' and len(brand_names.brand_name) >= 3
    ),

    item_units as (
        select
            item_key,
            unnest(coalesce(tags, [])) as unit,
            'tag' as matched_by
        from {{ items }}
        union all
        select
            item_key,
            unnest(coalesce(title_terms, [])) as unit,
            'title' as matched_by
        from {{ items }}
    ),

    -- Terms of a title are runs of three words at most: longer phrases are looked for in the title itself.
    long_phrases as (
        select
            trend_key,
            label
        from {{ labels }}
        where unit_type = 'phrase' and len(string_split(label, ' ')) > 3
    ),

    titles as (
        select
            item_key,
            ' ' || regexp_replace(regexp_replace(lower(title), '[''’ʼ]', '', 'g'), '[^\p{L}\p{M}\p{N}]+', ' ', 'g') || ' ' as words
        from {{ items }}
        where title is not null and exists (select 1 from long_phrases)
    )

    select
        spoken_labels.trend_key,
        item_units.item_key,
        item_units.matched_by
    from item_units
    inner join spoken_labels on item_units.unit = spoken_labels.label
    union all
    select
        long_phrases.trend_key,
        titles.item_key,
        'title' as matched_by
    from titles
    inner join long_phrases on contains(titles.words, ' ' || long_phrases.label || ' ')
{%- endmacro %}
