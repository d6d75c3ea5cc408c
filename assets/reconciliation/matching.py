"""The ladder: every item into one group, one break, or ignored with a reason; and the certificate that says so. For the pipeline and the command line.

`reconcile(items, context)` is pure and deterministic: the order of rows decides nothing, nothing outside the arguments is read. The trap: a layer that
loses or doubles an item; the endings are counted against the items before anything is returned.
Source: reference LR §5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from assets.reconciliation import gates
from assets.reconciliation.bench import Bench
from assets.reconciliation.breaks import EXPOSURE_SIGN, SENTENCES, BreakClass
from assets.reconciliation.context import RunContext
from assets.reconciliation.items import validated
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

_OF_THE_ITEM = ("item_key", "source", "currency", "amount_minor", "booked_on")
_OF_ALL_PLAIN = pl.DataFrame(
    {"disposition": ["matched"], "break_id": [None], "reason": [None]}, schema_overrides={"break_id": pl.String(), "reason": pl.String()}
)
_SLICE = 1_000_000  # rows in memory at a time on their way to a file


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
    from ending e join open_item i on i.n = e.n where e.case_id is not null group by e.case_id
)
select k.* exclude (keys, hop_bits), w.hops, k.members || ':' || hex(k.keys) as signature from keyed k join hop_word w using (hop_bits)
"""

_GROUPS = """
select v.group_id, a.layer, a.case_kind, a.psp, a.account, a.currency, a.amount_minor, a.residue_minor, a.batch_id, k.event_date,
    k.members::integer as item_count, k.hops
from agreement a join identity k using (case_id) join verdict v using (case_id)
"""

_BREAKS = """
select 'brk_' || substr(sha256(f.break_class || chr(31) || coalesce(k.signature, f.key)), 1, 32) as break_id, f.break_class, f.sub_class,
    f.break_class not in ('timing_open', 'after_close') as counts_as_break, f.psp, f.account, f.currency, f.amount_minor,
    case sign(f.amount_minor) * c.exposure_sign when 1 then 'owed_to_us' when -1 then 'owed_by_us' else 'unknown' end as exposure,
    coalesce(k.event_date, f.event_date) as event_date, coalesce(k.known_at, f.known_at, (select max(known_at) from profile)) as first_known_at,
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

# Where the items of no plain case ended.
_ENDINGS = """
create table ended as
select i.n,
    case when e.reason is not null then 'ignored' when v.break_id is not null then 'broken' when v.group_id is not null then 'matched' end as disposition,
    v.group_id, v.break_id, e.reason, i.source, i.currency, i.amount_minor, i.booked_on
