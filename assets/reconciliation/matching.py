"""The ladder: every item into one group, one break, or ignored with a reason; and the certificate that says so. For the pipeline and the command line.

`reconcile(items, context)` is pure and deterministic: the order of rows decides nothing, nothing outside the arguments is read. The trap: a layer that
loses or doubles an item; the endings are counted against the items before anything is returned.
Source: reference LR §5.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.reconciliation import gates
from assets.reconciliation.bench import Bench
from assets.reconciliation.breaks import EXPOSURE_SIGN, SENTENCES, BreakClass
from assets.reconciliation.context import RunContext
from assets.reconciliation.items import SOURCES, validated
from assets.reconciliation.layers import (
    accepted,
    account_fees,
    after_close,
    cases,
    charges,
    day_cuts,
    duplicates,
    joint_arrivals,
    netted,
    payouts,
    plain,
    reserves,
    transactions,
    versions,
)
from assets.reconciliation.tables import BREAKS, CERTIFICATE, GROUPS, MEMBERS
from transactional.vocabulary.errors import InvariantBroken

RULE_SET = "2026-11-28"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found, in the shapes of tables.py: GROUPS, MEMBERS (dispositions), BREAKS, CERTIFICATE, GATES, RESERVES, CONVERSIONS."""

    groups: pl.DataFrame
    dispositions: pl.DataFrame
    breaks: pl.DataFrame
    certificate: pl.DataFrame
    gates: pl.DataFrame
    reserves: pl.DataFrame
    conversions: pl.DataFrame


# What a case is known by from run to run: the set of its members, whatever their order. A sum (xor) of 128 bits a member needs no sorting.
_IDS = """
create table identity as
with keyed as (
    select e.case_id, bit_xor(md5_number(i.item_key)) as keys, count(*) as members, min(i.booked_on) as event_date,
        max(i.known_at) as known_at, bit_or(i.hop) as hop_bits
    from ending e join item i on i.n = e.n where e.case_id is not null group by e.case_id
)
select k.* exclude (keys, hop_bits), w.hops, k.members || ':' || hex(k.keys) as signature from keyed k join hop_word w using (hop_bits)
"""

_GROUPS = """
select group_id, 'L1' as layer, 'transaction' as case_kind, psp, account, currency, amount_minor, 0::bigint as residue_minor, batch_id, event_date,
    members::integer as item_count, hops
from plain join hop_word using (hop_bits)
union all
select v.group_id, a.layer, a.case_kind, a.psp, a.account, a.currency, a.amount_minor, a.residue_minor, a.batch_id, k.event_date,
    k.members::integer, k.hops
from agreement a join identity k using (case_id) join verdict v using (case_id)
"""

_BREAKS = """
select 'brk_' || substr(sha256(f.break_class || chr(31) || coalesce(k.signature, f.key)), 1, 32) as break_id, f.break_class, f.sub_class,
    f.break_class not in ('timing_open', 'after_close') as counts_as_break, f.psp, f.account, f.currency, f.amount_minor,
    case sign(f.amount_minor) * c.exposure_sign when 1 then 'owed_to_us' when -1 then 'owed_by_us' else 'unknown' end as exposure,
    coalesce(k.event_date, f.event_date) as event_date, coalesce(k.known_at, f.known_at, (select max(known_at) from item)) as first_known_at,
    f.due_on, f.batch_id,
    coalesce(k.members, 0)::integer as member_count,
    {sentence} as explanation, f.case_id
from finding f join class_word c using (break_class) left join identity k using (case_id) left join exponent x on x.currency = f.currency
order by break_id
"""

_FILLED = {
    "place": "coalesce(f.psp || ' ', '') || f.account",
    "kind": "replace(coalesce(f.kind, 'movement'), '_', ' ')",
    "reference": "coalesce(f.reference, '')",
    "amount": "major(f.amount_minor, coalesce(x.decimals, 0)) || ' ' || f.currency",
    "detail": "coalesce(f.detail, coalesce(k.hops, ''))",
    "due": "coalesce(cast(f.due_on as varchar), '')",
    "batch": "coalesce(f.batch_id, '')",
    "count": "cast(coalesce(k.members, 0) as varchar)",
}

