-- a view: messages go out between runs
{{ config(materialized='view') }}

with fct_alert_deliveries as (
    select * from {{ ref('int_reconciliation__alerts_sent') }}
)

select * from fct_alert_deliveries
