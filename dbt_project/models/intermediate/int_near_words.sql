-- Words that look like a widely used one, and what speaks for their being the same: who uses them, and when (docs/methods/units.md).
with words as (
    select
        *,
        {{ without_accents("word") }} as plain,
        {{ without_plural(without_accents("word")) }} as stem
    from {{ ref("int_tag_words") }}
    where account_count >= {{ var("alias_smallest_account_count") }}
),

-- Only where a letter is a letter: one sign of Han, or one syllable of Hangul, makes another word.
lettered as (
    select * from words
    where regexp_full_match(word, '[\p{Latin}\p{Greek}\p{Cyrillic}\p{Armenian}\p{Georgian}\p{M}\p{N}]+')
),

-- Two words at a distance of one letter have a key in common: themselves, or themselves without one letter.
letter_keys as (
    select
        word,
        unnest(list_distinct(list_concat(
            [plain, stem],
            case when length(plain) >= 6 then list_transform(
                generate_series(1, length(plain)), place -> left(plain, place - 1) || substr(plain, place + 1)
            ) else [] end
        ))) as letter_key
    from lettered
),

looking_alike as (
    select distinct
        near_keys.word,
        wide_keys.word as wide_word
    from letter_keys as wide_keys
    inner join lettered as wide on wide_keys.word = wide.word and wide.account_count >= {{ var("smallest_adopter_count") }}
    inner join letter_keys as near_keys on wide_keys.letter_key = near_keys.letter_key
    inner join lettered as near on near_keys.word = near.word and near.word_rank > wide.word_rank
),

measured as (
    select
        looking_alike.*,
        near.plain,
        near.account_count,
        wide.plain as wide_plain,
        wide.account_count as wide_account_count,
        wide.word_rank as wide_rank,
        near.stem = wide.stem as has_same_stem,
        damerau_levenshtein(near.plain, wide.plain) as letter_distance,
        least(length(near.plain), length(wide.plain)) as letter_count
    from looking_alike
    inner join lettered as near on looking_alike.word = near.word
    inner join lettered as wide on looking_alike.wide_word = wide.word
),

named_pairs as (
    select
        word,
        wide_word,
        wide_rank,
        account_count,
        case
            when plain = wide_plain then 'accents'
            when has_same_stem and letter_count >= 4 then 'plural'
            -- What every fourth writes so is a word and no slip.
            when
                letter_distance <= case when letter_count >= 12 then 2 else 1 end
                and letter_count >= 6
                and account_count * 4 <= wide_account_count
                then 'misspelling'
        end as alias_kind
    from measured
    where
        -- Slips of the first letter are rare, other words are not (cat, hat); other digits are another year.
        left(plain, 1) = left(wide_plain, 1)
        and regexp_replace(plain, '\D', '', 'g') = regexp_replace(wide_plain, '\D', '', 'g')
),

pairs as (
    select *
    from named_pairs
    where alias_kind is not null
),

word_uses as (
    select
        spellings.word,
        first_uses.account_key,
        first_uses.adopted_at,
        first_uses.event_day
    from {{ ref("int_unit_first_uses") }} as first_uses
    inner join {{ ref("int_tag_spellings") }} as spellings on first_uses.unit = spellings.tag
    where first_uses.unit_type = 'hashtag'
),

words_in_question as (
    select word from pairs
    union
    select wide_word as word from pairs
),

adopted as (
    select
        word,
        account_key,
        min(adopted_at) as adopted_at,
        min(event_day) as adopted_on
    from word_uses
    where word in (select word from words_in_question)
    group by all
),

-- Some accounts stand for all: so many at equal distances in the order of their first uses, whatever their keys are.
ranked_users as (
    select
        *,
        row_number() over (partition by word order by adopted_at, account_key) as user_rank,
        count(*) over (partition by word) as user_count
    from adopted
),

users as (
    select
        word,
        account_key,
        adopted_on,
        row_number() over (partition by word order by user_rank) as place
    from ranked_users
    where {{ is_at_equal_distance("user_rank", "user_count", var("alias_account_cap")) }}
),

ranked_accounts as (
    select
        account_key,
        row_number() over (order by min(adopted_at), account_key) as account_rank,
        count(*) over () as account_count
    from word_uses
    group by account_key
),

everybody as (
    select account_key
    from ranked_accounts
    where {{ is_at_equal_distance("account_rank", "account_count", 5 * var("alias_account_cap")) }}
),

-- Whoever misspells one word misspells others: for the company that accounts keep, words that look alike are one.
looks as (
    select
        word,
        arg_min(wide_word, wide_rank) as company_word
    from pairs
    group by all
),

accounts_in_question as (
    select account_key from users
    union
    select account_key from everybody
),

looked_at as (
    select distinct
        word_uses.account_key,
        coalesce(looks.company_word, word_uses.word) as word
    from word_uses
    left join looks on word_uses.word = looks.word
    where word_uses.account_key in (select account_key from accounts_in_question)
),

totals as (
    select count(distinct account_key) as account_count
    from word_uses
),

user_counts as (
    select
        word,
        count(*) as user_count
    from users
    where place % 2 = 1
    group by all
),

