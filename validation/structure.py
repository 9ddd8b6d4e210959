"""Figures on the structure of packages: folders, files, import cycles, lines, comments.

`python -m validation.structure` prints those of the project. With folders as arguments, it prints
those of other packages: one row per argument, `folder` or `folder,folder,...` for several packages
that import each other.
"""

from __future__ import annotations

import argparse
import ast
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

ROOT = Path(__file__).parents[1]
#: The packages of the project, each of which imports only those before it.
PACKAGES = ("generators", "engines", "conformance", "reports")
NAMESPACE = "ad_conformance"
COLUMNS = 100


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, and its text."""

    name: str
    path: Path
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


def modules(folders: Sequence[Path], namespace: str = "") -> dict[str, Module]:
    """The modules under the folders of packages, by dotted name."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            parts = (folder.name, *path.relative_to(folder).with_suffix("").parts)
            name = ".".join(part for part in (namespace, *parts) if part not in ("", "__init__"))
            found[name] = Module(name, path, path.read_text(encoding="utf-8"))
    return found


def project() -> dict[str, Module]:
    """The modules of this project."""
    return modules([ROOT / name for name in PACKAGES], NAMESPACE)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported."""
    for node in body:
        yield node
        if _is_type_checking(node):
            yield from _statements(getattr(node, "orelse", []))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def imports(module: Module, known: Mapping[str, Module]) -> set[str]:
    """The known modules that are imported when this module is imported.

    Imports in functions, and those for type checkers only, do not count.
    """
    found = set()
    for node in _statements(ast.parse(module.text).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in known else base for name in names}
    return (found & known.keys()) - {module.name}


def cycles(known: Mapping[str, Module]) -> list[list[str]]:
    """Groups of modules that import each other in a circle."""
    names = list(known)
    places = {name: i for i, name in enumerate(names)}
    edges = [(places[a], places[b]) for a in names for b in imports(known[a], known)]
    if not edges:
        return []
    rows, columns = np.array(edges).T
    graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(len(names), len(names)))
    labels = connected_components(graph, directed=True, connection="strong")[1]
    groups = defaultdict(list)
    for name, label in zip(names, labels, strict=True):
        groups[int(label)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def folder_sizes(known: Mapping[str, Module]) -> Counter[Path]:
    """How many modules each folder has, without `__init__.py`."""
    return Counter(m.path.parent for m in known.values() if m.path.name != "__init__.py")


def long_lines(module: Module) -> list[int]:
    """The numbers of lines that are longer than COLUMNS."""
    return [i for i, line in enumerate(module.lines, 1) if len(line) > COLUMNS]


def comment_lines(module: Module) -> int:
    """How many lines have a comment."""
    with module.path.open("rb") as file:
        return sum(token.type == tokenize.COMMENT for token in tokenize.tokenize(file.readline))


def conditional_expressions(module: Module) -> int:
    """How many conditional expressions (`a if b else c`) there are."""
    return sum(isinstance(node, ast.IfExp) for node in ast.walk(ast.parse(module.text)))


COLUMN_NAMES = (
    "package",
    "files",
    "lines",
    "longest folder",
    "longest file",
    "import cycles (modules in them)",
    f"lines over {COLUMNS} columns",
    "comments per 100 lines",
    "conditional expressions per 1,000 lines",
)


def row(name: str, known: Mapping[str, Module]) -> list[str]:
    """The figures of one group of packages, as a row of the table."""
    lines = sum(len(module.lines) for module in known.values())
    circles = cycles(known)
    return [
        name,
        str(len(known)),
        f"{lines:,}",
        str(max(folder_sizes(known).values(), default=0)),
        str(max(len(module.lines) for module in known.values())),
        f"{len(circles)} ({sum(map(len, circles))})",
        str(sum(len(long_lines(module)) for module in known.values())),
        f"{100 * sum(map(comment_lines, known.values())) / lines:.1f}",
        f"{1000 * sum(map(conditional_expressions, known.values())) / lines:.1f}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", help="a package, or several separated by commas")
    rows = [list(COLUMN_NAMES)]
    groups = parser.parse_args(arguments).folders
    if not groups:
        rows.append(row("ad-conformance", project()))
    for group in groups:
        folders = [Path(folder) for folder in group.split(",")]
        known = modules(folders)
        if not known:
            parser.error(f"{group}: no Python modules here")
        rows.append(row(" ".join(folder.name for folder in folders), known))
    rows.insert(1, ["---"] * len(COLUMN_NAMES))
    for cells in rows:
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
