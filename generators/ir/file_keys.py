"""Attributes whose key in files differs from their name in the code.

Files keep the keys of the first release. So files of earlier releases can be read, and case ids and
cause ids, which are hashes of file content, do not change.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Name of the attribute to key in JSON, TOML and Parquet files.
FILE_KEYS: Mapping[str, str] = {
    "mode": "word",
    "modes": "words",
    "right_modes": "right_words",
    "wrong_modes": "wrong_words",
    "warmup_point": "elsewhere",
    "wrappers": "nest",
    "error_ratio": "units",
}


def file_key(name: str) -> str:
    """The key of an attribute in files: its name, unless FILE_KEYS has another."""
    return FILE_KEYS.get(name, name)