-- The company of a word: the words that its users use beyond chance. One half of the users shows it, the other half how many keep it: of
-- those who show it, too many do.
company_gains as (
    select
        users.word as wide_word,
        looked_at.word as company_word,
        count(*) * ln(count(*) * any_value(totals.account_count)::double / (any_value(user_counts.user_count) * any_value(others.account_count))) as gain
    from users
    inner join user_counts on users.word = user_counts.word
    left join looks on users.word = looks.word
    inner join looked_at
        on users.account_key = looked_at.account_key and coalesce(looks.company_word, users.word) <> looked_at.word
    inner join {{ ref("int_tag_words") }} as others on looked_at.word = others.word
    cross join totals
    where
        users.place % 2 = 1
        and users.word in (select wide_word from pairs)
    group by all
    having count(*) >= {{ var("smallest_adopter_count") // 4 }}
),

company as (
    select *
    from company_gains
    where gain > 0
    qualify row_number() over (partition by wide_word order by round(gain, 6) desc, company_word) <= 8
),

kept_company as (
    select distinct
        company.wide_word,
        looked_at.account_key
    from company
    inner join looked_at on company.company_word = looked_at.word
),

wide_words as (
    select distinct wide_word from pairs
),

-- The other half of each wide word's users, and everybody.
judged as (
    select
        users.word as wide_word,
        users.account_key,
        true as is_user
    from users
    inner join wide_words on users.word = wide_words.wide_word
    where users.place % 2 = 0
    union all
    select
        wide_words.wide_word,
        everybody.account_key,
        false as is_user
    from everybody
    cross join wide_words
),

company_rates as (
    select
        judged.wide_word,
        (count(kept_company.account_key) filter (where judged.is_user) + 1) / (count(*) filter (where judged.is_user) + 2) as same_rate,
        (count(kept_company.account_key) filter (where not judged.is_user) + 1) / (count(*) filter (where not judged.is_user) + 2) as base_rate
    from judged
    left join kept_company on judged.wide_word = kept_company.wide_word and judged.account_key = kept_company.account_key
    group by all
),

-- Log odds that accounts keep the company of the wide word, against their being anybody.
contexts as (
    select
        pairs.word,
        pairs.wide_word,
        sum(case
            when rates.same_rate <= rates.base_rate then 0
            when kept_company.account_key is not null then ln(rates.same_rate / rates.base_rate)
            else ln((1 - rates.same_rate) / (1 - rates.base_rate))
        end) as context_log_odds
    from pairs
    inner join users on pairs.word = users.word
    inner join company_rates as rates on pairs.wide_word = rates.wide_word
    left join kept_company on pairs.wide_word = kept_company.wide_word and users.account_key = kept_company.account_key
    group by all
),

first_use_days as (
    select
        event_day,
        count(*) as use_count
    from word_uses
    group by all
),

month_around as (
    select
        days.event_day,
        sum(others.use_count) as use_count
    from (select distinct adopted_on as event_day from users) as days
    inner join first_use_days as others
        on others.event_day between days.event_day - {{ var("alias_time_days") }} and days.event_day + {{ var("alias_time_days") }}
    group by all
),

-- Log odds that accounts took it up when those of the wide word did, against when anybody takes up anything.
times as (
    select
        moments.word,
        moments.wide_word,
        sum(ln(
            (moments.user_count_around + 1) / (moments.user_count + 2)
            / ((month_around.use_count + 1) / (uses.use_count + 2))
        )) as time_log_odds
    from (
        select
            pairs.word,
            pairs.wide_word,
            users.account_key,
            any_value(users.adopted_on) as adopted_on,
            count(*) as user_count,
            count(*) filter (
                where wide_users.adopted_on between users.adopted_on - {{ var("alias_time_days") }} and users.adopted_on + {{ var("alias_time_days") }}
            ) as user_count_around
        from pairs
        inner join users on pairs.word = users.word
        inner join users as wide_users on pairs.wide_word = wide_users.word
        group by all
    ) as moments
    inner join month_around on moments.adopted_on = month_around.event_day
    cross join (select sum(use_count) as use_count from first_use_days) as uses
    group by all
)

select
    pairs.word,
    pairs.wide_word,
    pairs.wide_rank,
    pairs.alias_kind,
    -- Rounded, since the order of a sum is not told.
    round(contexts.context_log_odds, 6) as context_log_odds,
    round(times.time_log_odds, 6) as time_log_odds,
    round(priors.prior_log_odds + contexts.context_log_odds + times.time_log_odds, 6) as alias_log_odds,
    coalesce(
        round(priors.prior_log_odds + contexts.context_log_odds + times.time_log_odds, 6) >= {{ var("alias_smallest_log_odds") }}
        and round(least(contexts.context_log_odds, times.time_log_odds), 6) >= {{ var("alias_smallest_part_log_odds") }},
        false
    ) as is_same
from pairs
inner join (values ('accents', 2.0), ('plural', 0.0), ('misspelling', -2.0)) as priors (alias_kind, prior_log_odds)
    on pairs.alias_kind = priors.alias_kind
left join contexts on pairs.word = contexts.word and pairs.wide_word = contexts.wide_word
left join times on pairs.word = times.word and pairs.wide_word = times.wide_word
