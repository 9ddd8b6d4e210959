"""Engines by name: those of this project, of installed entry points, and of `package.module:attribute`."""

from __future__ import annotations

import importlib
import importlib.metadata

from engines.contract import Engine

#: The project's own, in the order in which tables show them: name to module and attribute.
OWN = {
    "inhouse": "engines.adapters.inhouse:inhouse",
    "jax": "engines.adapters.jax:jax",
    "jax-eager": "engines.adapters.jax:eager",
    "torch": "engines.adapters.torch:torch",
    "torch-autograd": "engines.adapters.torch:create_graph",
    "autograd": "engines.adapters.autograd:autograd",
    "enzyme-llvm": "engines.adapters.enzyme_llvm:enzyme_llvm",
    "enzyme-llvm-runtime-activity": "engines.adapters.enzyme_llvm:runtime_activity",
}
#: What is asked when nobody says: one engine per library.
DEFAULT = ("inhouse", "jax", "torch", "autograd")
#: A distribution offers engines under this entry point group: `name = "package.module:attribute"`.
GROUP = "ad_conformance.engines"


class UnknownEngine(ValueError):
    """No such engine; the message says which there are or what is wrong with the one named."""


def _offered() -> dict[str, str]:
    found = importlib.metadata.entry_points(group=GROUP)
    return {**{point.name: point.value for point in found}, **OWN}


def names() -> tuple[str, ...]:
    """Every engine that can be named: the project's own first, then entry points."""
    offered = _offered()
    return (*OWN, *(name for name in sorted(offered) if name not in OWN))


def find(name: str) -> Engine:
    """The engine of that name, or at `package.module:attribute`.

    Raises UnknownEngine, in one line that names the engine at fault.
    """
    target = name if ":" in name else _offered().get(name)
    if target is None:
        raise UnknownEngine(
            f"engine {name!r} is not known; there are {', '.join(names())}, or name one as package.module:attribute"
        )
    module, _, attribute = target.partition(":")
    try:
        imported = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        reason = str(error).splitlines()[0] if str(error) else ""
        raise UnknownEngine(f"engine {name!r}: {module} cannot be imported: {type(error).__name__}: {reason}") from None
    try:
        found = getattr(imported, attribute)
    except AttributeError:
        raise UnknownEngine(f"engine {name!r}: module {module} has no attribute {attribute!r}") from None
    if not isinstance(found, Engine):
        raise UnknownEngine(f"engine {name!r}: {target} is a {type(found).__name__}, not an engines.contract.Engine")
    return found
