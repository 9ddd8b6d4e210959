"""DifferentiationInterface.jl, by which most users in Julia call the other engines.

There is one engine for each backend of reverse mode. Operators of second order get both backends in
a `SecondOrder`. The outermost operator is prepared at the point at which a derivative is compiled,
and may then be evaluated at others. Inner operators are not: what was prepared for numbers must not
be used for the numbers of the outer backend.
"""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.julia.adapter import (
    enzyme,
    forwarddiff,
    mooncake,
    reversediff,
    zygote,
)
from ad_conformance.engines.adapters.julia.dialect import LIBRARIES, dialect
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.ir.mode import ANY_MODE

#: The functions that templates call. `prepared` gives the same derivative, prepared at a point.
OPERATORS = """
const DI = DifferentiationInterface

# The full derivative.
struct Full{F,B}
    f::F
    backend::B
end
function (d::Full)(x)
    x isa Number && return DI.derivative(d.f, d.backend, x)
    y = d.f(x)
    y isa Number && return DI.gradient(d.f, d.backend, x)
    return reshape(DI.jacobian(d.f, d.backend, x), size(y)..., size(x)...)
end
function prepared(d::Full, x)
    f, backend = d.f, d.backend
    if x isa Number
        prep = DI.prepare_derivative(f, backend, x)
        return z -> DI.derivative(f, prep, backend, z)
    end
    y = f(x)
    if y isa Number
        prep = DI.prepare_gradient(f, backend, x)
        return z -> DI.gradient(f, prep, backend, z)
    end
    prep = DI.prepare_jacobian(f, backend, x)
    return z -> reshape(DI.jacobian(f, prep, backend, z), size(y)..., size(z)...)
end

# The full second derivative of a function whose value is a number, or of a function of a number.
struct Second{F,B}
    f::F
    backend::B
end
function (d::Second)(x)
    x isa Number && return DI.second_derivative(d.f, d.backend, x)
    return reshape(DI.hessian(d.f, d.backend, x), size(x)..., size(x)...)
end
function prepared(d::Second, x)
    f, backend = d.f, d.backend
    if x isa Number
        prep = DI.prepare_second_derivative(f, backend, x)
        return z -> DI.second_derivative(f, prep, backend, z)
    end
    prep = DI.prepare_hessian(f, backend, x)
    return z -> reshape(DI.hessian(f, prep, backend, z), size(z)..., size(z)...)
end

# A product with a seed: `operator` is DI.pushforward, DI.pullback or DI.hvp.
struct Product{O,P,F,B,S}
    operator::O
    prepare::P
    f::F
    backend::B
    seed::S
end
(d::Product)(x) = only(d.operator(d.f, d.backend, x, (d.seed,)))
function prepared(d::Product, x)
    prep = d.prepare(d.f, d.backend, x, (d.seed,))
    return z -> only(d.operator(d.f, prep, d.backend, z, (d.seed,)))
end
pushforward(f, backend, v) = Product(DI.pushforward, DI.prepare_pushforward, f, backend, v)
pullback(f, backend, w) = Product(DI.pullback, DI.prepare_pullback, f, backend, w)
function hvp(f, backend, v)
    # DifferentiationInterface makes arrays like `x` for it.
    v isa Number && return x -> DI.second_derivative(f, backend, x) .* v
    return Product(DI.hvp, DI.prepare_hvp, f, backend, v)
end

# A closure around derivatives by several inputs.
prepared(f::Function, x) = f
"""

_BOTH = "DI.SecondOrder(backend_{outer}, backend_{inner})"


def _over(engine: Engine, name: str, backends: str, modes: str = ANY_MODE) -> Engine:
    """DifferentiationInterface with the engine for R.

    `backends` are statements that define `backend_R` and `backend_F`.
    """
    imported = dict.fromkeys(("DifferentiationInterface", forwarddiff.module, engine.module))
    return replace(
        engine,
        name=name,
        distribution="DifferentiationInterface",
        module="DifferentiationInterface",
        header="".join(f"import {module}\n" for module in imported)
        + f"{LIBRARIES}{OPERATORS}\n{backends}",
        dialect=dialect("Full({f}, backend_R)", "pushforward({f}, backend_F, {v})"),
        mode_transforms={"R": "Full({f}, backend_R)", "F": "Full({f}, backend_F)"},
        operators={
            "derivative": "Full({f}, backend_{inner})",
            "pushforward": "pushforward({f}, backend_F, {v})",
            "pullback": "pullback({f}, backend_R, {w})",
            "second_derivative": f"Second({{f}}, {_BOTH})",
            "hessian": f"Second({{f}}, {_BOTH})",
            "hvp": f"hvp({{f}}, {_BOTH}, {{v}})",
        },
        compile="derivative = prepared({nested}, x)",
        modes=modes,
        unsupported=tuple(dict.fromkeys((*engine.unsupported, *forwarddiff.unsupported))),
    )


_DUALS = "const backend_F = DI.AutoForwardDiff()\n"

over_zygote = _over(zygote, "di-zygote.jl", f"const backend_R = DI.AutoZygote()\n{_DUALS}")
over_reversediff = _over(
    reversediff, "di-reversediff.jl", f"const backend_R = DI.AutoReverseDiff()\n{_DUALS}"
)
over_mooncake = _over(
    mooncake,
    "di-mooncake.jl",
    f"const backend_R = DI.AutoMooncake(; config=nothing)\n{_DUALS}",
    # Mooncake refuses reverse mode over its own reverse mode.
    modes="F*R?F*",
)
over_enzyme = _over(
    enzyme,
    "di-enzyme.jl",
    """\
const backend_R = DI.AutoEnzyme(; mode=Enzyme.Reverse)
const backend_F = DI.AutoEnzyme(; mode=Enzyme.Forward)
""",
)