_DISPOSITIONS = """
select i.item_key,
    case when e.reason is not null then 'ignored' when v.break_id is not null then 'broken' when coalesce(p.group_id, v.group_id) is not null then 'matched'
        end as disposition,
    coalesce(p.group_id, v.group_id) as group_id, v.break_id, e.reason, i.source, i.currency, i.amount_minor, i.booked_on
from item i left join plain p on p.case_id = i.plain_id left join ending e on e.n = i.n left join verdict v on v.case_id = e.case_id
"""

_VERDICTS = """
create table verdict as
select a.case_id, 'grp_' || md5(k.signature) as group_id, null as break_id from agreement a join identity k using (case_id)
union all select case_id, null, break_id from broken
"""


def reconcile(items: pl.DataFrame, context: RunContext, *, shortcut: bool = True) -> Outcome:
    """Shape: ITEMS → Outcome. Items known after `context.as_of` are not seen. Rows are in no order, but for breaks (by id) and the certificate.

    `shortcut`: cases that agree at first sight skip the ladder; without it the same is found the long way, which is how a test proves the short one.

    Raises: ContractBroken when the items are not the normal form; InvariantBroken when a layer lost or doubled an item (our bug).
    """
    with Bench(validated(items), context) as bench:
        breaks = _climbed(bench, context, shortcut=shortcut)
        return Outcome(
            groups=bench.frame(_GROUPS).select(GROUPS.column_names()),
            dispositions=bench.frame(_DISPOSITIONS).select(MEMBERS.column_names()),
            breaks=breaks,
            certificate=_certificate(bench, context),
            gates=gates.report(bench),
            reserves=reserves.followed(bench),
            conversions=charges.conversions(bench),
        )


def reconcile_file(items: Path, context: RunContext, folder: Path) -> pl.DataFrame:
    """The same over a Parquet file of ITEMS that memory need not hold: groups, dispositions and breaks as Parquet files in `folder`; the certificate.

    Raises: as `reconcile`.
    """
    with Bench(items, context) as bench:
        _climbed(bench, context, shortcut=True).write_parquet(folder / "breaks.parquet")
        for table, query in ((GROUPS, _GROUPS), (MEMBERS, _DISPOSITIONS)):
            bench.write(f"select {', '.join(table.column_names())} from ({query})", folder / f"{table.name.removeprefix('reconciliation__')}.parquet")
        return _certificate(bench, context)


def _climbed(bench: Bench, context: RunContext, *, shortcut: bool) -> pl.DataFrame:
    """The whole ladder, and every case with its name; the BREAKS. Groups and dispositions can be asked for then."""
    plain.apply(bench, shortcut=shortcut)
    for layer in (versions, cases, duplicates, charges):
        layer.apply(bench)
    plain.settle(bench)
    for layer in (transactions, netted, payouts, joint_arrivals, gates):
        layer.apply(bench)
    accepted.apply(bench, context)
    account_fees.apply(bench, context)
    reserves.apply(bench, context)
    day_cuts.apply(bench, context)
    after_close.apply(bench)
    _check_endings(bench)
    _name_classes(bench)
    _name_hops(bench)
    bench.run(_IDS)
    broken = bench.frame(_BREAKS.format(sentence=_sentence()))
    bench.put("broken", broken.select("case_id", "break_id"))
    bench.run(_VERDICTS)
    return broken.select(BREAKS.column_names())


_TORN = "select count(*) from (select case_id from ({verdicts}) group by 1 having count(*) > 1)"
_VERDICTS_OF_CASES = "select case_id from finding union all select case_id from agreement"
_PLAIN_AND_MORE = f"select count(*) from plain where case_id in ({_VERDICTS_OF_CASES})"


