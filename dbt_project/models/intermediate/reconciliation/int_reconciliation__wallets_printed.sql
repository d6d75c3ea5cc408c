with statements as (
    select * from {{ ref('stg_bank__statements') }}
),

psps as (
    select * from {{ ref('int_core__psps_described') }}
),

-- a PSP's balance lands as a statement under `<psp> <account>`; of a day that is told more than once the telling known last counts
told as (
    select
        psps.psp,
        substr(statements.bank_account, length(psps.psp) + 2) as account,
        statements.currency,
        statements.closing_date,
        statements.closing_minor,
        row_number() over (
            partition by statements.bank_account, statements.currency, statements.closing_date
            order by statements._loaded_at desc, statements._source_line desc, statements.statement_id desc
        ) as telling
    from statements
    inner join psps
        on substr(statements.bank_account, 1, length(psps.psp) + 1) = psps.psp || ' '
    where statements.closing_minor is not null
),

int_reconciliation__wallets_printed as (
    select
        psp,
        account,
        currency,
        closing_date,
        closing_minor
    from told
    where telling = 1
)

select * from int_reconciliation__wallets_printed
