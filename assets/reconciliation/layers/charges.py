"""Did the PSP count right on a line: gross less fees is net, at the reference rate, at the agreed fees? For settlement lines of transaction cases.

Everything is an integer comparison: a converted amount is numerator over denominator, rounded once, half to even. The traps: a printed rate taken for
exact (it allows half of its last digit times the amount), a fee checked against the fee the same file prints, a rate of tomorrow, and two fees of a
line that are wrong by the same amount (each component is recomputed by itself; a PSP that prints all of it in one column is checked by the sum).
Leaves `charge_variance` (case_id, break_class, variance_minor, currency, detail) for transactions.py, `row_checked` for gate G4, and `conversion` for finance.
"""

from __future__ import annotations

import polars as pl

from assets.reconciliation.bench import Bench

# num / den = gross in the net currency's minor units, exactly as printed. A converted row may be off by the rounding of its two parts (one unit) and
# by half of the printed rate's last digit times the gross (slack); a row in one currency by nothing.
_ROWS = """
create table row_checked as
with printed as (
    select i.n, i.item_key, i.source, i.psp, i.account, i.kind, i.currency, i.net_currency, i.amount_minor, i.net_minor, i.fees_minor, i.exchange_rate,
        i.file_name, i.line_no, g.decimals as from_decimals, t.decimals as to_decimals,
        case when contains(i.exchange_rate, '.') then length(i.exchange_rate) - strpos(i.exchange_rate, '.') else 0 end as rate_scale
    from live i join exponent g on g.currency = i.currency join exponent t on t.currency = i.net_currency
    where i.source in ('settlement', 'activity') and i.net_minor is not null and i.amount_minor <> 0 and i.kind in (select kind from player_kind)
        and (i.currency = i.net_currency or regexp_full_match(coalesce(i.exchange_rate, ''), '[0-9]*\\.?[0-9]+'))
),
exact as (
    select *,
        case when currency = net_currency then cast(amount_minor as hugeint)
            else cast(amount_minor as hugeint) * cast(replace(exchange_rate, '.', '') as hugeint) * ten(to_decimals - from_decimals) end as num,
        case when currency = net_currency then cast(1 as hugeint) else ten(rate_scale) * ten(from_decimals - to_decimals) end as den,
        case when currency = net_currency then cast(0 as hugeint) else abs(cast(amount_minor as hugeint)) * ten(to_decimals - from_decimals) end as slack
    from printed
)
select *, net_minor - cast(half_even(num, den) - fees_minor as bigint) as off_minor,
    2 * abs((cast(net_minor as hugeint) + fees_minor) * den - num) <= case when currency = net_currency then 0 else 2 * den + slack end as ties
from exact
"""

# The rate of the day: the newest reference on or before the booking, for both currencies of the same publication day.
_CONVERSIONS = """
create table conversion as
with converted as (
    select i.n, i.amount_minor, i.net_minor + i.fees_minor as converted_minor, i.currency, i.net_currency, i.booked_on,
        t.fx_markup_bps, t.fx_tolerance_bps, g.decimals as from_decimals, e.decimals as to_decimals
    from live i join terms t on t.psp = i.psp and t.account = i.account
        join exponent g on g.currency = i.currency join exponent e on e.currency = i.net_currency
    where i.source = 'settlement' and i.net_minor is not null and i.currency <> i.net_currency and i.kind in (select kind from player_kind)
),
rate_day as (
    select f.currency as from_currency, t.currency as to_currency, f.rate_date, f.mantissa as from_mantissa, f.scale as from_scale,
        t.mantissa as to_mantissa, t.scale as to_scale
    from rate f join rate t on t.rate_date = f.rate_date
    where (f.currency, t.currency) in (select distinct (currency, net_currency) from converted)
)
select c.*, d.rate_date,
    cast(half_even(
        cast(c.amount_minor as hugeint) * d.to_mantissa * ten(d.from_scale) * ten(c.to_decimals - c.from_decimals) * (10000 - c.fx_markup_bps),
        d.from_mantissa * ten(d.to_scale) * ten(c.from_decimals - c.to_decimals) * 10000) as bigint) as expected_minor,
    cast(half_even(
        cast(c.amount_minor as hugeint) * d.to_mantissa * ten(d.from_scale) * ten(c.to_decimals - c.from_decimals),
        d.from_mantissa * ten(d.to_scale) * ten(c.from_decimals - c.to_decimals)) as bigint) as reference_minor
from converted c asof join rate_day d on d.from_currency = c.currency and d.to_currency = c.net_currency and d.rate_date <= c.booked_on
"""

