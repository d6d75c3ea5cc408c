with lines as (
    select * from {{ source('bank', 'bank__statement_lines') }}
),

stg_bank__statement_lines as (
    select
        bank_account,
        currency,
        report,
        statement_id,
        statement_no,
        amount_minor,
        is_booked,
        is_reversal,
        status,
        booking_date,
        value_date,
        bank_reference,
        end_to_end_id,
        description,
        counterparty_account,
        return_reason,
        transaction_code,
        transaction_count,
        {{ text_id('_file_id') }} as _file_id,
        _source_file,
        _file_version,
        _file_sha256,
        _source_line,
        _row_hash,
        _loaded_at
    from lines
)

select * from stg_bank__statement_lines
