"""L0: which version of a line counts? Older versions are superseded, later files restate earlier ones, overlapping files repeat lines, reversals void.

The traps: a newer file that silently replaces an amount (here: a `restated` break with the difference, and the newer line goes on), and equal lines of
one file taken for repetitions (they are kept: two equal fees are two fees), and a reversed entry dropped before its reversal was known. Leaves
`live`, the items that count, and `unclaimed`, those of them that are in no plain case: what later layers look for candidates in.
Source: reference LR §3 case 27, §5.3 L0.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

_VERSIONED = """
create table versioned as
with file as (
    select distinct family, coalesce(psp, '') as psp_name, account, file_name, file_version from open_item where file_name is not null
),
following as (
    select *, lead(file_version) over (partition by family, psp_name, account, file_name order by file_version) as next_version,
        count(*) over (partition by family, psp_name, account, file_name) as versions
    from file
),
numbered as (
    select n, family, coalesce(psp, '') as psp_name, account, file_name, file_version,
        concat_ws(chr(31), source, raw_kind, coalesce(psp_reference, ''), coalesce(modification_reference, ''), coalesce(ext_id, ''),
            coalesce(batch_id, ''), case when source = 'bank' then coalesce(bank_reference, '') || cast(booked_on as varchar) else '' end) as identity,
        line_no, item_key, known_at, kind, currency, amount_minor, counted_currency, counted_minor
    from open_item where file_name is not null and file_name in (select file_name from following where versions > 1)
)
select numbered.*, following.next_version,
    row_number() over (partition by family, psp_name, account, file_name, file_version, identity order by line_no, item_key) as occurrence
from numbered join following using (family, psp_name, account, file_name, file_version)
where following.versions > 1
"""

_SUPERSEDED = """
create table superseded as
select older.n, newer.n as newer_n,
    older.kind = 'information' or (newer.n is not null and newer.currency = older.currency and newer.amount_minor = older.amount_minor
        and newer.counted_currency = older.counted_currency and newer.counted_minor = older.counted_minor) as is_same
from versioned older left join versioned newer
    on newer.family = older.family and newer.psp_name = older.psp_name and newer.account = older.account and newer.file_name = older.file_name
    and newer.file_version = older.next_version and newer.identity = older.identity and newer.occurrence = older.occurrence
where older.next_version is not null
"""

# The same line in several files: by the source's own id, or where it has none by all it says. `occurrence` keeps equal lines of one file apart.
# Nearly every line is in one file only: a number per line says which are worth the comparison of words.
_SIGHTINGS = """
create table sighting as
with marked as (
    select n, file_name, hash(family, psp, account, kind, ext_id, case when ext_id is null then hash(currency, amount_minor, counted_minor, raw_kind,
            psp_reference, modification_reference, merchant_reference, batch_id, bank_reference, occurred_at, booked_on) end) as mark
    from open_item where file_name is not null and n not in (select n from superseded)
),
elsewhere as (
    select mark from marked group by mark having min(file_name) <> max(file_name)
),
current_item as (
    select i.*, concat_ws(chr(31), i.currency, i.amount_minor, i.counted_currency, i.counted_minor, i.fees_minor, i.kind) as said
    from open_item i where i.n in (select n from marked where mark in (select mark from elsewhere))
),
identified as (
    select n, said, file_name, known_at, line_no, item_key,
        concat_ws(chr(31), family, coalesce(psp, ''), account, kind, case when ext_id is not null then 'id' || ext_id else concat_ws(chr(30), said, raw_kind,
            coalesce(psp_reference, ''), coalesce(modification_reference, ''), coalesce(merchant_reference, ''), coalesce(batch_id, ''),
            coalesce(bank_reference, ''), cast(occurred_at as varchar), cast(booked_on as varchar)) end) as identity
    from current_item
),
counted as (
    select *, row_number() over (partition by identity, file_name order by line_no, item_key) as occurrence from identified
),
latest as (
    select *, last_value(said) over same as newest_said, last_value(n) over same as newest_n, count(*) over (partition by identity, occurrence) as copies
    from counted
    window same as (partition by identity, occurrence order by known_at, file_name, item_key rows between unbounded preceding and unbounded following)
)
select n, newest_n, said = newest_said as is_current,
    row_number() over (partition by identity, occurrence, said order by known_at, file_name, item_key) as place
from latest where copies > 1
"""

# An entry and the reversal that takes it back are no movement at a PSP, from the moment the reversal is known; until then the entry stands.
_REVERSED = """
insert into ending
select unnest([taken_back.n, reversal.n]), null, 'reversed'
from open_item reversal join open_item taken_back on taken_back.item_key = reversal.voids_item_key
"""

_RESTATED = """
insert into finding
select hash('restated', o.item_key), 'restated', case when w.n is null then 'vanished' when o.amount_minor = w.amount_minor then 'net' end,
    o.psp, o.account,
    case when o.amount_minor = w.amount_minor and o.currency = w.currency then o.counted_currency else o.currency end,
    case when w.n is null then -o.amount_minor
         when o.currency <> w.currency then -o.amount_minor
         when o.amount_minor = w.amount_minor then w.counted_minor - o.counted_minor
         else w.amount_minor - o.amount_minor end,
    null, o.batch_id, o.kind, coalesce(o.modification_reference, o.psp_reference, o.ext_id, o.item_key),
    'version ' || o.file_version || ' of ' || o.file_name || ', line ' || o.line_no, null, o.booked_on, o.known_at
from ({pairs}) p join open_item o on o.n = p.n left join open_item w on w.n = p.newer_n
"""

_CHANGED_VERSION = "select n, newer_n from superseded where not is_same"
_CHANGED_COPY = "select n, newest_n as newer_n from sighting where not is_current"


def apply(bench: Bench) -> None:
    """End old versions and repetitions; make `live`."""
    bench.run(
        _VERSIONED,
        _SUPERSEDED,
        _SIGHTINGS,
        _REVERSED,
        _RESTATED.format(pairs=_CHANGED_VERSION),
        _RESTATED.format(pairs=_CHANGED_COPY),
        "insert into ending select n, null, 'superseded' from superseded where is_same",
        "insert into ending select n, null, 'repeated_in_file' from sighting where is_current and place > 1",
        f"insert into ending select p.n, hash('restated', i.item_key), null "
        f"from ({_CHANGED_VERSION} union all {_CHANGED_COPY}) p join open_item i on i.n = p.n",
        "insert into ending select n, null, case when kind = 'information' then 'information' else 'zero_amount' end from open_item i "
        "where (kind = 'information' or (amount_minor = 0 and counted_minor = 0)) and not exists (select 1 from ending e where e.n = i.n)",
        "create table settled_early as select n from ending",
        # a copy of a million items was a second of a run
        "create view live as select * from seen anti join settled_early using (n)",
        "create view unclaimed as select * from open_item anti join settled_early using (n) anti join spoiled using (n)",
    )
