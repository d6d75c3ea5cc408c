"""`countroom audit`: whether evidence is still what was written, and what was signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.reports.bundle import Difference

app = typer.Typer(no_args_is_help=True, help="Hold evidence against what was written and what was signed.")


@app.callback()
def _root() -> None:
    """Hold evidence against what was written and what was signed."""


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="FILE", help="An evidence bundle: a zip of `countroom report --bundle`.")],
    in_house: Annotated[
        bool, typer.Option("--in-house", help="Hold it against what the house kept, and its day against the close, as well.")
    ] = False,
    originals: Annotated[bool, typer.Option("--originals", help="Read each input file in the object store, and hold it against its hash.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Recompute every hash of a bundle and say what differs. Needs no database, unless --in-house is given, and no store, unless --originals is.

    Exit code 0: everything is as it was written (with --in-house: and as the house kept and two people signed it); 1: something differs; 2: no bundle.
    """
    from dataclasses import asdict

    from pipelines.console import answer, answer_json
    from pipelines.reports.bundle import differences, file_sha256, original_differences, read_manifest

    manifest, sha256 = read_manifest(bundle), file_sha256(bundle)
    found = list(differences(bundle))
    if in_house:
        found += _against_the_house(bundle, manifest, sha256)
    if originals and not found:
        found += original_differences(bundle, _original)
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
    answer(f"{len(found)} differences" if found else "everything is as it was written" + (", and as this house kept it" if in_house else ""))
    return int(bool(found))


def _original(key: str) -> bytes | None:
    from pipelines.resources.object_store import open_object_store
    from transactional.settings import load_settings

    settings = load_settings()
    store = open_object_store(settings.object_store, settings.object_store_endpoint_url)
    return store.get(key) if store.exists(key) else None


def _against_the_house(bundle: Path, manifest: dict[str, Any], sha256: str) -> Iterator[Difference]:
    from pipelines.reports.bundle import Difference, signed_differences
    from pipelines.standing.house import doors_of
    from transactional.db.unit_of_work import UnitOfWork
    from transactional.reconciliation.closing import Closes
    from transactional.settings import load_settings

    with doors_of(load_settings()) as doors, UnitOfWork(doors.app) as work:
        if not doors.store.exists(f"bundles/{date.fromisoformat(manifest['day'])}/{sha256}.zip"):
            yield Difference(bundle.name, "unknown", "this house keeps no bundle of that hash: whoever made it, it was not as it is now")
        if manifest["close"]:
            frozen = {str(close.close_id): close.frozen.checksum for close in Closes(work.connection).of()}
            yield from signed_differences(bundle, frozen.get(manifest["close"]["close_id"]))
