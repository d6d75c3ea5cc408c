"""A PSP is one file and its sample. Here a PSP nobody ever heard of arrives as one file, and everything follows without a second place."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from transactional.payments.psps.registry import SPECS

_SPEC = '''
"""Northbank, a PSP of tests."""
from datetime import time
from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.spec import AmountSource, PspSpec, ReportFormat, TimeSource, WebhookSpec

def verify(body, headers, secrets, now):
    pass

NORTHBANK = PspSpec(
    psp="northbank", zone="Europe/Stockholm", cut_off=time(22), settles_after_days=1, source="a test",
    reports=(ReportFormat(
        name="utbetalning", role="settlement", required=frozenset({"Ref", "Typ", "Belopp", "Netto", "Valuta", "Tid", "Omgang"}), kind="Typ",
        kinds={"kop": MoneyKind.DEPOSIT, "utbetalning": MoneyKind.PAYOUT}, gross=(AmountSource("Belopp", "Valuta"),), net=AmountSource("Netto", "Valuta"),
        occurred=TimeSource("Tid"), texts={"psp_reference": ("Ref",), "batch_id": ("Omgang",), "bank_reference": ("Ref",)}),),
    webhook=WebhookSpec(verify=verify, to_facts=lambda body, account: [], dedupe=lambda body: "northbank:1"),
)
'''
_REPORT = """Ref;Typ;Belopp;Netto;Valuta;Tid;Omgang
A1;Kop;1250,00;1240,00;SEK;2026-01-05 21:59:59;7
A2;Kop;100,00;99,00;SEK;2026-01-05 22:00:00;7
A3;Avgift;-5,00;-5,00;SEK;2026-01-05 22:00:00;7
TX9XT;Utbetalning;-1334,00;-1334,00;SEK;2026-01-06 09:00:00;7
"""
_ASK = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from transactional.payments import psps
psps.__path__.append(sys.argv[1])
from assets.landing.psp_files import parse_psp_file
from assets.reconciliation.terms import run_context
report = parse_psp_file(Path(sys.argv[2]).read_bytes(), "report.csv", account_hint="Main")
context = run_context(datetime(2026, 2, 1, tzinfo=UTC))
print(json.dumps({
    "psp": report.psp, "role": report.role, "rejected": len(report.rejected),
    "lines": [[row["kind"], row["net_minor"], str(row["booked_on"])] for row in report.lines.iter_rows(named=True)],
    "lag": context.psp_terms["northbank"].settles_after_days, "names": list(context.psp_names["northbank"]),
}))
"""


def test_a_new_file_is_known_to_landing_and_the_engine(tmp_path: Path) -> None:
    (tmp_path / "northbank.py").write_text(_SPEC)
    (tmp_path / "report.csv").write_text(_REPORT)
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(tmp_path), str(tmp_path / "report.csv")], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "psp": "northbank",
        "role": "settlement",
        "rejected": 0,
        # the cut-off at 22:00 opens the next day's book; a type nobody listed keeps its money
        "lines": [
            ["deposit", 124_000, "2026-01-05"],
            ["deposit", 9_900, "2026-01-06"],
            ["unknown", -500, "2026-01-06"],
            ["payout", -133_400, "2026-01-06"],
        ],
        "lag": 1,
        "names": ["northbank"],
    }


def _names_in_code(path: Path) -> list[str]:
    """String constants and identifiers of a module that name a PSP; docstrings and examples in descriptions may."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name | ast.Attribute):
            text = node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            text = node.value
        else:
            continue
        found += [psp for psp in SPECS if text.casefold() == psp]
    return found


# the demo casino's own contracts and policy name its PSPs; the simulator stands for the PSPs themselves; a route's example names one
_MAY_NAME = {
    "transactional/payments/merchant_accounts.py",
    "transactional/payments/routing/policies.py",
    "transactional/payments/webhook_api.py",
    "transactional/payments/api_models.py",
}


def _is_its_gateway(path: Path, names: list[str]) -> bool:
    """A PSP that payments are driven through has a second file of its own, which may name that PSP and no other."""
    owner = path.stem.removeprefix("_").removesuffix("_answers")
    return "payments/gateways/" in path.as_posix() and set(names) == {owner}


@pytest.mark.parametrize("package", ["transactional", "assets", "pipelines", "expectations"])
def test_no_code_outside_its_own_file_knows_a_psp(package: str) -> None:
    told = {
        str(path.relative_to(REPOSITORY)): names
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        if "payments/psps/" not in path.as_posix()
        and "/simulation/" not in path.as_posix()
        and (names := _names_in_code(path))
        and not _is_its_gateway(path, names)
    }
    assert set(told) <= _MAY_NAME, told


def test_no_model_knows_a_psp() -> None:
    models = sorted((REPOSITORY / "dbt_project" / "models").rglob("*.sql"))
    assert models
    assert not [path.name for path in models if any(psp in path.read_text().casefold() for psp in SPECS)]
