"""Julia's engines: Enzyme, ForwardDiff, ReverseDiff, Zygote and Mooncake."""

from __future__ import annotations

from dataclasses import replace

from engines.adapters.julia_extra import EXTRA_SPELLINGS
from engines.adapters.julia_language import JULIA
from engines.adapters.julia_spellings import CORE_SPELLINGS
from engines.contract import Engine
from engines.runners import Julia
from generators.catalogue import CATALOGUE
from generators.dialects import Dialect

LIBRARIES = "import LinearAlgebra\nimport LogExpFunctions\nimport SpecialFunctions\nimport Statistics\n"
#: What is documented not to be there: negative arguments where the gamma function is negative.
UNSUPPORTED = (("DomainError", r"`gamma\(x\)` must be non-negative"),)

enzyme = Engine(
    name="enzyme.jl",
    distribution="Enzyme",
    module="Enzyme",
    header=f"import Enzyme\n{LIBRARIES}",
    dialect=Dialect(
        namespace="",
        language=JULIA,
        array="{value}",
        # Without a default of the catalogue: these are in another language.
        spellings={**dict.fromkeys(CATALOGUE), **CORE_SPELLINGS, **EXTRA_SPELLINGS},
    ),
    levels={
        "R": "_x -> Enzyme.jacobian(Enzyme.Reverse, {f}, _x)[1]",
        "F": "_x -> Enzyme.jacobian(Enzyme.Forward, {f}, _x)[1]",
    },
    operators={
        "gradient": "_x -> Enzyme.gradient(Enzyme.Reverse, {f}, _x)[1]",
        "pushforward": "_x -> Enzyme.autodiff(Enzyme.Forward, {f}, Enzyme.Duplicated(_x, {v}))[1]",
    },
    run="got = derivative(x)",
    runner=Julia(),
    # Every case is compiled from nothing, and the first one with much of the library.
    patience=5.0,
    unsupported=(*UNSUPPORTED, ("EnzymeNoDerivativeError", "")),
)

FORWARDDIFF = """
function jacfwd(f)
    return function (x)
        x isa Number && return ForwardDiff.derivative(f, x)
        y = f(x)
        y isa Number && return ForwardDiff.gradient(f, x)
        return reshape(ForwardDiff.jacobian(f, x), size(y)..., size(x)...)
    end
end
"""

forwarddiff = replace(
    enzyme,
    name="forwarddiff.jl",
    distribution="ForwardDiff",
    module="ForwardDiff",
    header=f"import ForwardDiff\n{LIBRARIES}{FORWARDDIFF}",
    levels={"F": "jacfwd({f})"},
    operators={"pushforward": "_x -> ForwardDiff.derivative(t -> ({f})(_x .+ t .* {v}), 0.0)"},
    # What has no generic code has no method for its numbers.
    unsupported=(*UNSUPPORTED, ("MethodError", r"ForwardDiff\.Dual")),
)

REVERSEDIFF = """
function jacrev(f)
    return function (x)
        # Inputs are arrays: a number goes in one of its own.
        given = x isa Number ? [x] : x
        g = x isa Number ? v -> f(v[1]) : f
        y = f(x)
        if y isa Number
            slopes = ReverseDiff.gradient(g, given)
            return x isa Number ? slopes[1] : slopes
        end
        return reshape(ReverseDiff.jacobian(g, given), size(y)..., size(x)...)
    end
end
"""

reversediff = replace(
    enzyme,
    name="reversediff.jl",
    distribution="ReverseDiff",
    module="ReverseDiff",
    header=f"import ReverseDiff\n{LIBRARIES}{REVERSEDIFF}",
    levels={"R": "jacrev({f})"},
    operators={},
    unsupported=(*UNSUPPORTED, ("MethodError", r"ReverseDiff\.Tracked")),
)

#: From the pullback of every output, which `pull` gives.
ROWS = """\
        y isa Number && return pull(one(y))
        isempty(y) && return zeros(size(y)..., size(x)...)
        rows = [pull(reshape([j == k ? 1.0 : 0.0 for j in 1:length(y)], size(y))) for k in 1:length(y)]
        x isa Number && return reshape(rows, size(y))
        return reshape(permutedims(reduce(hcat, map(vec, rows))), size(y)..., size(x)...)
    end
end
"""

ZYGOTE = f"""
function jacrev(f)
    return function (x)
        y, back = Zygote.pullback(f, x)
        # Nothing is a zero.
        pull(w) = something(back(w)[1], zero(x))
{ROWS}"""

zygote = replace(
    reversediff,
    name="zygote.jl",
    distribution="Zygote",
    module="Zygote",
    header=f"import Zygote\n{LIBRARIES}{ZYGOTE}",
    operators={"pullback": "_x -> something(Zygote.pullback({f}, _x)[2]({w})[1], zero(_x))"},
    unsupported=(*UNSUPPORTED, ("ErrorException", "^Mutating arrays is not supported|try/catch is not supported")),
)

MOONCAKE = f"""
function jacrev(f)
    return function (x)
        y = f(x)
        cache = Mooncake.prepare_pullback_cache(f, x)
        # The cache owns what it gives.
        pull(w) = copy(Mooncake.value_and_pullback!!(cache, w, f, x)[2][2])
{ROWS}"""

mooncake = replace(
    reversediff,
    name="mooncake.jl",
    distribution="Mooncake",
    module="Mooncake",
    header=f"import Mooncake\n{LIBRARIES}{MOONCAKE}",
    # It refuses reverse mode over its own reverse mode.
    words="R",
    unsupported=(*UNSUPPORTED, ("MissingForeigncallRuleError", "")),
)
