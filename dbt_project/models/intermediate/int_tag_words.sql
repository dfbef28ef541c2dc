-- The words that tags spell, each with the label that names it.
with words as (
    select
        word,
        min(tag) filter (where label_rank = 1) as label,
        count(*) as label_count,
        sum(account_count)::bigint as use_account_count,
        min(reached_1_on) as reached_1_on,
        min(reached_2_on) as reached_2_on,
        min(reached_3_on) as reached_3_on
    from {{ ref("int_tag_spellings") }}
    group by all
),

-- An account that spells a word in two ways is one account.
several as (
    select
        spellings.word,
        count(distinct first_uses.account_key) as account_count
    from {{ ref("int_unit_first_uses") }} as first_uses
    inner join {{ ref("int_tag_spellings") }} as spellings on first_uses.unit = spellings.tag
    inner join words on spellings.word = words.word and words.label_count > 1
    where first_uses.unit_type = 'hashtag'
    group by all
)

select
    words.word,
    words.label,
    coalesce(several.account_count, words.use_account_count)::bigint as account_count,
    row_number() over (
        order by words.reached_1_on asc nulls last, words.reached_2_on asc nulls last, words.reached_3_on asc nulls last,
            coalesce(several.account_count, words.use_account_count) desc, words.word
    ) as word_rank
from words
left join several on words.word = several.word
