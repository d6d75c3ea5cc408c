{{ config(materialized='table') }}

-- the engine's input, kept as a table: what a run saw is what its results can be traced to
with int_reconciliation__items as (
    select * from {{ ref('int_reconciliation__ledger_items_selected') }}
    union all
    select * from {{ ref('int_reconciliation__attempt_items_selected') }}
    union all
    select * from {{ ref('int_reconciliation__psp_items_selected') }}
    union all
    select * from {{ ref('int_reconciliation__bank_items_selected') }}
)

select * from int_reconciliation__items
