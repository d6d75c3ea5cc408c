"""`countroom audit`: whether evidence is still what was written, and what was signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Hold evidence against what was written and what was signed.")


@app.callback()
def _root() -> None:
    """Hold evidence against what was written and what was signed."""


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="FILE", help="An evidence bundle: a zip of `countroom report --bundle`.")],
    in_house: Annotated[bool, typer.Option("--in-house", help="Hold the day against the close in the database as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Recompute every hash of a bundle and say what differs. Needs no database, unless --in-house is given.

    Exit code 0: everything is as it was written (and as it was signed, with --in-house); 1: something differs; 2: the file is no bundle.
    """
    from dataclasses import asdict

    from pipelines.console import answer, answer_json
    from pipelines.reports.bundle import differences, file_sha256, read_manifest, signed_differences

    manifest, sha256 = read_manifest(bundle), file_sha256(bundle)
    found = list(differences(bundle))
    if in_house and manifest["close"]:
        found += signed_differences(bundle, _frozen_checksum(manifest["close"]["close_id"]))
    if as_json:
        outcome = {"sha256": sha256, "members": len(manifest["members"]), "differences": [asdict(each) for each in found], "close": manifest["close"]}
        answer_json(outcome)
        return int(bool(found))
    answer(
        f"bundle of {manifest['day']}, {manifest['psp'] or 'every PSP'}, as known at {manifest['watermark_at']}: {len(manifest['members'])} members"
    )
    answer(f"sha256 {sha256}")
    close = manifest["close"]
    signers = ", ".join(each["actor"] for each in close["signatures"]) if close else ""
    answer(f"close {close['close_id']}: {close['state']}, signed by {signers or 'nobody'}" if close else "of no close: nobody signed what is in it")
    for each in found:
        answer(f"  differs: {each}")
    answer(
        f"{len(found)} differences" if found else "everything is as it was written" + (", and as the close froze it" if in_house and close else "")
    )
    return int(bool(found))


def _frozen_checksum(close_id: str) -> str | None:
    from pipelines.standing.house import doors_of
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.reconciliation.closing import Closes
    from transactional.settings import load_settings

    with doors_of(load_settings()) as doors, UnitOfWork(doors.app) as work:
        return next((close.frozen.checksum for close in Closes(work.connection).of() if str(close.close_id) == close_id), None)
