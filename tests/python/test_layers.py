"""The folders of scripts/bqb import only what stands to their left in the order of its docstring,
and no module imports itself by way of others."""

import ast
import re
from pathlib import Path

import bqb
import pytest

PACKAGE = Path(bqb.__file__).parent
ORDER = re.findall(r"\w+", re.search(r"^    (data <- .*)$", bqb.__doc__, re.MULTILINE)[1])
ROOT_MODULES = ("bqb", "bqb.exit_status", "bqb.schema")  # which every folder may import
ENTRY = "bqb.__main__"  # which may import every folder


def sources() -> dict[str, str]:
    """The text of each module, by its name."""
    modules = {}
    for path in PACKAGE.rglob("*.py"):
        parts = ["bqb", *path.relative_to(PACKAGE).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = path.read_text(encoding="utf-8")
    return modules


def imports(modules: dict[str, str]) -> dict[str, set[str]]:
    """The modules of the package that each module imports, inside functions too."""
    edges: dict[str, set[str]] = {name: set() for name in modules}
    for name, text in modules.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name}: a relative import"
                wanted = [f"{node.module}.{alias.name}" for alias in node.names]
                wanted = [full if full in modules else node.module for full in wanted]
            else:
                continue
            edges[name] |= {module for module in wanted if module in modules and module != name}
    return edges


def folder(module: str) -> str:
    return module.split(".")[1]


def forbidden(modules: dict[str, str]) -> list[str]:
    """Imports against the order: "importer -> imported"."""
    return [
        f"{importer} -> {imported}"
        for importer, targets in sorted(imports(modules).items())
        for imported in sorted(targets)
        if importer != ENTRY
        and imported not in ROOT_MODULES
        and (
            importer in ROOT_MODULES
            or ORDER.index(folder(imported)) > ORDER.index(folder(importer))
        )
    ]


def cycle(modules: dict[str, str]) -> list[str]:
    """Modules that import each other in a ring, or none."""
    edges = imports(modules)
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return path[path.index(module) :]
        if module in done:
            return []
        ring = next(
            filter(None, (visit(target, [*path, module]) for target in sorted(edges[module]))), []
        )
        done.add(module)
        return ring

    return next(filter(None, (visit(module, []) for module in sorted(modules))), [])


def test_every_module_is_in_a_folder_of_the_order():
    names = sources().keys() - {*ROOT_MODULES, ENTRY}
    assert {folder(name) for name in names} == set(ORDER)


def test_no_folder_imports_one_that_builds_on_it():
    assert forbidden(sources()) == []


def test_no_module_imports_itself_by_way_of_others():
    assert cycle(sources()) == []


@pytest.mark.parametrize(
    "text",
    [
        "from bqb.report import units",
        "from bqb.report.units import format_ns",
        "import bqb.report.units",
        "def later():\n    from bqb.report.units import format_ns",
    ],
)
def test_an_import_against_the_order_is_seen(text):
    modules = {
        "bqb": "",
        "bqb.stats": "",
        "bqb.stats.verdicts": text,
        "bqb.report": "",
        "bqb.report.units": "",
    }
    assert len(forbidden(modules)) == 1 and forbidden(modules)[0].startswith(
        "bqb.stats.verdicts -> bqb.report"
    )
    assert forbidden({**modules, "bqb.stats.verdicts": ""}) == []


def test_the_root_imports_no_folder():
    assert forbidden(
        {"bqb": "from bqb.data import files", "bqb.data": "", "bqb.data.files": ""}
    ) == ["bqb -> bqb.data.files"]


def test_a_cycle_is_seen_also_inside_a_folder():
    ring = {
        "bqb": "",
        "bqb.data": "",
        "bqb.data.a": "from bqb.data import b",
        "bqb.data.b": "import bqb.data.c",
        "bqb.data.c": "from bqb.data.a import x",
    }
    assert sorted(cycle(ring)) == ["bqb.data.a", "bqb.data.b", "bqb.data.c"]
    assert cycle({**ring, "bqb.data.c": "from bqb import data"}) == []
