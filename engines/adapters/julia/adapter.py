"""Julia's engines: Enzyme, ForwardDiff, ReverseDiff, Zygote and Mooncake."""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.julia.extra_templates import EXTRA_TEMPLATES
from ad_conformance.engines.adapters.julia.language import JULIA
from ad_conformance.engines.adapters.julia.matrices import MATRIX_TEMPLATES
from ad_conformance.engines.adapters.julia.templates import CORE_TEMPLATES, atom
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.runners import Julia
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.extra.control_flow import body_text
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import Dialect

LIBRARIES = (
    "import LinearAlgebra\nimport LogExpFunctions\nimport SpecialFunctions\nimport Statistics\n"
)
#: SpecialFunctions documents that loggamma refuses arguments with a negative gamma function.
UNSUPPORTED = (("DomainError", r"`gamma\(x\)` must be non-negative"),)


def _dialect(level: str, pushforward: str = "") -> Dialect:
    """Julia's dialect, with derivatives inside a program in an engine's own form.

    `level` is the template of the Jacobian function of `{f}`, `pushforward` of the pushforward of
    `{f}` along `{v}`.
    """

    def body(call: Call) -> str:
        return f"(@. {body_text(call).replace('xp.', '')})"

    def inner(call: Call) -> str:
        return f"({level.format(f=f't -> sum{body(call)}')})"

    def second(call: Call) -> str:
        twice = level.format(f=f"s -> sum({inner(call)}(s))")
        return f"({twice})({call.operands[0]})"

    def pushed(call: Call) -> str:
        along = pushforward.format(f=f"t -> {body(call)}", v=call.operands[1])
        return f"({along})({call.operands[0]})"

    def descent(call: Call) -> str:
        rate, count = atom(repr(call.params["rate"])), call.params["count"]
        return (
            f"foldl((q, _) -> q .- {rate} .* {inner(call)}(q), 1:{count}; init={call.operands[0]})"
        )

    def first(call: Call) -> str:
        return f"{inner(call)}({call.operands[0]})"

    nesting: dict[str, Template | None] = {
        "inner_derivative": first,
        "inner_second_derivative": second,
        "inner_pushforward": pushed if pushforward else None,
        "descent": descent,
    }
    return Dialect(
        namespace="",
        language=JULIA,
        array="{value}",
        # None for operations without a template: the catalogue's defaults are Python.
        templates={
            **dict.fromkeys(CATALOGUE),
            **CORE_TEMPLATES,
            **EXTRA_TEMPLATES,
            **MATRIX_TEMPLATES,
            **nesting,
        },
    )


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
    dialect=_dialect(ENZYME["R"], ENZYME_PUSHFORWARD),
    mode_transforms=ENZYME,
    operators={
        "gradient": "_x -> Enzyme.gradient(Enzyme.Reverse, {f}, _x)[1]",
        "pushforward": ENZYME_PUSHFORWARD,
    },
    run="got = derivative(x)",
    runner=Julia(),
    # Julia compiles every case anew, and with the first case also much of Enzyme.
    timeout_factor=5.0,
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
    dialect=_dialect("jacfwd({f})", FORWARDDIFF_PUSHFORWARD),
    mode_transforms={"F": "jacfwd({f})"},
    operators={"pushforward": FORWARDDIFF_PUSHFORWARD},
    # A function without generic Julia code has no method for dual numbers.
    unsupported=(*UNSUPPORTED, ("MethodError", r"ForwardDiff\.Dual")),
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
    dialect=_dialect("jacrev({f})"),
    mode_transforms={"R": "jacrev({f})"},
    operators={},
    unsupported=(*UNSUPPORTED, ("MethodError", r"ReverseDiff\.Tracked")),
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
        ("ErrorException", "^Mutating arrays is not supported|try/catch is not supported"),
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
