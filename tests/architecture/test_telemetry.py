"""Is telemetry off by default, in the libraries' own judgement and not only in our environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pipelines.dagster_home import _CONFIGURATION
from transactional.telemetry import OFF, switch_off_telemetry

ASK_THE_LIBRARIES = """
import importlib.util
from transactional.telemetry import switch_off_telemetry
switch_off_telemetry()
from dagster._core.telemetry_upload import is_running_in_test
from dbt.cli.main import cli
from dbt.cli.flags import Flags
with cli.make_context("dbt", ["parse"]) as context:
    dbt_sends = Flags(context).SEND_ANONYMOUS_USAGE_STATS
# great-expectations 1.24 ships no analytics client; an older one sends through posthog
print(is_running_in_test(), dbt_sends, importlib.util.find_spec("posthog") is not None)
"""


def test_the_libraries_agree_that_nothing_is_sent() -> None:
    bare = {name: value for name, value in os.environ.items() if name not in OFF}
    answer = subprocess.run([sys.executable, "-c", ASK_THE_LIBRARIES], env=bare, capture_output=True, text=True, check=True, timeout=300)
    assert answer.stdout.split() == ["True", "False", "False"]


def test_a_value_the_operator_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    monkeypatch.delenv("DBT_SEND_ANONYMOUS_USAGE_STATS")
    switch_off_telemetry()
    assert (os.environ["DO_NOT_TRACK"], os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"]) == ("0", "false")


def test_our_dagster_home_keeps_no_telemetry_log() -> None:
    assert "telemetry:\n  enabled: false" in _CONFIGURATION
