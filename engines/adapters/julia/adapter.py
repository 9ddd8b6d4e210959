"""Julia's engines: Enzyme, ForwardDiff, ReverseDiff, Zygote and Mooncake."""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.julia.dialect import LIBRARIES, UNSUPPORTED, dialect, write
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.runners import Julia


def lacks(numbers: str) -> tuple[str, str]:
    """The error for a function without a method for numbers of an engine, a pattern for their type.

    A method that is ambiguous exists, and a conversion to Float64 would lose the derivative: both
    are failures. Only the first line names the arguments; the others name methods that exist.
    """
    return "MethodError", rf"^no method matching (?!Float64\()[^\n]*{numbers}"


ENZYME = {
    "R": "_x -> Enzyme.jacobian(Enzyme.Reverse, {f}, _x)[1]",
    "F": "_x -> Enzyme.jacobian(Enzyme.Forward, {f}, _x)[1]",
}
ENZYME_PUSHFORWARD = "_x -> Enzyme.autodiff(Enzyme.Forward, {f}, Enzyme.Duplicated(_x, {v}))[1]"

enzyme = Engine(
    name="enzyme.jl",
    distribution="Enzyme",
    module="Enzyme",
    header=f"import Enzyme\n{LIBRARIES}",
    dialect=dialect(ENZYME["R"], ENZYME_PUSHFORWARD),
    mode_transforms=ENZYME,
    operators={
        "gradient": "_x -> Enzyme.gradient(Enzyme.Reverse, {f}, _x)[1]",
        "pushforward": ENZYME_PUSHFORWARD,
    },
    run="got = derivative(x)",
    runner=Julia(),
    writer=write,
    # Processor time that other threads would use is not Enzyme's.
    environment={"JULIA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    # Julia compiles every case anew: with Enzyme, that took up to 50 s on a busy machine.
    timeout_factor=10.0,
    # Enzyme raises the second error if it needs its runtime activity, which is another mode.
    unsupported=(*UNSUPPORTED, ("EnzymeNoDerivativeError", ""), ("EnzymeRuntimeActivityError", "")),
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
FORWARDDIFF_PUSHFORWARD = "_x -> ForwardDiff.derivative(h -> ({f})(_x .+ h .* {v}), 0.0)"

forwarddiff = replace(
    enzyme,
    name="forwarddiff.jl",
    distribution="ForwardDiff",
    module="ForwardDiff",
    header=f"import ForwardDiff\n{LIBRARIES}{FORWARDDIFF}",
    dialect=dialect("jacfwd({f})", FORWARDDIFF_PUSHFORWARD),
    mode_transforms={"F": "jacfwd({f})"},
    operators={"pushforward": FORWARDDIFF_PUSHFORWARD},
    timeout_factor=5.0,
    # A function without generic Julia code has no method for dual numbers.
    unsupported=(*UNSUPPORTED, lacks(r"ForwardDiff\.Dual")),
)

REVERSEDIFF = """
function jacrev(f)
    return function (x)
        # ReverseDiff takes arrays only: a number is put in one.
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
    dialect=dialect("jacrev({f})"),
    mode_transforms={"R": "jacrev({f})"},
    operators={},
    timeout_factor=5.0,
    unsupported=(*UNSUPPORTED, lacks(r"ReverseDiff\.Tracked")),
)

#: The end of a function that makes a Jacobian of pullbacks; `pull` is the pullback function.
ROWS = """\
        y isa Number && return pull(one(y))
        isempty(y) && return zeros(size(y)..., size(x)...)
        seeds = [[j == k ? 1.0 : 0.0 for j in 1:length(y)] for k in 1:length(y)]
        rows = [pull(reshape(seed, size(y))) for seed in seeds]
        x isa Number && return reshape(rows, size(y))
        return reshape(permutedims(reduce(hcat, map(vec, rows))), size(y)..., size(x)...)
    end
end
"""

ZYGOTE = f"""
function jacrev(f)
    return function (x)
        y, back = Zygote.pullback(f, x)
        # Zygote gives `nothing` for a derivative that is zero.
        pull(w) = something(back(w)[1], zero(x))
{ROWS}"""

zygote = replace(
    reversediff,
    name="zygote.jl",
    distribution="Zygote",
    module="Zygote",
    header=f"import Zygote\n{LIBRARIES}{ZYGOTE}",
    operators={"pullback": "_x -> something(Zygote.pullback({f}, _x)[2]({w})[1], zero(_x))"},
    unsupported=(
        *UNSUPPORTED,
        (
            "ErrorException",
            "^Mutating arrays is not supported|try/catch is not supported"
            "|^Can't differentiate foreigncall expression",
        ),
        # ChainRules throws a string instead of an exception.
        ("String", "is not currently supported by ChainRules"),
    ),
)

MOONCAKE = f"""
function jacrev(f)
    return function (x)
        y = f(x)
        cache = Mooncake.prepare_pullback_cache(f, x)
        # The next call overwrites what the cache holds.
        pull(w) = copy(Mooncake.value_and_pullback!!(cache, w, f, x)[2][2])
{ROWS}"""

mooncake = replace(
    reversediff,
    name="mooncake.jl",
    distribution="Mooncake",
    module="Mooncake",
    header=f"import Mooncake\n{LIBRARIES}{MOONCAKE}",
    # Mooncake refuses reverse mode over its own reverse mode.
    modes="R",
    unsupported=(*UNSUPPORTED, ("MissingForeigncallRuleError", "")),
)
