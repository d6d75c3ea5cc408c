{{ config(materialized='table') }}

with listed as (
    select * from {{ ref('stg_psp__balance_lines') }}
),

wallet_lines as (
    select * from {{ ref('int_reconciliation__wallet_lines_paid') }}
),

-- of a day that is listed more than once the list known last counts, whole
files as (
    select
        psp,
        account,
        balance_on,
        _file_id,
        row_number() over (
            partition by psp, account, balance_on
            order by max(_loaded_at) desc, _file_id desc
        ) as telling
    from listed
    group by psp, account, balance_on, _file_id
),

lists as (
    select
        psp,
        account,
        balance_on,
        _file_id
    from files
    where telling = 1
),

-- a line that is printed twice, or told by us twice, is two: the second has no partner
theirs as (
    select
        listed.psp,
        listed.account,
        listed.balance_on as business_date,
        coalesce(listed.net_currency, listed.gross_currency) as currency,
        coalesce(listed.ext_id, '') as ext_id,
        listed.kind,
        coalesce(listed.net_minor, listed.gross_minor) as amount_minor,
        listed._source_file,
        listed._source_line,
        row_number() over (
            partition by listed.psp, listed.account, listed.balance_on, listed.ext_id
            order by listed._source_line
        ) as number
    from listed
    inner join lists
        on
            listed.psp = lists.psp
            and listed.account = lists.account
            and listed.balance_on = lists.balance_on
            and listed._file_id = lists._file_id
),

ours as (
    select
        wallet_lines.psp,
        wallet_lines.account,
        lists.balance_on as business_date,
        wallet_lines.currency,
        coalesce(wallet_lines.ext_id, '') as ext_id,
        wallet_lines.item_key,
        wallet_lines.kind,
        wallet_lines.amount_minor,
        row_number() over (
            partition by wallet_lines.psp, wallet_lines.account, lists.balance_on, wallet_lines.ext_id
            order by wallet_lines.item_key
        ) as number
    from wallet_lines
    inner join lists
        on
            wallet_lines.psp = lists.psp
            and wallet_lines.account = lists.account
            and wallet_lines.begins_on <= lists.balance_on
            and (
                wallet_lines.paid_on is null
                or wallet_lines.paid_on > lists.balance_on
            )
),

int_reconciliation__wallet_items_compared as (
    select
        coalesce(theirs.business_date, ours.business_date) as business_date,
        coalesce(theirs.psp, ours.psp) as psp,
        coalesce(theirs.account, ours.account) as account,
        coalesce(theirs.currency, ours.currency) as currency,
        coalesce(theirs.ext_id, ours.ext_id) as ext_id,
        cast(coalesce(theirs.number, ours.number) as integer) as number,
        coalesce(theirs.kind, ours.kind) as kind,
        case
            when ours.item_key is null then 'only_listed'
            when theirs.psp is null then 'only_ours'
            when theirs.currency <> ours.currency or theirs.amount_minor <> ours.amount_minor then 'amount'
            else 'agrees'
        end as finding,
        ours.item_key,
        ours.currency as our_currency,
        ours.amount_minor as our_minor,
        theirs.currency as listed_currency,
        theirs.amount_minor as listed_minor,
        theirs._source_file as listed_in_file,
        theirs._source_line as listed_on_line
    from theirs
    full outer join ours
        on
            theirs.psp = ours.psp
            and theirs.account = ours.account
            and theirs.business_date = ours.business_date
            and theirs.ext_id = ours.ext_id
            and theirs.number = ours.number
)

select * from int_reconciliation__wallet_items_compared
