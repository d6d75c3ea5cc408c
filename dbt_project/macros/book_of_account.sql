{# A CTE's body: movements with the zone and shift of the book that cuts their day: that of their merchant account on the day they took effect in UTC;
   of an account nobody registered, its PSP's. Needs the CTEs `accounts` (int_core__merchant_accounts_dated) and `psps` (int_core__psps_described). #}
{% macro with_the_book_that_cuts_the_day(movements) %}
    select
        {{ movements }}.*,
        coalesce(accounts.zone, psps.zone, 'UTC') as local_zone,
        coalesce(accounts.day_shift_seconds, psps.day_shift_seconds, 0) as day_shift_seconds
    from {{ movements }}
    left join accounts
        on
            {{ movements }}.psp = accounts.psp
            and {{ movements }}.merchant_account = accounts.account
            and {{ utc_date(movements ~ '.effective_at') }} >= accounts.valid_from
            and {{ utc_date(movements ~ '.effective_at') }} < accounts.valid_until
    left join psps
        on {{ movements }}.psp = psps.psp
{%- endmacro %}
