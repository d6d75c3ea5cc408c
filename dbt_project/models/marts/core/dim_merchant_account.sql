with accounts as (
    select * from {{ ref('int_core__merchant_accounts_dated') }}
),

dim_merchant_account as (
    select
        psp,
        account,
        zone,
        has_activity_reports,
        settlement_currencies,
        valid_from,
        valid_until
    from accounts
)

select * from dim_merchant_account
