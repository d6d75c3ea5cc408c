{{ config(materialized='ephemeral') }}

with classes as (
    select * from {{ source('catalogues', 'account_class_catalogue') }}
),

int_ledger__account_classes_described as (
    select
        account_class,
        normal_side,
        subject,
        funds_side,
        funds_component
    from classes
)

select * from int_ledger__account_classes_described
