"""The engines under test: the contract of adapters, the adapters, and the processes of engines.

Names of `__all__` are the public ones; they are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ad_conformance.generators.public_names import lazily

if TYPE_CHECKING:
    from ad_conformance.engines.contract import Answer, Engine
    from ad_conformance.engines.process.runners import Runner
    from ad_conformance.engines.process.sandbox import EngineUnavailable, Sandbox
    from ad_conformance.engines.registry import UnknownEngine, find, names
    from ad_conformance.engines.script import Script
    from ad_conformance.generators.render.dialect import Dialect, UnsupportedOperation
    from ad_conformance.generators.render.language import Language

__all__ = [
    "Answer",
    "Dialect",
    "Engine",
    "EngineUnavailable",
    "Language",
    "Runner",
    "Sandbox",
    "Script",
    "UnknownEngine",
    "UnsupportedOperation",
    "find",
    "names",
]

__getattr__ = lazily(
    __name__,
    {
        "Answer": ".contract",
        "Engine": ".contract",
        "Runner": ".process.runners",
        "EngineUnavailable": ".process.sandbox",
        "Sandbox": ".process.sandbox",
        "UnknownEngine": ".registry",
        "find": ".registry",
        "names": ".registry",
        "Script": ".script",
        "Dialect": "ad_conformance.generators.render.dialect",
        "Language": "ad_conformance.generators.render.language",
        "UnsupportedOperation": "ad_conformance.generators.render.dialect",
    },
)
