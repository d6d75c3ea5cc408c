with statements as (
    select * from {{ source('bank', 'bank__statements') }}
),

stg_bank__statements as (
    select
        bank_account,
        currency,
        report,
        statement_id,
        sequence,
        opening_minor,
        closing_minor,
        opening_date,
        closing_date,
        entry_count,
        moves_minor,
        difference_minor,
        {{ text_id('_file_id') }} as _file_id,
        _source_file,
        _file_version,
        _file_sha256,
        _source_line,
        _row_hash,
        _loaded_at
    from statements
)

select * from stg_bank__statements
