"""Is every piece small enough to be read in one sitting. The caps are house style 3.10; only folders that grow by one file an entry are free of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source_tree import PACKAGES, ROOT, line_count, python_files, tree

MODULE_CAP, TEST_CAP, SHELLS_CAP, FUNCTION_CAP, NAMES_CAP, FOLDER_CAP, YAML_CAP = 300, 500, 200, 70, 12, 15, 400


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def public_names(path: Path) -> list[str]:
    """Functions and classes another module may import. What a framework calls (a route, an asset, a command) nobody imports."""
    functions_of = (ast.FunctionDef, ast.AsyncFunctionDef)

    def is_called_by_a_framework(node: ast.stmt) -> bool:
        return isinstance(node, functions_of) and any(isinstance(decorator, ast.Call) for decorator in node.decorator_list)

    kinds = (*functions_of, ast.ClassDef)
    return [n.name for n in tree(path).body if isinstance(n, kinds) and not n.name.startswith("_") and not is_called_by_a_framework(n)]


def test_modules_fit_their_cap() -> None:
    caps = {path: SHELLS_CAP if path.name == "assets.py" else MODULE_CAP for path in python_files()}
    assert {str(path): line_count(path) for path, cap in caps.items() if line_count(path) > cap} == {}


def test_test_modules_fit_their_cap() -> None:
    assert {str(path): line_count(path) for path in python_files("tests") if line_count(path) > TEST_CAP} == {}


def test_functions_fit_their_cap() -> None:
    long = {f"{path}:{name}": lines for path in (*python_files(), *python_files("tests")) for name, lines in functions(path) if lines > FUNCTION_CAP}
    assert long == {}


def test_a_module_offers_few_names() -> None:
    crowded = {str(path): len(names) for path in python_files() if len(names := public_names(path)) > NAMES_CAP}
    assert crowded == {}


def test_a_folder_holds_few_files() -> None:
    # a history only grows, and a command is one module that is found by its place
    growing = {Path("transactional/migrations/versions"), Path("pipelines/commands")}
    folders = {path.parent for path in python_files()} - growing
    assert {str(f): n for f in folders if (n := len([p for p in (ROOT / f).iterdir() if p.is_file() and p.name != "__init__.py"])) > FOLDER_CAP} == {}


def test_yaml_fits_its_cap() -> None:
    files = [path for pattern in ("*.yml", "*.yaml") for path in (ROOT / "dbt_project").rglob(pattern) if "target" not in path.parts]
    assert {str(path.relative_to(ROOT)): n for path in files if (n := len(path.read_text().splitlines())) > YAML_CAP} == {}


def test_no_module_is_named_after_nothing() -> None:
    homeless = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base_utils"}
    found = [str(path) for path in (*python_files(), *python_files("tests")) if homeless & {path.stem, *path.parent.parts}]
    assert found == []


def test_every_module_says_what_question_it_answers() -> None:
    silent = [str(path) for path in python_files(*PACKAGES) if tree(path).body and not ast.get_docstring(tree(path))]
    assert silent == []
