"""Is a domain one word everywhere it appears: folders, schemas, groups, suites, tests, docs. `transactional/vocabulary/domains.py` is the list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source_tree import ROOT
from transactional.vocabulary.domains import BY_NAME, DOMAINS

# folders that are rooms of the house and no domain
ROOMS = {
    "transactional": {"vocabulary", "db", "http", "migrations", "simulation", "players"},
    "assets": {"landing", "catalogues", "warehouse"},
    "dbt_project/models/marts": {"core", "serve"},
    "dbt_project/models/intermediate": {"players", "core"},
    "tests/unit": {"vocabulary", "landing", "simulation", "http", "pipelines", "resources", "expectations", "db", "catalogues", "warehouse"},
}
BUILT = [domain.name for domain in DOMAINS if domain.built]


def folders(place: str) -> set[str]:
    root = ROOT / place
    return {
        path.name for path in root.iterdir() if path.is_dir() and any(file.is_file() and file.name != "__init__.py" for file in path.rglob("*.*"))
    }


@pytest.mark.parametrize("place", ROOMS)
def test_a_folder_is_a_domain_or_a_room(place: str) -> None:
    assert {name for name in folders(place) - ROOMS[place] - set(BY_NAME) if not name.startswith("__")} == set()


@pytest.mark.parametrize("place", ["dbt_project/models/marts", "tests/unit"])
@pytest.mark.parametrize("domain", BUILT)
def test_a_built_domain_has_its_folder(place: str, domain: str) -> None:
    assert domain in folders(place)


@pytest.mark.parametrize("domain", BUILT)
def test_a_built_domain_has_its_schema_and_its_group(domain: str, manifest: dict[str, Any], definitions: dict[str, Any]) -> None:
    assert domain in {node["schema"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    assert domain in {asset["group"] for asset in definitions["assets"].values()}


@pytest.mark.parametrize("domain", BUILT)
def test_a_built_domain_has_its_word_in_the_glossary(domain: str) -> None:
    assert domain in (ROOT / "GLOSSARY.md").read_text()


def test_no_domain_is_in_the_marts_without_being_called_built() -> None:
    assert folders("dbt_project/models/marts") & set(BY_NAME) == set(BUILT)


def test_a_module_of_suites_is_a_domain_or_an_edge() -> None:
    machinery, edges = {"__init__", "suite", "registry", "runner"}, {"psp_files", "bank", "landing", "fx"}
    assert {path.stem for path in (ROOT / "expectations").glob("*.py")} - machinery - edges - set(BY_NAME) == set()


def test_owners_are_teams() -> None:
    assert [domain.name for domain in DOMAINS if not domain.owner.startswith("team:")] == []


def test_the_list_is_used_and_not_repeated() -> None:
    # a second list of domains drifts: nobody else may spell out three of the rarer names
    rare = ("responsible_gaming", "affiliates", "experiments")
    copies = [path for folder in ("transactional", "assets", "expectations", "pipelines") for path in Path(ROOT / folder).rglob("*.py")]
    assert [str(path.relative_to(ROOT)) for path in copies if all(word in path.read_text() for word in rare)] == [
        "transactional/vocabulary/domains.py"
    ]