# Each component of a fee: how it is told and agreed. The fee is on what was captured: at a PSP that prints a whole charge and takes the rest back, on the
# sum of both lines. A line that prints one component where the contract has several prints their sum.
_PARTS = ("commission", "markup", "scheme_fee", "interchange")
_TOLD = ", ".join(f"coalesce(sum(i.{part}_minor), 0)::bigint as {part}_told" for part in _PARTS)
_DUE = ", ".join(
    f"(half_even(cast(basis_minor as hugeint) * coalesce({part}_bps, 0), 10000) + coalesce({part}_fixed_minor, 0))::bigint as {part}_due"
    for part in _PARTS
)
_OFF = ", ".join(f"case when {part}_told <> {part}_due then '{part}' end" for part in _PARTS)
_SAID = ", ".join(
    f"case when {part}_told <> {part}_due then '{part.replace('_', ' ')} ' || money({part}_told, net_currency) || ' instead of ' "
    f"|| money({part}_due, net_currency) end"
    for part in _PARTS
)
_FEES = f"""
create table fee_checked as
with settled as (
    select m.case_id, sum(i.fees_minor)::bigint as fees_minor, abs(sum(i.net_minor + i.fees_minor))::bigint as basis_minor,
        {_TOLD},
        any_value(i.psp) as psp, any_value(i.account) as account, any_value(i.kind) as kind, min(i.booked_on) as booked_on,
        min(i.net_currency) as net_currency, min(lower(coalesce(i.payment_method, ''))) as payment_method
    from charged m join item i on i.n = m.n
    where m.source = 'settlement' and (i.psp, i.account) in (select distinct (psp, account) from fee_rule) group by m.case_id
    having count(distinct i.net_currency) = 1 and bool_and(i.net_minor is not null) and any_value(sign(m.expected_sign)) = sign(sum(i.amount_minor))
),
charged as (
    select s.* exclude (psp, account, kind), f.* exclude (net_currency), f.net_currency as rule_currency
    from settled s join fee_rule f on f.psp = s.psp and f.account = s.account and f.kind = s.kind and s.payment_method glob f.method
        and s.booked_on >= f.since and s.booked_on < f.until and (f.net_currency is null or f.net_currency = s.net_currency)
),
chosen as (
    select * from charged
    qualify row_number() over (partition by case_id order by rule_order, rule_currency is null, rule_id) = 1
),
agreed as (
    select *, {_DUE}
    from chosen
)
select case_id, fees_minor, net_currency, rule_id, ({" + ".join(f"{part}_due" for part in _PARTS)})::bigint as expected_minor,
    {" + ".join(f"(({part}_told <> 0)::integer)" for part in _PARTS)} <= 1 as is_printed_whole,
    list_filter([{_OFF}], lambda part: part is not null) as parts_off,
    concat_ws(', ', {_SAID}) as said
from agreed
"""

