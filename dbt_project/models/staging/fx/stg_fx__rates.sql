with rates as (
    select * from {{ source('fx', 'fx__rates') }}
),

-- a provider that corrects a quotation lands it again: the newest telling counts
newest_told as (
    select
        *,
        row_number() over (
            partition by provider, rate_date, base_currency, currency
            order by _loaded_at desc, _file_version desc, _file_sha256 asc
        ) as telling
    from rates
),

stg_fx__rates as (
    select
        provider,
        rate_date,
        base_currency,
        currency,
        rate,
        {{ text_id('_file_id') }} as _file_id,
        _source_file,
        _file_version,
        _file_sha256,
        _source_line,
        _row_hash,
        _loaded_at
    from newest_told
    where telling = 1
)

select * from stg_fx__rates
