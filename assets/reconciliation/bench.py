"""Where the layers work: one DuckDB in memory with the items, our terms, a calendar and exact arithmetic. For the layers and matching.py.

DuckDB rather than Polars: the ladder is joins and windows over one set of tables, which SQL says best, and it holds a million items a side in less
memory (reference performance.md B). The traps: money through a double (here: integers, HUGEINT where a product needs it), an order left to chance
(every window is ordered down to item_key), a working day counted by hand in two places.

A case is named by a number: the hash of what its items share (a name of 80 characters for each of a million cases was most of a run). That no two
names share a number is proved by whoever makes cases (layers/cases.py) and by the ladder's count of verdicts.

It shows the items as the view seen (what is known at as_of; n numbers it, hop is its source as a bit), read where they are and copied nowhere; counts
them once as profile (lines and amounts by place, kind, source, currency and day: few rows, and all that many questions need); and makes terms, due
(dates by account and day), exponent, rate, fee_rule, ours (bank accounts), naming (words that name a PSP), closed (days under signature); `ending`
collects where each item ended, `finding` the breaks, `agreement` the groups.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from assets.reconciliation.context import RunContext, Terms
from assets.reconciliation.items import SOURCES, are_distinct, check_columns, check_rows, item_schema
from assets.reconciliation.tables import ITEM_COLUMNS
from transactional.payments.money_kinds import ACCOUNT_KINDS, EXPECTED_SIGN, PLAYER_KINDS, MoneyKind
from transactional.vocabulary.currencies import PERIODS
from transactional.vocabulary.errors import ContractBroken
from transactional.vocabulary.time import add_business_days

BITS = {name: 1 << place for place, name in enumerate(SOURCES)}
"""Each source as a bit: which hops a case has is then one small number."""
_MEMORY = "5GB"  # what is more goes to files: a run that is larger than expected gets slower, and does not take the machine with it

_MACROS = """
create macro half_even(num, den) as
    sign(num) * (abs(num) // den + case
        when 2 * (abs(num) % den) > den then 1
        when 2 * (abs(num) % den) = den and (abs(num) // den) % 2 = 1 then 1
        else 0 end);
create macro ten(k) as cast('1' || repeat('0', cast(greatest(k, 0) as bigint)) as hugeint);
create macro squeezed(words) as upper(regexp_replace(coalesce(words, ''), '\\s', '', 'g'));
create macro fees_of(c, m, s, i) as coalesce(c, 0) + coalesce(m, 0) + coalesce(s, 0) + coalesce(i, 0);
create macro major(minor, decimals) as
    (case when minor < 0 then '-' else '' end)
    || cast(abs(minor) // ten(decimals) as varchar)
    || case when decimals > 0 then '.' || lpad(cast(abs(minor) % ten(decimals) as varchar), cast(decimals as integer), '0') else '' end;
"""

# An amount as a person reads it. The decimals are a constant and not a look-up: a subquery in every amount was a third of a small run's planning.
_MONEY = """
create macro money(minor, code) as major(cast(minor as bigint), coalesce(getvariable('decimals')[code], 0)) || ' ' || code;
"""

_RESULTS = """
create table ending (n bigint not null, case_id ubigint, reason text);
create table finding (
    case_id ubigint not null, break_class text not null, sub_class text, psp text, account text not null, currency text not null,
    amount_minor bigint not null, due_on date, batch_id text, kind text, reference text, detail text, key text, event_date date, known_at timestamptz);
create table agreement (
    case_id ubigint not null, layer text not null, case_kind text not null, psp text, account text not null, currency text not null,
    amount_minor bigint not null, residue_minor bigint not null, batch_id text);
"""

# What no layer should have to say again. `absent`: columns that no item fills; a null is 16 bytes in every row, so they are shown and not read.
_SHOWN = """
create view {view} as
select i.*, ({hop})::utinyint as hop,
    case when i.source = 'payout' then 'settlement' else i.source end as family,
    coalesce(i.net_minor, i.amount_minor) as counted_minor,
    case when i.net_minor is null then i.currency else coalesce(i.net_currency, i.currency) end as counted_currency,
    fees_of(i.commission_minor, i.markup_minor, i.scheme_fee_minor, i.interchange_minor) as fees_minor
from (select n, {columns} from given where {condition}) i
"""
_HOP = "case i.source " + " ".join(f"when '{name}' then {bit}" for name, bit in BITS.items()) + " end"

# Columns of few values only: the cheapest reading of all rows there is. What is known too late is counted apart, for it has to be the normal form too.
_COUNTED = """
create table counted as
select {known} as is_seen, {psp}, account, kind, source, currency, booked_on, count(*)::bigint as lines, sum(amount_minor)::bigint as amount_minor,
    max(known_at) as known_at
from given group by all
"""
_NOT_NORMAL = """
select count(*) from counted where source not in (select unnest($sources)) or kind not in (select unnest($kinds)) or psp is null and source <> 'bank'
"""
_FINGERPRINT = "select count(*) || ':' || coalesce(hex(bit_xor(md5_number(item_key || chr(31) || amount_minor))), '') as signature from seen"


class Bench:
    """One run's working tables. Use as a context manager; nothing survives it but the frames taken out."""

    def __init__(self, items: pl.DataFrame | Path, context: RunContext) -> None:
        """`items`: the normal form as a frame (see items.validated), or as a Parquet file, of which memory then holds a few columns.

        Raises: ContractBroken when a file is not the normal form.
        """
        self._folder = TemporaryDirectory(prefix="countroom-bench-")
        self._aside = ThreadPoolExecutor(1)
        self._keys: Future[bool] | None = None
        self._given: object = None
        self._db = duckdb.connect(config={"threads": 2, "memory_limit": _MEMORY, "temp_directory": self._folder.name})
        try:
            self._settle(items, context)
        except BaseException:
            self._close()
            raise

    def _settle(self, items: pl.DataFrame | Path, context: RunContext) -> None:
        self._db.execute("set timezone = 'UTC'")
        self._db.execute("set produce_arrow_string_view = true")
        self._db.execute("set preserve_insertion_order = false")
        self._db.execute(_MACROS)
        self._db.execute(_MONEY)
        self._db.execute(_RESULTS)
        if isinstance(items, Path):
            self._read_file(items)
        else:
            self._read_frame(items)
        known = f"known_at <= timestamptz '{context.as_of.isoformat()}'"  # ours, and a view takes no parameters
        self._count_lines(known)
        self._show("seen", known if self.count("select count(*) from counted where not is_seen") else "true")
        self.run("create view profile as select * exclude (is_seen) from counted where is_seen")
        self._settle_vocabulary()
        self._settle_terms(context)
        self._settle_references(context)

    def _read_frame(self, items: pl.DataFrame) -> None:
        self.rows, self.height = items.lazy(), items.height
        self.filled = frozenset(column.name for column in ITEM_COLUMNS if items[column.name].null_count() < items.height)
        kept = items.select(column.name for column in ITEM_COLUMNS if column.name in self.filled or not column.nullable)
        self._given = kept.with_row_index("n").with_columns(pl.col("n").cast(pl.Int64)).to_arrow(compat_level=pl.CompatLevel.newest())
        self._db.register("given", self._given)

    def _read_file(self, path: Path) -> None:
        rows = pl.scan_parquet(path)
        check_columns(rows.collect_schema())
        self.rows = rows.select(pl.col(name).cast(dtype) for name, dtype in item_schema().items())
        self._keys = self._aside.submit(are_distinct, self.rows)  # beside the rest, and asked for by check_keys
        self._db.read_parquet(str(path), file_row_number=True).create_view("filed")
        told = ", ".join(f"count({column.name}) as {column.name}" for column in ITEM_COLUMNS)
        filled = self.frame(f"select count(*) as height, {told} from filed").row(0, named=True)
        self.height = filled.pop("height")
        self.filled = frozenset(name for name, count in filled.items() if count)
        if any(filled[column.name] < self.height for column in ITEM_COLUMNS if not column.nullable):
            check_rows(self.rows)
        kept = ", ".join(column.name for column in ITEM_COLUMNS if column.name in self.filled or not column.nullable)
        self.run(f"create view given as select {kept}, file_row_number as n from filed")

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()

    def _close(self) -> None:
        self._aside.shutdown()
        self._db.close()
        self._folder.cleanup()

    def _count_lines(self, known: str) -> None:
        psp = "psp" if "psp" in self.filled else "null::text as psp"
        self.run(_COUNTED.format(known=known, psp=psp))
        if self._db.execute(_NOT_NORMAL, {"sources": list(SOURCES), "kinds": [kind.value for kind in MoneyKind]}).fetchall() != [(0,)]:
            check_rows(self.rows)

    def _show(self, view: str, condition: str) -> None:
        """The given items with all columns and what follows from them."""
        columns = ", ".join(
            column.name if column.name in self.filled or not column.nullable else f"cast(null as {column.type.value}) as {column.name}"
            for column in ITEM_COLUMNS
        )
        self._db.execute(_SHOWN.format(view=view, hop=_HOP, columns=columns, condition=condition))

    def check_keys(self) -> None:
        """Raises: ContractBroken when a file has an item_key twice, which is looked for beside other work."""
        if self._keys and not self._keys.result():
            raise ContractBroken("items.item_key is there more than once", code="items_content")

    def fingerprint(self) -> Future[str]:
        """What names the items of this run, their number and a sum over keys and amounts, read beside other work."""
        return self._aside.submit(self._fingerprint)

    def _fingerprint(self) -> str:
        with self._db.cursor() as cursor:
            if self._given is not None:
                cursor.register("given", self._given)
            return str(cursor.execute(_FINGERPRINT).fetchall()[0][0])

    def run(self, *statements: str) -> None:
        """Run statements in order."""
        for statement in statements:
            self._db.execute(statement)

    def hold(self, name: str, frame: pl.DataFrame) -> None:
        """A frame as a table that is read where it is."""
        self._db.register(name, frame.to_arrow(compat_level=pl.CompatLevel.newest()))

    def frame(self, query: str) -> pl.DataFrame:
        """A query's answer."""
        return pl.DataFrame(pl.from_arrow(self._db.sql(query).to_arrow_table()))

    def count(self, query: str) -> int:
        """The one number a query answers."""
        ((value,),) = self._db.execute(query).fetchall()
        return int(value or 0)

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """A frame as a table."""
        self._db.register("incoming", frame.to_arrow())
        self._db.execute(f'create table "{name}" as select * from incoming')
        self._db.unregister("incoming")

    def _settle_vocabulary(self) -> None:
        signs = [(kind.value, sign) for kind, sign in EXPECTED_SIGN.items()]
        self.put("player_kind", pl.DataFrame(signs, schema={"kind": pl.String(), "expected_sign": pl.Int32()}, orient="row"))
        assert {kind for kind, _ in signs} == {kind.value for kind in PLAYER_KINDS}
        self.put("account_kind", pl.DataFrame({"kind": sorted(kind.value for kind in ACCOUNT_KINDS)}))
        decimals = [(code, periods[-1].exponent) for code, periods in PERIODS.items()]
        self.put("exponent", pl.DataFrame(decimals, schema={"currency": pl.String(), "decimals": pl.Int64()}, orient="row"))
        self._db.execute("set variable decimals = map($codes, $decimals)", {"codes": [c for c, _ in decimals], "decimals": [d for _, d in decimals]})

    def _settle_terms(self, context: RunContext) -> None:
        accounts = self.frame("select distinct psp, account from profile where psp is not null order by all")
        days = self.frame("select distinct booked_on from profile order by 1")["booked_on"].to_list()
        terms: list[tuple[object, ...]] = []
        dues: list[tuple[object, ...]] = []
        for psp, account in accounts.iter_rows():
            agreed = context.terms_of(psp, account)
            terms.append(_terms_row(psp, account, agreed, context.today_in(agreed)))
            dues += [_due_row(psp, account, agreed, day, context.holidays) for day in days]
        self.put("terms", pl.DataFrame(terms, schema=_TERMS, orient="row"))
        self.put("due", pl.DataFrame(dues, schema=_DUE, orient="row"))

    def _settle_references(self, context: RunContext) -> None:
        self.put("fee_rule", context.fee_rules)
        self.put("statement", context.statements.filter(pl.col("known_at") <= context.as_of))
        self.put("rate_text", context.fx_rates)
        self.run(_RATES)
        # a statement whose lines were all refused has a gap and no item
        told = self.frame("select account from profile where source = 'bank' union select bank_account from statement")
        ours = context.bank_accounts
        self.put("ours", told if ours is None else pl.DataFrame({"account": sorted(ours)}, schema={"account": pl.String()}))
        words = [(psp, word.upper().replace(" ", "")) for psp, names in context.psp_names.items() for word in names]
        self.put("naming", pl.DataFrame(words, schema={"psp": pl.String(), "word": pl.String()}, orient="row"))
        days = [(psp, day, watermark) for psp, held in sorted(context.closed.items()) for day, watermark in held]
        self.put("closed", pl.DataFrame(days, schema=_CLOSED, orient="row"))
        self.put("window_days", pl.DataFrame({"composite": [context.composite_window_days], "bank": [context.bank_window_days]}))


_TERMS = {
    "psp": pl.String(),
    "account": pl.String(),
    "today": pl.Date(),
    "has_activity": pl.Boolean(),
    "has_attempts": pl.Boolean(),
    "is_consecutive": pl.Boolean(),
    "fx_markup_bps": pl.Int64(),
    "fx_tolerance_bps": pl.Int64(),
}
_CLOSED = {"psp": pl.String(), "day": pl.Date(), "watermark_at": pl.Datetime("us", "UTC")}
_DUE = {"psp": pl.String(), "account": pl.String(), "day": pl.Date(), "activity_due": pl.Date(), "settlement_due": pl.Date(), "bank_due": pl.Date()}

# Rates as integers: mantissa / 10^scale units of `currency` for one unit of the base. The base itself is 1.
_RATES = """
create table rate as
with printed as (
    select rate_date, currency, cast(replace(rate, '.', '') as hugeint) as mantissa,
        case when contains(rate, '.') then length(rate) - strpos(rate, '.') else 0 end as scale
    from rate_text where regexp_full_match(rate, '[0-9]*\\.?[0-9]+')
)
select rate_date, currency, any_value(mantissa) as mantissa, any_value(scale) as scale from printed where mantissa > 0 group by all
union all
select distinct rate_date, base_currency, cast(1 as hugeint), cast(0 as bigint) from rate_text
"""


def _terms_row(psp: str, account: str, agreed: Terms, today: date) -> tuple[object, ...]:
    told = (agreed.has_activity_reports, agreed.has_attempts, agreed.consecutive_batches, agreed.fx_markup_bps, agreed.fx_tolerance_bps)
    return (psp, account, today, *told)


def _due_row(psp: str, account: str, agreed: Terms, day: date, holidays: frozenset[date]) -> tuple[object, ...]:
    """Last dates on which a hop may still come, for something booked on `day`."""
    grace = timedelta(days=agreed.settlement_grace_days)
    activity = day + timedelta(days=agreed.activity_lag_days) + grace
    settlement = add_business_days(day, agreed.settles_after_days, holidays) + grace
    return (psp, account, day, activity, settlement, add_business_days(day, agreed.bank_lag_days, holidays))