# Without a contract or without rates there is nothing to compute, only the tables that later statements read.
_NO_FEES = """
create table fee_checked (
    case_id ubigint, fees_minor bigint, net_currency text, rule_id text, expected_minor bigint, is_printed_whole boolean, parts_off text[], said text)
"""
_NO_ROWS = """
create table row_checked (n bigint, item_key text, source text, psp text, account text, file_name text, line_no integer, ties boolean)
"""
_NO_VARIANCES = """
create table charge_variance (case_id ubigint, break_class text, sub_class text, variance_minor bigint, currency text, detail text)
"""
_NO_CONVERSIONS = """
create table conversion (
    n bigint, amount_minor bigint, converted_minor bigint, currency text, net_currency text, booked_on date, fx_markup_bps bigint, fx_tolerance_bps bigint,
    rate_date date, expected_minor bigint, reference_minor bigint)
"""

# The first thing that is wrong with a case's settlement lines: a row that does not tie explains the fee and the rate that follow from it.
_VARIANCES = """
create table charge_variance as
with wrong as (
    select m.case_id, 1 as place, 'row_arithmetic' as break_class, null as sub_class, r.off_minor as variance_minor, r.net_currency as currency,
        'gross ' || money(r.amount_minor, r.currency) || ', fees ' || money(r.fees_minor, r.net_currency) || ', net '
            || money(r.net_minor, r.net_currency) || ', rate ' || coalesce(r.exchange_rate, '1') as detail
    from row_checked r join charged m on m.n = r.n where not r.ties and r.source = 'settlement'
    union all
    select m.case_id, 2, 'fx_variance', null, c.converted_minor - c.expected_minor, c.net_currency,
        'converted ' || money(c.converted_minor, c.net_currency) || ', at the reference of ' || c.rate_date || ' less ' || c.fx_markup_bps || ' bps '
            || money(c.expected_minor, c.net_currency)
    from conversion c join charged m on m.n = c.n
    where abs(c.converted_minor - c.expected_minor) > 1
        and cast(abs(c.converted_minor - c.expected_minor) as hugeint) * 10000 > cast(abs(c.expected_minor) as hugeint) * c.fx_tolerance_bps
    union all
    select case_id, 3, 'fee_variance', case when fees_minor = expected_minor then 'split' when is_printed_whole then null
            when len(parts_off) = 1 then parts_off[1] else 'several' end,
        fees_minor - expected_minor, net_currency,
        'charged ' || money(fees_minor, net_currency) || ', contract line ' || rule_id || ' says ' || money(expected_minor, net_currency)
            || case when is_printed_whole then '' else ': ' || said end
    from fee_checked where fees_minor <> expected_minor or (len(parts_off) > 0 and not is_printed_whole)
)
select case_id, any_value(break_class) as break_class, min(sub_class) as sub_class, sum(variance_minor)::bigint as variance_minor,
    any_value(currency) as currency, string_agg(detail, '; ' order by detail) as detail
from (select *, min(place) over (partition by case_id) as first_place from wrong) where place = first_place group by case_id
"""


_CONVERTED = """
select i.item_key, i.psp, i.account, i.batch_id, c.booked_on, c.rate_date, c.currency, c.amount_minor, c.net_currency, c.converted_minor,
    c.reference_minor, c.expected_minor - c.reference_minor as markup_minor, c.converted_minor - c.expected_minor as variance_minor,
    c.converted_minor - c.reference_minor as fx_result_minor
from conversion c join item i on i.n = c.n order by i.item_key
"""


def conversions(bench: Bench) -> pl.DataFrame:
    """Every exchange with its result against the reference, as the CONVERSIONS table."""
    return bench.frame(_CONVERTED)


def apply(bench: Bench) -> None:
    """Check every settlement line that can be checked."""
    if "net_minor" not in bench.filled:  # nobody told what he charged
        bench.run(_NO_ROWS, _NO_CONVERSIONS, _NO_FEES, _NO_VARIANCES)
        return
    has_rates = bench.count("select count(*) from rate") > 0
    has_contract = bench.count("select count(*) from fee_rule join terms using (psp, account)") > 0
    bench.run(_ROWS, _CONVERSIONS if has_rates else _NO_CONVERSIONS, _FEES if has_contract else _NO_FEES, _VARIANCES)
