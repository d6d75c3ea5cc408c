"""What a wheel carries: every file of our packages and of the dbt project, and nothing that version control ignores.

The trap: a wheel that works in the checkout, beside the files it forgot; and one with the logs of whoever built it.
"""

from __future__ import annotations

import subprocess

from hatchling.builders.wheel import WheelBuilder

from tests.conftest import REPOSITORY

PLACES = {
    "assets": "assets",
    "expectations": "expectations",
    "pipelines": "pipelines",
    "transactional": "transactional",
    "dbt_project": "countroom_dbt",
}


def test_a_wheel_has_every_file_of_the_packages_and_of_dbt_and_no_other() -> None:
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PLACES]
    listed = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    parts = (path.partition("/") for path in listed if (REPOSITORY / path).exists())
    expected = {f"{PLACES[first]}/{rest}" for first, _, rest in parts}
    assert {file.distribution_path for file in WheelBuilder(str(REPOSITORY)).recurse_included_files()} == expected
    assert "transactional/migrations/sql/0001_posting.sql" in expected
