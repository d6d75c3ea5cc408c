-- a view: evidence is kept by a job of its own, after the run
{{ config(materialized='view') }}

with fct_evidence_bundles as (
    select * from {{ ref('int_reconciliation__evidence_kept') }}
)

select * from fct_evidence_bundles
