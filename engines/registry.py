"""Engines by name: those of this project, of installed entry points, and of
`package.module:attribute`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import replace

from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.environments import Release
from ad_conformance.engines.process.runners import HERE
from packaging.version import InvalidVersion, Version

#: The project's own, in the order in which tables show them: name to module and attribute.
OWN = {
    "inhouse": "ad_conformance.engines.adapters.inhouse:inhouse",
    "jax": "ad_conformance.engines.adapters.jax:jax",
    "jax-eager": "ad_conformance.engines.adapters.jax:eager",
    "torch": "ad_conformance.engines.adapters.torch.adapter:torch",
    "torch-autograd": "ad_conformance.engines.adapters.torch.adapter:create_graph",
    "autograd": "ad_conformance.engines.adapters.autograd:autograd",
    "enzyme-mlir": "ad_conformance.engines.adapters.enzyme.mlir:enzyme_mlir",
    "enzyme-mlir-plain": "ad_conformance.engines.adapters.enzyme.mlir:plain",
    "tensorflow": "ad_conformance.engines.adapters.tensorflow:tensorflow",
    "tensorflow-eager": "ad_conformance.engines.adapters.tensorflow:eager",
    "casadi": "ad_conformance.engines.adapters.symbolic.casadi:casadi",
    "casadi-mx": "ad_conformance.engines.adapters.symbolic.casadi:mx",
    "sympy": "ad_conformance.engines.adapters.symbolic.sympy:sympy",
    "pytensor": "ad_conformance.engines.adapters.symbolic.pytensor:pytensor",
    "paddle": "ad_conformance.engines.adapters.paddle:paddle",
    "mlx": "ad_conformance.engines.adapters.mlx:mlx",
    "tinygrad": "ad_conformance.engines.adapters.tinygrad:tinygrad",
    "mygrad": "ad_conformance.engines.adapters.mygrad:mygrad",
    "enzyme.jl": "ad_conformance.engines.adapters.julia.adapter:enzyme",
    "forwarddiff.jl": "ad_conformance.engines.adapters.julia.adapter:forwarddiff",
    "reversediff.jl": "ad_conformance.engines.adapters.julia.adapter:reversediff",
    "zygote.jl": "ad_conformance.engines.adapters.julia.adapter:zygote",
    "mooncake.jl": "ad_conformance.engines.adapters.julia.adapter:mooncake",
    "enzyme-llvm": "ad_conformance.engines.adapters.enzyme.llvm.adapter:enzyme_llvm",
    "enzyme-llvm-runtime-activity": "ad_conformance.engines.adapters.enzyme.llvm.adapter:runtime_activity",
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


def is_import(name: str) -> bool:
    """Whether the name says itself what is to be imported: as a file must not, but who gives a
    command may.
    """
    return ":" in name


def find(name: str) -> Engine:
    """The engine of that name, or at `package.module:attribute`; `name@release` in an environment
    of that release.

    Raises UnknownEngine, in one line that names the engine at fault.
    """
    if not name.isprintable():
        raise UnknownEngine(f"engine {name!r} is not known: a name is one line of text")
    if "@" in name:
        return _of_release(name)
    target = name if is_import(name) else _offered().get(name)
    if target is None:
        raise UnknownEngine(
            f"engine {name!r} is not known; there are {', '.join(names())}, or name one as "
            f"package.module:attribute"
        )
    module, _, attribute = target.partition(":")
    try:
        imported = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        reason = str(error).splitlines()[0] if str(error) else ""
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            reason += "; its folder must be on PYTHONPATH: PYTHONPATH=. ad-conformance ..."
        raise UnknownEngine(
            f"engine {name!r}: {module} cannot be imported: {type(error).__name__}: {reason}"
        ) from None
    try:
        found = getattr(imported, attribute)
    except AttributeError:
        raise UnknownEngine(
            f"engine {name!r}: module {module} has no attribute {attribute!r}"
        ) from None
    if not isinstance(found, Engine):
        raise UnknownEngine(
            f"engine {name!r}: {target} is a {type(found).__name__}, not an "
            f"ad_conformance.engines.contract.Engine"
        )
    return found


def has_releases(engine: Engine) -> bool:
    """Whether single releases of the engine can be asked: not of the project's own, nor of another
    language's.
    """
    return engine.runner == HERE and engine.distribution != "ad-conformance"


def _of_release(name: str) -> Engine:
    base, _, release = name.partition("@")
    try:
        wanted = str(Version(release))
    except InvalidVersion:
        raise UnknownEngine(
            f"engine {name!r}: {release!r} is not a release, such as 1.2.3"
        ) from None
    engine = find(base)
    if not has_releases(engine):
        raise UnknownEngine(f"engine {name!r}: there are no releases of {base}")
    # What an older release does not have yet is no failure of it; what it looks for in NumPy in
    # vain is.
    unsupported = (
        *engine.unsupported,
        ("AttributeError", r"^module '(?!(numpy|scipy)\b).*' has no attribute"),
    )
    runner = Release(engine.distribution, wanted)
    return replace(engine, name=f"{engine.name}@{wanted}", runner=runner, unsupported=unsupported)
