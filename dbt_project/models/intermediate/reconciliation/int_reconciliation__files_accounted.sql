{{ config(materialized='ephemeral') }}

with files as (
    select * from {{ ref('stg_landing__source_files') }}
),

items as (
    select * from {{ ref('int_reconciliation__items') }}
),

-- an item's key carries the first twelve digits of its file's hash; two files may have the same bytes, if their names say what they are
items_by_file as (
    select
        substr(item_key, {{ dbt.position("':'", 'item_key') }} + 1, 12) as sha_prefix,
        file_name,
        cast(count(*) as bigint) as item_count
    from items
    where file_name is not null
    group by substr(item_key, {{ dbt.position("':'", 'item_key') }} + 1, 12), file_name
),

int_reconciliation__files_accounted as (
    select
        files.*,
        coalesce(items_by_file.item_count, 0) as item_count
    from files
    left join items_by_file
        on
            substr(files.sha256, 1, 12) = items_by_file.sha_prefix
            and files.name = items_by_file.file_name
)

select * from int_reconciliation__files_accounted
