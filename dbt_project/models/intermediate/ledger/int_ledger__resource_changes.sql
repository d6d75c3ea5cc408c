{{ config(materialized='table') }}

with postings as (
    select * from {{ ref('int_ledger__postings_enriched') }}
),

classes as (
    select * from {{ ref('int_ledger__account_classes_described') }}
),

wallet_lines as (
    select * from {{ ref('int_reconciliation__wallet_lines_paid') }}
),

items as (
    select
        source,
        psp,
        account,
        case_id,
        booked_on,
        currency,
        amount_minor
    from {{ ref('int_reconciliation__items_decided') }}
    where source in ('payout', 'bank') and disposition <> 'ignored'
),

groups_found as (
    select * from {{ ref('int_reconciliation__groups_found') }}
),

breaks_found as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

statements as (
    select * from {{ ref('stg_bank__statements') }}
),

psps as (
    select * from {{ ref('int_core__psps_described') }}
),

cases as (
    select
        group_id as case_id,
        psp,
        account
    from groups_found
    union all
    select
        break_id as case_id,
        psp,
        account
    from breaks_found
),

-- a statement that a bank sends again, corrected or in another message version, is one statement: the one known last. A PSP's printed balance
-- lands as a statement too, under `<psp> <account>`: that is no bank's
newest_told as (
    select
        statements.*,
        row_number() over (
            partition by statements.bank_account, statements.currency, statements.statement_id, statements.opening_date, statements.closing_date
            order by statements._loaded_at desc, statements.closing_minor desc
        ) as telling
    from statements
    left join psps
        on substr(statements.bank_account, 1, length(psps.psp) + 1) = psps.psp || ' '
    where
        statements.opening_minor is not null
        and statements.closing_minor is not null
        and psps.psp is null
),

closings as (
    select
        bank_account,
        currency,
        closing_date,
        closing_minor - coalesce(lag(closing_minor) over (
            partition by bank_account, currency order by closing_date, opening_date, statement_id
        ), 0) as change_minor
    from newest_told
    where telling = 1
),

changes as (
    select
        postings.business_date,
        'books' as basis,
        classes.funds_component as component,
        case when postings.account_class = 'bank' then 'bank' else postings.psp end as holder,
        case when postings.account_class = 'bank' then substr(postings.account_code, 6) else postings.merchant_account end as account,
        postings.currency,
        postings.amount_minor
    from postings
    inner join classes
        on postings.account_class = classes.account_class
    where classes.funds_side = 'resource'
    union all
    select
        begins_on as business_date,
        'statement' as basis,
        'psp_receivable' as component,
        psp as holder,
        account,
        currency,
        amount_minor
    from wallet_lines
    union all
    select
        case when paid_on > begins_on then paid_on else begins_on end as business_date,
        'statement' as basis,
        'psp_receivable' as component,
        psp as holder,
        account,
        currency,
        -amount_minor as amount_minor
    from wallet_lines
    where paid_on is not null
    union all
    select
        begins_on as business_date,
        'statement' as basis,
        'psp_reserve' as component,
        psp as holder,
        account,
        currency,
        -amount_minor as amount_minor
    from wallet_lines
    where kind = 'reserve'
    union all
    select
        booked_on as business_date,
        'statement' as basis,
        'payout_in_transit' as component,
        psp as holder,
        account,
        currency,
        -amount_minor as amount_minor
    from items
    where source = 'payout'
    union all
    select
        items.booked_on as business_date,
        'statement' as basis,
        'payout_in_transit' as component,
        cases.psp as holder,
        cases.account,
        items.currency,
        -items.amount_minor as amount_minor
    from items
    inner join cases
        on items.case_id = cases.case_id
    where items.source = 'bank' and cases.psp is not null
    union all
    select
        closing_date as business_date,
        'statement' as basis,
        'segregated_bank' as component,
        'bank' as holder,
        bank_account as account,
        currency,
        change_minor as amount_minor
    from closings
),

int_ledger__resource_changes as (
    select
        business_date,
        basis,
        component,
        holder,
        account,
        currency,
        {{ sum_minor('amount_minor') }} as amount_minor
    from changes
    group by business_date, basis, component, holder, account, currency
)

select * from int_ledger__resource_changes
