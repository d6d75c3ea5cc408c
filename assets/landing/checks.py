"""Did everything that arrived get in, and is every row accounted for. Asset checks over the registry of files.

A refused file or row is a warning: it stops its own branch and asks for a person; a sum that does not add up is an error.
"""

from __future__ import annotations

import dagster as dg

from assets.landing.tables import SOURCE_FILES
from pipelines.asset_specs import key_of
from pipelines.resources.warehouse import Warehouse

_SHOWN = 20


@dg.asset_check(asset=key_of(SOURCE_FILES), description="No file waits as refused, and no row of a landed file was rejected.")
def every_file_was_accepted(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Fails, as a warning, while a refused file or a rejected row is known."""
    with warehouse.connect() as connection:
        bad = connection.execute(_NOT_ACCEPTED).fetchall()
    lines = [f"{name}: {why}" for name, why in bad[:_SHOWN]]
    return dg.AssetCheckResult(
        passed=not bad,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"count": len(bad), "files": dg.MetadataValue.md("\n\n".join(lines) or "none")},
    )


@dg.asset_check(
    asset=key_of(SOURCE_FILES), blocking=True, description="rows_in = landed + rejected + duplicate, and raw has exactly the landed rows."
)
def rows_are_accounted_for(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Fails when the registry and the raw tables disagree about one file."""
    with warehouse.connect() as connection:
        wrong = connection.execute(_DISAGREEING).fetchall()
    return dg.AssetCheckResult(passed=not wrong, metadata={"files": len(wrong), "first": str(wrong[0][0]) if wrong else "none"})


_NOT_ACCEPTED = """
select name, coalesce(refusal, rows_rejected || ' rows rejected') as why from raw.source_files
where refusal is not null or rows_rejected > 0 order by received_at, name
"""
_DISAGREEING = """
with landed as (
    select _file_id, count(*) as row_count from raw.psp__settlement_lines group by _file_id
    union all select _file_id, count(*) from raw.psp__activity_lines group by _file_id
    union all select _file_id, count(*) from raw.psp__balance_lines group by _file_id
    union all select _file_id, count(*) from raw.bank__statement_lines group by _file_id
    union all select _file_id, count(*) from raw.bank__statements group by _file_id
    union all select _file_id, count(*) from raw.fx__rates group by _file_id
), by_file as (
    select _file_id, sum(row_count)::bigint as row_count from landed group by _file_id
)
select files.name from raw.source_files as files
left join by_file on by_file._file_id = files.file_id
where files.rows_in <> files.rows_landed + files.rows_rejected + files.rows_duplicate or files.rows_landed <> coalesce(by_file.row_count, 0)
"""
