with fct_psp_wallet_items as (
    select
        business_date,
        psp,
        account,
        currency,
        ext_id,
        number,
        kind,
        finding,
        item_key,
        our_currency,
        our_minor,
        listed_currency,
        listed_minor,
        coalesce(listed_minor, 0) - coalesce(our_minor, 0) as difference_minor,
        listed_in_file,
        listed_on_line
    from {{ ref('int_reconciliation__wallet_items_compared') }}
)

select * from fct_psp_wallet_items
