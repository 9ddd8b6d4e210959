"""The list of modules in the documentation, made from the first sentences of their docstrings.

python -m validation.tree [--write docs/architecture.md]
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

from benchmarks.tables import write_section

ROOT = Path(__file__).parents[1]
#: The folders that are listed, in this order.
FOLDERS = ("generators", "engines", "conformance", "reports", "validation", "benchmarks")


def tree(root: Path = ROOT, folders: tuple[str, ...] = FOLDERS) -> str:
    """A nested list in Markdown: a line for each folder with Python files and for each module.

    Raises ValueError with the path of a module that has no docstring.
    """
    return "\n".join(line for folder in folders for line in _lines(root / folder, depth=0)) + "\n"


def _lines(folder: Path, depth: int) -> Iterator[str]:
    yield _line(folder / "__init__.py", f"{folder.name}/", depth)
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py" and path.name != "__init__.py":
            yield _line(path, path.name, depth + 1)
        elif (path / "__init__.py").exists():
            yield from _lines(path, depth + 1)


def _line(path: Path, name: str, depth: int) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not docstring:
        raise ValueError(f"{path}: a module needs a docstring")
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    sentence = paragraph.partition(". ")[0].removesuffix(".")
    return f"{'  ' * depth}- `{name}`: {sentence}"


def main() -> None:
    """Print the list, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="put the list into this file")
    options = parser.parse_args()
    text = tree()
    print(text, end="")
    if options.write:
        write_section(options.write, "tree", text)


if __name__ == "__main__":
    main()
