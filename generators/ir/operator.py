"""Operators: what a case asks about the derivatives of its program.

Each operator is one row of OPERATORS. Everything that the project knows about an operator is an
attribute of its row; no other module tells operators apart by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ad_conformance.generators.ir.mode import LETTERS

#: Names of the kinds of input and output, by number of axes.
KINDS = ("num", "vec", "mat")
SIGNATURES = tuple(f"{a}_to_{b}" for a in KINDS for b in KINDS)
#: One level of the nesting. "jacobian": the engine's transform for a full derivative. "derivative":
#: the same, or the engine's own gradient or pushforward if the function is one of or to a number.
#: "product": the engine's own pushforward or pullback of the seed.
Level = Literal["jacobian", "derivative", "product"]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator on functions.

    `sources` and `targets` are the kinds of input and output that it is for, `innermost` the
    letters that may differentiate first, `order` the least order. `levels` says how engines write
    the innermost levels, the first one first; further letters are full derivatives around them.

    The answer is the full derivative, contracted with the seed. A tangent has the shape of the
    input and takes the place of the first `along` input axis groups. A cotangent has the shape of
    the output and takes the place of the output axes.

    `whole`: if an engine has its own function for the operator, it takes the place of all of
    `levels`, whatever their letters.
    """

    name: str
    sources: tuple[str, ...] = KINDS
    targets: tuple[str, ...] = KINDS
    innermost: tuple[str, ...] = tuple(LETTERS)
    order: int = 1
    levels: tuple[Level, ...] = ()
    seed: Literal["tangent", "cotangent"] | None = None
    along: int = 0
    whole: bool = False

    def applies(self, mode: str, source: str, target: str) -> bool:
        """Whether it can be asked of a function of kind `source` to kind `target` in that mode."""
        return (
            source in self.sources
            and target in self.targets
            and mode[-1] in self.innermost
            and len(mode) >= self.order
        )

    @property
    def of_any_function(self) -> bool:
        """Whether it applies to any kinds, and its seed fits whatever the output."""
        return self.sources == self.targets == KINDS and self.seed != "cotangent"

    @property
    def of_number(self) -> bool:
        """Whether it is for functions of a number only."""
        return self.sources == ("num",)

    def seeds(
        self,
        make: Callable[[tuple[int, ...]], Any],
        source: tuple[int, ...],
        target: tuple[int, ...],
    ) -> dict[str, Any]:
        """The seed by the name of its field in a case; `make` is called with its shape.

        `source` and `target` are the shapes of input and output. Empty for operators without one.
        """
        if self.seed is None:
            return {}
        return {self.seed: make(source if self.seed == "tangent" else target)}

    def shape(self, output: Sequence[int], inputs: Sequence[Sequence[int]]) -> tuple[int, ...]:
        """The shape of the answer for an output of that shape.

        `inputs` are the shapes of the inputs that are differentiated by, the innermost letter's
        first.
        """
        kept = () if self.seed == "cotangent" else tuple(output)
        return (*kept, *(n for shape in inputs[self.along :] for n in shape))


def _letters(product: str) -> tuple[str, ...]:
    """The letters of which one pass computes that product."""
    return tuple(name for name, letter in LETTERS.items() if letter.product == product)


#: In the order in which cases draw them.
OPERATORS: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator(name="jacobian"),
        Operator(name="derivative", sources=("num",), levels=("derivative",), whole=True),
        Operator(name="gradient", targets=("num",), levels=("derivative",)),
        Operator(
            name="pushforward",
            innermost=_letters("pushforward"),
            levels=("product",),
            seed="tangent",
            along=1,
        ),
        Operator(
            name="pullback", innermost=_letters("pullback"), levels=("product",), seed="cotangent"
        ),
        Operator(
            name="second_derivative",
            sources=("num",),
            order=2,
            levels=("derivative", "derivative"),
            whole=True,
        ),
        Operator(
            name="hessian",
            targets=("num",),
            order=2,
            levels=("derivative", "jacobian"),
            whole=True,
        ),
        Operator(
            name="hvp",
            targets=("num",),
            order=2,
            levels=("derivative", "product"),
            seed="tangent",
            along=1,
            whole=True,
        ),
    )
}
#: Products and derivatives for which an engine may have its own function.
OWN_FORMS = (
    *("gradient", "pushforward", "pullback"),
    *(operator.name for operator in OPERATORS.values() if operator.whole),
)
