{{ config(pre_hook="{{ keep_last_night() }}", post_hook="{{ export_parquet(this, 'exchange') }}") }}

-- Which label stands for which unit. Whatever is no alias here stands for itself.
with joined_words as (
    select * from {{ ref("int_near_words") }}
    where is_same
),

-- A word that is itself another's alias names nothing, so that there are no chains: of a chain a - b - c the last link stays apart.
named_words as (
    select *
    from joined_words
    where wide_word not in (select joined.word from joined_words as joined)
    qualify row_number() over (partition by word order by wide_rank) = 1
),

spellings as (
    select
        spellings.tag,
        spellings.account_count,
        case
            when named_words.word is not null then named_words.alias_kind
            when spellings.is_seeded then 'seed'
            else 'spelling'
        end as alias_kind,
        named_words.alias_log_odds,
        named_words.context_log_odds,
        named_words.time_log_odds,
        words.label
    from {{ ref("int_tag_spellings") }} as spellings
    left join named_words on spellings.word = named_words.word
    inner join {{ ref("int_tag_words") }} as words on coalesce(named_words.wide_word, spellings.word) = words.word
)

select
    'hashtag' as alias_type,
    tag as alias,
    'hashtag' as unit_type,
    label as unit,
    alias_kind,
    account_count as alias_account_count,
    alias_log_odds,
    context_log_odds,
    time_log_odds
from spellings
where tag <> label
order by alias_type, alias
