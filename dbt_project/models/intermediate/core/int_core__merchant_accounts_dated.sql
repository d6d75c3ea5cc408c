{{ config(materialized='ephemeral') }}

with accounts as (
    select * from {{ source('catalogues', 'merchant_account_catalogue') }}
),

psps as (
    select * from {{ source('catalogues', 'psp_catalogue') }}
),

int_core__merchant_accounts_dated as (
    select
        accounts.psp,
        accounts.account,
        accounts.zone,
        accounts.day_shift_seconds,
        accounts.has_activity_reports,
        accounts.settlement_currencies,
        psps.settles_after_days,
        psps.bank_lag_days,
        accounts.valid_from,
        accounts.valid_until
    from accounts
    left join psps
        on accounts.psp = psps.psp
)

select * from int_core__merchant_accounts_dated
