"""Engines by name: those of this project, those of installed entry points, and those named as
`package.module:attribute`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import shlex
from dataclasses import replace

from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.environments import Release
from ad_conformance.engines.process.interpreters import Interpreter
from ad_conformance.engines.process.runners import HERE
from ad_conformance.generators.suggestion import did_you_mean
from packaging.version import InvalidVersion, Version

#: The project's own engines, in the order in which tables show them. Each has the module in
#: `engines/adapters` and the attribute of its adapter.
_ADAPTERS = {
    "inhouse": "inhouse:inhouse",
    "jax": "jax.adapter:jax",
    "jax-eager": "jax.adapter:eager",
    "jax-cuda": "jax.adapter:cuda",
    "torch": "torch.adapter:torch",
    "torch-autograd": "torch.adapter:create_graph",
    "torch-cuda": "torch.adapter:cuda",
    "autograd": "autograd.adapter:autograd",
    "enzyme-mlir": "enzyme.mlir:enzyme_mlir",
    "enzyme-mlir-plain": "enzyme.mlir:plain",
    "tensorflow": "tensorflow:tensorflow",
    "tensorflow-eager": "tensorflow:eager",
    "casadi": "symbolic.casadi:casadi",
    "casadi-mx": "symbolic.casadi:mx",
    "sympy": "symbolic.sympy:sympy",
    "pytensor": "symbolic.pytensor:pytensor",
    "paddle": "paddle:paddle",
    "mlx": "mlx:mlx",
    "tinygrad": "tinygrad:tinygrad",
    "mygrad": "mygrad:mygrad",
    "enzyme.jl": "julia.adapter:enzyme",
    "forwarddiff.jl": "julia.adapter:forwarddiff",
    "reversediff.jl": "julia.adapter:reversediff",
    "zygote.jl": "julia.adapter:zygote",
    "mooncake.jl": "julia.adapter:mooncake",
    "di-zygote.jl": "julia.interface:over_zygote",
    "di-reversediff.jl": "julia.interface:over_reversediff",
    "di-mooncake.jl": "julia.interface:over_mooncake",
    "di-enzyme.jl": "julia.interface:over_enzyme",
    "enzyme-llvm": "enzyme.llvm.adapter:enzyme_llvm",
    "enzyme-llvm-runtime-activity": "enzyme.llvm.adapter:runtime_activity",
}
#: The project's own engines: name to `package.module:attribute`.
OWN = {name: f"ad_conformance.engines.adapters.{target}" for name, target in _ADAPTERS.items()}
#: The engines that are asked if a command names none.
DEFAULT = ("inhouse", "jax", "torch", "autograd")
#: A distribution offers engines under this entry point group: `name = "package.module:attribute"`.
GROUP = "ad_conformance.engines"

#: How help texts describe the interpreter that `find` takes.
PYTHON = (
    "interpreter of another environment: engines that pip installs run there, and environments of "
    "NAME@RELEASE are made with it; the in-house engine and those in Julia do not depend on it"
)


class UnknownEngine(ValueError):
    """There is no such engine.

    The message, of one line, says what is wrong with the name, or which engines there are.
    """


def _offered() -> dict[str, str]:
    """All engines by name. An entry point does not replace an engine of the project."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {**{point.name: point.value for point in found}, **OWN}


def names() -> tuple[str, ...]:
    """The names of all engines: the project's own first, then those of entry points."""
    offered = _offered()
    return (*OWN, *(name for name in sorted(offered) if name not in OWN))


def is_import(name: str) -> bool:
    """Whether the name says what to import, as `package.module:attribute`.

    Users may give such a name in a command. A file must not contain one, since reading the file
    would run code.
    """
    return ":" in name


def find(name: str, python: str = "") -> Engine:
    """The engine of a name, or at `package.module:attribute`.

    `name@release` is the engine in an environment of that release. An engine that pip installs runs
    in the interpreter `python`, a path from `interpreters.checked`, if one is given; this
    interpreter also makes the environments of releases. Other engines do not depend on it. Raises
    UnknownEngine.
    """
    if not name.isprintable():
        raise UnknownEngine(f"engine {name!r} is not known: a name is one line of text")
    if "@" in name:
        return _of_release(name, python)
    found = _offered_as(name)
    if not python or not has_releases(found):
        return found
    runner = Interpreter(python)
    if not runner.installed("numpy"):
        raise UnknownEngine(f"{python}: NumPy is not installed there; answers are NumPy arrays")
    return replace(found, runner=runner)


def _offered_as(name: str) -> Engine:
    target = name if is_import(name) else _offered().get(name)
    if target is None:
        raise UnknownEngine(
            f"engine {name!r} is not known{did_you_mean(name, names())}; there are "
            f"{', '.join(names())}, or name one as package.module:attribute"
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
    """Whether the engine can be asked in any of its releases.

    That is so for libraries that pip installs, but not for the in-house engine.
    """
    own = engine.runner == HERE or isinstance(engine.runner, Interpreter)
    return own and engine.distribution != "ad-conformance"


def python_named(path: str) -> str:
    """The option that names an interpreter, as it follows in a command; "" without a path."""
    return f" --python {shlex.quote(path)}" if path else ""


def python_option(engine: Engine) -> str:
    """The option that gives `find` the interpreter of this engine; "" for one that needs none."""
    runner = engine.runner
    if isinstance(runner, Release):
        return python_named(runner.base)
    return python_named(runner.path) if isinstance(runner, Interpreter) else ""


def _of_release(name: str, python: str) -> Engine:
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
    runner = Release(engine.distribution, wanted, python)
    return replace(of_any_release(engine), name=f"{engine.name}@{wanted}", runner=runner)


#: An older release may lack a function of its own, which is no failure. If it asks NumPy for a
#: function that NumPy lacks, that is a failure.
_LACKS = ("AttributeError", r"^module '(?!(numpy|scipy)\b).*' has no attribute")


def of_any_release(engine: Engine) -> Engine:
    """The engine, of which functions are `unsupported` that a release does not have."""
    if _LACKS in engine.unsupported:
        return engine
    return replace(engine, unsupported=(*engine.unsupported, _LACKS))