from open_item i left join ending e on e.n = i.n left join verdict v on v.case_id = e.case_id
"""

_VERDICTS = """
create table verdict as
select a.case_id, 'grp_' || md5(k.signature) as group_id, null as break_id from agreement a join identity k using (case_id)
union all select case_id, null, break_id from broken
"""


def reconcile(items: pl.DataFrame | Path, context: RunContext, *, shortcut: bool = True) -> Outcome:
    """Shape: ITEMS, as a frame or a Parquet file → Outcome. Items known after `context.as_of` are not seen. Rows are in no order, but for breaks (by id)
    and the certificate.

    `shortcut`: cases that agree at first sight skip the ladder; without it the same is found the long way, which is how a test proves the short one.

    Raises: ContractBroken when the items are not the normal form; InvariantBroken when a layer lost or doubled an item (our bug).
    """
    with Bench(items if isinstance(items, Path) else validated(items), context) as bench:
        climbed = _climbed(bench, context, shortcut=shortcut)
        return Outcome(
            groups=pl.concat(climbed.groups(bench)),
            dispositions=pl.concat(climbed.dispositions(bench)),
            breaks=climbed.breaks,
            certificate=climbed.certificate,
            gates=gates.report(bench),
            reserves=reserves.followed(bench),
            conversions=charges.conversions(bench),
        )


def reconcile_file(items: Path, context: RunContext, folder: Path) -> pl.DataFrame:
    """The same from a Parquet file: groups, dispositions and breaks as Parquet files in `folder`; the certificate.

    Raises: as `reconcile`.
    """
    with Bench(items, context) as bench:
        climbed = _climbed(bench, context, shortcut=True)
        climbed.breaks.write_parquet(folder / "breaks.parquet")
        _write(climbed.groups(bench, _SLICE), folder / "groups.parquet")
        _write(climbed.dispositions(bench, _SLICE), folder / "dispositions.parquet")
        return climbed.certificate


def _write(frames: Iterator[pl.DataFrame], path: Path) -> None:
    """Frames of one shape as one Parquet file, each dropped when it is written. Keys repeat too seldom to be worth a dictionary."""
    first = next(frames)
    words = [name for name in first.columns if name not in ("item_key", "group_id")]
    schema = first.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=words) as writer:
        for frame in chain([first], frames):
            writer.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


@dataclass(frozen=True, slots=True)
class _Climbed:
    """A ladder at its end. Groups and dispositions are made when they are asked for, so many rows at a time."""

    plain: plain.Plain
    breaks: pl.DataFrame
    certificate: pl.DataFrame

    def groups(self, bench: Bench, size: int | None = None) -> Iterator[pl.DataFrame]:
        yield bench.frame(_GROUPS).select(GROUPS.column_names())
        yield from self.plain.groups(size)

    def dispositions(self, bench: Bench, size: int | None = None) -> Iterator[pl.DataFrame]:
        """Every item beside its ending, which is looked up by the number of its case or, where it has none, of its own row in `ended`."""
        ended, plain_ones = bench.frame("select * from ended"), self.plain.cases.height
        group_ids = pl.concat([self.plain.cases["group_id"], ended["group_id"]]).rechunk()
        rest = pl.concat([_OF_ALL_PLAIN, ended.select(_OF_ALL_PLAIN.columns)]).rechunk()
        place = self.plain.case_of.clone()
        place.scatter(ended["n"], pl.int_range(plain_ones, group_ids.len(), dtype=pl.UInt32(), eager=True))
        for first in range(0, max(1, bench.height), size or max(1, bench.height)):
            rows, ends = bench.rows.slice(first, size).select(_OF_THE_ITEM).collect(), place.slice(first, size)
            if ends.has_nulls():  # not known yet
                rows, ends = rows.filter(ends.is_not_null()), ends.drop_nulls()
            ending = (ends.cast(pl.Int64()) - plain_ones + 1).clip(0)
            yield rows.hstack([group_ids.gather(ends), *rest[ending]]).select(MEMBERS.column_names())


def _climbed(bench: Bench, context: RunContext, *, shortcut: bool) -> _Climbed:
    """The whole ladder, and every case with its name."""
    found = plain.apply(bench, shortcut=shortcut)
    bench.check_keys()
    fingerprint = bench.fingerprint()
    for layer in (versions, cases, duplicates, charges):
        layer.apply(bench)
    plain.settle(bench, found)
    for layer in (transactions, netted, payouts, joint_arrivals, gates):
        layer.apply(bench)
    accepted.apply(bench, context)
    account_fees.apply(bench, context)
    reserves.apply(bench, context)
    day_cuts.apply(bench, context)
    after_close.apply(bench)
    _check_endings(bench, found)
    _name_classes(bench)
    bench.put("hop_word", plain.hop_words())
    bench.run(_IDS)
    broken = bench.frame(_BREAKS.format(sentence=_sentence()))
    bench.put("broken", broken.select("case_id", "break_id"))
    bench.run(_VERDICTS, _ENDINGS)
    return _Climbed(found, broken.select(BREAKS.column_names()), _certificate(bench, context, found, fingerprint.result()))


_TORN = "select count(*) from (select case_id from ({verdicts}) group by 1 having count(*) > 1)"
_VERDICTS_OF_CASES = "select case_id from finding union all select case_id from agreement"


def _check_endings(bench: Bench, found: plain.Plain) -> None:
    doubled = bench.count("select count(*) from (select n from ending group by n having count(*) > 1)")
    ended = bench.frame("select n from ending")["n"]
    doubled += ended.len() - found.case_of.gather(ended).null_count()
    lost = bench.count("select count(*) from open_item where n not in (select n from ending)")
    lost += (
        bench.count("select sum(lines) from profile")
        - bench.count("select count(*) from open_item")
        - (found.case_of.len() - found.case_of.null_count())
    )
    headless = bench.count(f"select count(*) from ending where reason is null and case_id not in ({_VERDICTS_OF_CASES})")
    torn = bench.count(_TORN.format(verdicts=_VERDICTS_OF_CASES))
    if doubled or lost or headless or torn:
        raise InvariantBroken(
            f"the ladder ended {doubled} items twice, {lost} never, {headless} in a case without a verdict; {torn} cases have two verdicts"
        )


def _name_classes(bench: Bench) -> None:
    rows = [(each.value, EXPOSURE_SIGN[each], SENTENCES[each]) for each in BreakClass]
    bench.put(
        "class_word", pl.DataFrame(rows, schema={"break_class": pl.String(), "exposure_sign": pl.Int64(), "sentence": pl.String()}, orient="row")
    )


def _sentence() -> str:
    expression = "c.sentence"
    for name, value in _FILLED.items():
        expression = f"replace({expression}, '{{{name}}}', {value})"
    return expression


# in = matched + broken + ignored, in count and amount: what went in is counted over all items, and each ending by itself, so that they can fail to add up.
_WORDS = {"matched": "group_id", "broken": "break_id", "ignored": "reason"}
_COUNTED = ", ".join(
    f"count({word})::bigint as {name}_count, coalesce(sum(amount_minor) filter (where {word} is not null), 0)::bigint as {name}_minor"
    for name, word in _WORDS.items()
)
_WENT_IN = """
select source, currency, booked_on, sum(lines)::bigint as in_count, sum(amount_minor)::bigint as in_minor from profile group by all
"""


def _certificate(bench: Bench, context: RunContext, found: plain.Plain, fingerprint: str) -> pl.DataFrame:
    """Per source, currency and day; the run's id is a hash of what went in: items, moment, rules, confirmed matches."""
    confirmed = context.accepted["match_id"].unique().sort().to_list()
    run_id = hashlib.sha256("\x1f".join([RULE_SET, context.as_of.isoformat(), fingerprint, *confirmed]).encode()).hexdigest()[:32]
    place = ["source", "currency", "booked_on"]
    ended = pl.concat([found.matched(), bench.frame(f"select source, currency, booked_on, {_COUNTED} from ended group by all")], how="diagonal")
    proved = bench.frame(_WENT_IN).join(ended.group_by(place).agg(pl.all().sum()), on=place, how="full", coalesce=True).fill_null(0)
    adds_up = [pl.col(f"in_{unit}") == pl.sum_horizontal(f"{part}_{unit}" for part in _WORDS) for unit in ("count", "minor")]
    told = proved.with_columns(
        pl.lit(run_id).alias("run_id"), pl.lit(context.as_of).cast(pl.Datetime("us", "UTC")).alias("as_of"), closes=pl.all_horizontal(adds_up)
    )
    return told.select(CERTIFICATE.column_names()).sort(place)
