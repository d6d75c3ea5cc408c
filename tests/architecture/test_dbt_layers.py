"""Does data flow one way through dbt: staging, intermediate, marts, reporting; never back. There is no list of exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LAYERS = ("staging", "intermediate", "marts", "reporting", "serve")
PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("dim_", "fct_", "agg_"), "reporting": ("rpt_",), "serve": ("scorecard",)}
SOURCE_SCHEMAS = {"staging": {"raw"}, "intermediate": {"derived"}, "marts": set[str](), "reporting": set[str](), "serve": set[str]()}


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer(node: dict[str, Any]) -> str:
    """The layer is the first folder below models/; marts/reporting, and marts/serve for services that are not ours, are their own."""
    folders = node["fqn"][1:-1]
    return str(folders[1]) if folders[0] == "marts" and folders[1] in LAYERS else str(folders[0])


def edges(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    known = manifest["nodes"] | manifest["sources"]
    for model in models(manifest):
        yield from ((model, known[parent]) for parent in model["depends_on"]["nodes"] if parent in known)


def may_read(model: dict[str, Any], parent: dict[str, Any]) -> bool:
    if parent["resource_type"] == "source":
        return parent["schema"] in SOURCE_SCHEMAS[layer(model)]
    if parent["resource_type"] != "model":
        return True
    reader, read = layer(model), layer(parent)
    if reader == "marts" and read == "staging":
        return str(model["name"]).startswith("dim_")
    allowed = {"staging": set[str](), "intermediate": {"staging", "intermediate"}, "marts": {"intermediate", "marts"}, "reporting": {"marts"}}
    allowed["serve"] = {"intermediate", "serve"}
    return read in allowed[reader]


def test_no_model_reads_a_later_or_forbidden_layer(manifest: dict[str, Any]) -> None:
    assert [f"{model['name']} reads {parent['name']}" for model, parent in edges(manifest) if not may_read(model, parent)] == []


def test_a_models_name_says_its_layer(manifest: dict[str, Any]) -> None:
    assert [node["name"] for node in models(manifest) if not node["name"].startswith(PREFIXES[layer(node)])] == []


def test_a_models_schema_is_its_layer_or_its_domain(manifest: dict[str, Any]) -> None:
    def expected(node: dict[str, Any]) -> str:
        return str(node["fqn"][2]) if node["fqn"][1] == "marts" else str(node["fqn"][1])

    assert {node["name"]: node["schema"] for node in models(manifest) if node["schema"] != expected(node)} == {}


def test_marts_promise_their_columns(manifest: dict[str, Any]) -> None:
    loose = [
        node["name"] for node in models(manifest) if layer(node) in {"marts", "reporting", "serve"} and not node["config"]["contract"]["enforced"]
    ]
    assert loose == []


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    silent = [node["name"] for node in models(manifest) if not node["description"] or not node["columns"]]
    silent += [f"{node['name']}.{column['name']}" for node in models(manifest) for column in node["columns"].values() if not column["description"]]
    assert silent == []


def test_every_mart_is_tested_for_its_grain(manifest: dict[str, Any]) -> None:
    grain_tests = {"unique", "unique_combination"}
    tested = {
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") in grain_tests
        for parent in node["depends_on"]["nodes"]
    }
    assert [node["name"] for node in models(manifest) if layer(node) in {"marts", "reporting", "serve"} and node["unique_id"] not in tested] == []


def test_no_package_is_needed(manifest: dict[str, Any]) -> None:
    # `dbt deps` needs the package hub, which build machines do not reach; dbt's own macros come with the adapters
    packages = {node["package_name"] for node in models(manifest)}
    assert packages == {manifest["metadata"]["project_name"]}