def _check_endings(bench: Bench) -> None:
    doubled = bench.count("select count(*) from (select n from ending group by n having count(*) > 1)")
    doubled += bench.count("select count(*) from item where plain_id is not null and n in (select n from ending)")
    lost = bench.count("select count(*) from item where plain_id is null and n not in (select n from ending)")
    headless = bench.count(f"select count(*) from ending where reason is null and case_id not in ({_VERDICTS_OF_CASES})")
    torn = bench.count(_TORN.format(verdicts=_VERDICTS_OF_CASES)) + bench.count(_PLAIN_AND_MORE)
    if doubled or lost or headless or torn:
        raise InvariantBroken(
            f"the ladder ended {doubled} items twice, {lost} never, {headless} in a case without a verdict; {torn} cases have two verdicts"
        )


def _name_classes(bench: Bench) -> None:
    rows = [(each.value, EXPOSURE_SIGN[each], SENTENCES[each]) for each in BreakClass]
    bench.put(
        "class_word", pl.DataFrame(rows, schema={"break_class": pl.String(), "exposure_sign": pl.Int64(), "sentence": pl.String()}, orient="row")
    )


def _name_hops(bench: Bench) -> None:
    words = [(bits, "+".join(sorted(name for place, name in enumerate(SOURCES) if bits >> place & 1))) for bits in range(1, 1 << len(SOURCES))]
    bench.put("hop_word", pl.DataFrame(words, schema={"hop_bits": pl.UInt8(), "hops": pl.String()}, orient="row"))


def _sentence() -> str:
    expression = "c.sentence"
    for name, value in _FILLED.items():
        expression = f"replace({expression}, '{{{name}}}', {value})"
    return expression


# in = matched + broken + ignored, in count and amount: each is counted by itself from where the items ended, so that it can fail to add up.
_CERTIFICATE = """
with ended as (
    select i.source, i.currency, i.booked_on, i.item_key, i.amount_minor,
        i.plain_id is not null or v.group_id is not null as is_matched, v.break_id is not null as is_broken, e.reason is not null as is_ignored
    from item i left join ending e on e.n = i.n left join verdict v on v.case_id = e.case_id
)
select source, currency, booked_on, count(*)::bigint as in_count, sum(amount_minor)::bigint as in_minor, {endings},
    bit_xor(md5_number(item_key || chr(31) || amount_minor)) as keys
from ended group by source, currency, booked_on
"""
_ENDINGS = ", ".join(
    f"count(*) filter (where is_{name})::bigint as {name}_count, coalesce(sum(amount_minor) filter (where is_{name}), 0)::bigint as {name}_minor"
    for name in ("matched", "broken", "ignored")
)
_SUMMED = "select sum(in_count)::bigint || ':' || coalesce(hex(bit_xor(keys)), '') as signature from summed"


def _certificate(bench: Bench, context: RunContext) -> pl.DataFrame:
    """Per source, currency and day; the run's id is a hash of what went in: items, moment, rules, confirmed matches."""
    bench.run(f"create table summed as {_CERTIFICATE.format(endings=_ENDINGS)}")
    signature = bench.frame(_SUMMED)["signature"][0] or "0:"
    confirmed = context.accepted["match_id"].unique().sort().to_list()
    run_id = hashlib.sha256("\x1f".join([RULE_SET, context.as_of.isoformat(), signature, *confirmed]).encode()).hexdigest()[:32]
    parts = ("matched", "broken", "ignored")
    adds_up = [pl.col(f"in_{unit}") == pl.sum_horizontal(f"{part}_{unit}" for part in parts) for unit in ("count", "minor")]
    proved = bench.frame("select * exclude (keys) from summed").with_columns(
        pl.lit(run_id).alias("run_id"), pl.lit(context.as_of).cast(pl.Datetime("us", "UTC")).alias("as_of"), closes=pl.all_horizontal(adds_up)
    )
    return proved.select(CERTIFICATE.column_names()).sort("source", "currency", "booked_on")
