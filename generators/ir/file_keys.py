"""Names that differ between the code and files: files keep the keys of their first release.

So every file that an earlier release wrote is read, and case ids and cause ids, which are hashes of
such text, stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping

#: The key in JSON, TOML and Parquet files, by the name of the attribute in the code.
FILE_KEYS: Mapping[str, str] = {
    "mode": "word",
    "modes": "words",
    "right_modes": "right_words",
    "warmup_point": "elsewhere",
    "error_ratio": "units",
}


def file_key(name: str) -> str:
    """The key under which files keep an attribute: its own name, unless FILE_KEYS has another."""
    return FILE_KEYS.get(name, name)
