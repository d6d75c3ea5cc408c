{{ config(materialized='ephemeral') }}

with designated as (
    select * from {{ source('catalogues', 'designated_account_catalogue') }}
),

int_ledger__designated_accounts_dated as (
    select
        holder,
        account,
        valid_from,
        valid_until
    from designated
)

select * from int_ledger__designated_accounts_dated
