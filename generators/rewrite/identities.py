"""Programs rewritten to equal functions that are smooth where the steps of the program are not.

For example, the square of a norm is a sum of squares, which is smooth at zero, where the norm is
not. Each identity holds on a full neighbourhood of the point: sqrt(u)**2 is u only if u is nowhere
negative there.

A value may be known as a root: value**n = base, for n = 2 or 3. Powers of roots are powers of the
base:

    sqrt(u)**2 = u,                            cbrt(u)**3 = u,
    vector_norm(x)**2 = sum(x**2),             hypot(a, b)**2 = a**2 + b**2,
    std(x)**2 = var(x),                        abs(u)**2 = u**2,

in any product, and after reshaping or selecting entries. Roots of powers are simpler, too:

    sqrt(v**2) = abs(v),                       cbrt(v**3) = v.

Entries that are the same number around the point, such as those of x - x, are replaced by that
number. The larger and the smaller of two numbers are the two numbers:

    maximum(a, b) + minimum(a, b) = a + b,     maximum(a, b) * minimum(a, b) = a * b,

also if they are the `max` and `min` of an axis with two entries. A function that does not depend
on the order of the entries of an axis (sum, prod, max ...) has the same value for sorted entries.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from ad_conformance.generators.arithmetic.balls import ZERO, to_balls
from ad_conformance.generators.arithmetic.certain import Certain, follow
from ad_conformance.generators.arithmetic.signs import INFINITY, Facts, Real
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, Program, Step
from ad_conformance.generators.rewrite.expansion import expanded
from ad_conformance.generators.rewrite.program_builder import ProgramBuilder

#: Derived operations that are replaced by their definitions, in which roots are steps.
OPENED = ("std", "complex_abs", "vector_norm_ord", "cdist", "pdist", "pairwise_distance")
#: Operations that may not be smooth at zero, besides comparisons.
SINGULAR = {
    *OPENED,
    *("sqrt", "cbrt", "pow", "pow_float", "vector_norm", "matrix_norm", "hypot"),
    *("abs", "maximum", "minimum", "max", "min", "sort"),
    *("log", "reciprocal"),
}
#: Operations that move entries.
MOVING = (
    "reshape",
    "expand_dims",
    "permute_dims",
    "matrix_transpose",
    "flip",
    "roll",
    "broadcast_to",
    "index",
    "slice",
    "take",
    "positive",
)
#: Operations on each entry of their only operand.
ENTRYWISE = tuple(name for name, row in CATALOGUE.items() if row.elementwise)
#: Operations that do not depend on the order of entries along `axis`.
SYMMETRIC = ("sum", "prod", "mean", "max", "min", "logsumexp", "var", "std", "vector_norm", "ptp")
#: The factor -1 among the factors of a product.
MINUS = -1
#: The factors of a value by value_id, with their exponents.
Factors = dict[int, int]
WHOLE = {"axis": None, "keepdims": False}


def rewritten(case: Case) -> Case | None:
    """The case with another program for the same function, None if no identity applies."""
    if not case.program.operations & SINGULAR:
        return None
    opened = _opened(case)
    rewriting = _Rewriting(opened)
    result = rewriting.program()
    return replace(case, program=result) if rewriting.applied else None


def _opened(case: Case) -> Case:
    k = 1
    while k <= len(case.program.steps):
        step = case.program.steps[k - 1]
        # Other orders have constants such as 1/3, which depend on the dtype.
        euclidean = {"p": 2.0, "ord": 2.0}
        if step.operation in OPENED and all(
            step.arguments.get(name, order) == order for name, order in euclidean.items()
        ):
            written = next(expanded(case, k), None)
            if written is not None:
                case = written
                continue
        k += 1
    return case


def around(case: Case) -> list[np.ndarray]:
    """Every value of the program as functions near the point, truth values as they are."""
    facts = Facts()
    program, at = case.program, evaluate_steps(case.program, case.input)
    value_ids = (0, *program.arguments)
    varied = {value_ids[i] for i in case.inputs}
    values = [to_balls(value) for value in at]
    for k in varied:
        values[k] = facts.variables(values[k])
    steps = [
        (k, CATALOGUE[step.operation], step.operands, step.arguments)
        for k, step in enumerate(program.steps, start=1)
        if step.operation not in ("constant", "argument")
    ]
    for k in follow(steps, values, facts, Certain(facts)):
        positive = program.steps[k - 1].operation in ("abs", "relu")
        interval = (ZERO if positive else -INFINITY, INFINITY)
        if at[k].dtype != bool:
            values[k] = facts.unknown(at[k].shape, interval)
        else:
            # Which truth values hold does not matter for what is not computed from them.
            values[k] = np.full(at[k].shape, None)
    return values


class _Rewriting:
    """The new program, step by step, and what is known of its values."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.at = evaluate_steps(case.program, case.input)
        self.around = around(case)
        value_ids = (0, *case.program.arguments)
        self.depends = case.program.depending({value_ids[i] for i in case.inputs})
        self.builder = ProgramBuilder(case.dtype)
        self.applied = False
        self.factors: dict[int, Factors] = {}
        #: Roots: base and degree by value_id.
        self.roots: dict[int, tuple[int, int]] = {}
        #: Values that have the entries of another value, in another order along an axis.
        self.permuted: dict[int, tuple[int, int]] = {}
        #: The larger or smaller of two values: "max" or "min", parameters, and operands.
        self.extrema: dict[int, tuple[str, tuple[tuple[str, Any], ...], tuple[int, ...]]] = {}
        self._made: dict[object, int] = {}
        #: New value_ids of the values of the program.
        self.ids = {0: 0}

    def program(self) -> Program:
        steps = self.case.program.steps
        # The inputs of a program stay, even if the new output does not need them.
        for k in self.case.program.arguments:
            self.ids[k] = self.add(steps[k - 1].operation, **steps[k - 1].arguments)
        for k, step in enumerate(steps, start=1):
            if k not in self.ids:
                self.ids[k] = self._fixed(k, self._step(k, step))
        last = self.ids[len(steps)]
        if last <= len(self.case.program.arguments):
            last = self.builder.add("positive", last)
        return Program(tuple(self.builder.steps[:last])).pruned()

    def add(self, name: str, *operands: int, **params: Any) -> int:
        """Add a step, or find the one that computes the same."""
        made = (name, operands, tuple(sorted(params.items())))
        if made not in self._made:
            self._made[made] = self.builder.add(name, *operands, **params)
        return self._made[made]

    def _step(self, k: int, step: Step) -> int:
        given = tuple(self.ids[i] for i in step.operands)
        if step.operation in SYMMETRIC and self._any_order(step, given[0]):
            self.applied = True
            given = (self.permuted[given[0]][0],)
        new = self._one(k, step, given)
        if step.operation == "sort":
            axis = step.arguments["axis"] % self.at[k].ndim
            self.permuted[new] = given[0], axis
        elif step.operation in ENTRYWISE and given[0] in self.permuted:
            base, axis = self.permuted[given[0]]
            self.permuted[new] = self.add(step.operation, base, **step.arguments), axis
        return new

    def _any_order(self, step: Step, x: int) -> bool:
        """Whether a symmetric operation takes entries in another order along its axis."""
        ndim, axis = self.at[step.operands[0]].ndim, step.arguments["axis"]
        return x in self.permuted and (axis is None or axis % ndim == self.permuted[x][1])

    def _one(self, k: int, step: Step, given: tuple[int, ...]) -> int:
        exponent = self._exponent(step)
        if step.operation in ("multiply", "negative") or (
            isinstance(exponent, int) and exponent > 1
        ):
            return self._product(step, given, exponent)
        if step.operation == "sqrt" or exponent == 0.5:
            return self._root(k, step, given, 2)
        if step.operation == "cbrt":
            return self._root(k, step, given, 3)
        if step.operation == "add" and (both := self._both(given)):
            self.applied = True
            name, two = both
            return self.add("add" if len(two) == 2 else "sum", *two, **dict(name))
        if step.operation in NORMS:
            return self._norm(step, given)
        new = self.add(step.operation, *given, **step.arguments)
        if step.operation in MOVING and given[0] in self.roots:
            base, degree = self.roots[given[0]]
            self.roots[new] = self.add(step.operation, base, **step.arguments), degree
        self._extremum(step, given, new)
        return new

    def _extremum(self, step: Step, given: tuple[int, ...], new: int) -> None:
        name, params = step.operation, tuple(sorted(step.arguments.items()))
        if name in ("maximum", "minimum"):
            self.extrema[new] = name[:3], (), given
        elif name in ("max", "min"):
            size = self.at[step.operands[0]].size
            k = step.operands[0]
            axis = step.arguments["axis"]
            if (size if axis is None else self.at[k].shape[axis]) == 2:
                self.extrema[new] = name, params, given

    def _both(self, given: Iterable[int]) -> tuple[Any, tuple[int, ...]] | None:
        """The two values of which `given` are the larger and the smaller, as operands of an
        operation with these parameters.
        """
        one, other = (self.extrema.get(x) for x in given)
        if one is None or other is None or one[0] == other[0]:
            return None
        same = one[1] == other[1] and sorted(one[2]) == sorted(other[2])
        return (one[1], one[2]) if same else None

    def _exponent(self, step: Step) -> int | float | None:
        """The exponent of a power with a constant exponent."""
        value: float | None = None
        if step.operation == "square":
            value = 2.0
        elif step.operation in ("pow_int", "pow_float"):
            value = float(step.arguments["exponent"])
        elif step.operation == "pow":
            constant = self.at[step.operands[1]]
            power = self.case.program.steps[step.operands[1] - 1] if step.operands[1] else None
            if power is not None and power.operation == "constant" and constant.size == 1:
                value = float(constant.reshape(-1)[0])
            if self.at[step.operands[0]].ndim < constant.ndim:
                value = None
        return int(value) if value is not None and value == int(value) else value

    def _product(self, step: Step, given: tuple[int, ...], exponent: int | float | None) -> int:
        factors: Factors = {}
        parts = given if step.operation in ("multiply", "negative") else given[:1]
        for part in parts:
            for factor, power in self.factors.get(part, {part: 1}).items():
                times = exponent if isinstance(exponent, int) else 1
                factors[factor] = factors.get(factor, 0) + power * times
        if step.operation == "negative":
            factors[MINUS] = factors.get(MINUS, 0) + 1
        pair = self._pair(factors)
        if pair is not None:
            larger, smaller, (params, two) = pair
            times = min(factors[larger], factors[smaller])
            for factor in (larger, smaller):
                factors[factor] -= times
            both = self.add("multiply" if len(two) == 2 else "prod", *two, **dict(params))
            factors[both] = factors.get(both, 0) + times
        simpler: Factors = {}
        for factor, power in factors.items():
            base, degree = self.roots.get(factor, (factor, 1))
            for new, times in ((base, power // degree), (factor, power % degree)):
                if times:
                    simpler[new] = simpler.get(new, 0) + times
        simpler[MINUS] = factors.get(MINUS, 0) % 2
        singular = any(f in self.roots and n >= self.roots[f][1] for f, n in factors.items())
        if pair is not None or singular:
            self.applied = True
            new = self._multiplied(simpler)
        else:
            new = self.add(step.operation, *given, **step.arguments)
        self.factors[new] = {factor: power for factor, power in simpler.items() if power}
        return new

    def _pair(self, factors: Factors) -> tuple[int, int, tuple[Any, tuple[int, ...]]] | None:
        """Two factors that are the larger and the smaller of two values."""
        for one, other in itertools.combinations(factors, 2):
            if (both := self._both((one, other))) is not None:
                return one, other, both
        return None

    def _multiplied(self, factors: Factors) -> int:
        new: int | None = None
        for factor, power in factors.items():
            if factor == MINUS or not power:
                continue
            raised = factor if power == 1 else self.add("pow_int", factor, exponent=power)
            new = raised if new is None else self.add("multiply", new, raised)
        assert new is not None
        return self.add("negative", new) if factors.get(MINUS, 0) % 2 else new

    def _root(self, k: int, step: Step, given: tuple[int, ...], degree: int) -> int:
        under = given[0]
        factors = self.factors.get(under, {under: 1})
        if all(power % degree == 0 for factor, power in factors.items() if factor != MINUS) and (
            degree == 3 or not factors.get(MINUS, 0) % 2
        ):
            self.applied = True
            parts = {f: power // degree for f, power in factors.items() if f != MINUS}
            new = self._multiplied({**parts, MINUS: factors.get(MINUS, 0)})
            if degree == 3:
                return new
            size = self.add("abs", new)
            self.roots[size] = self.squares(new), 2
            return size
        new = self.add(step.operation, *given, **step.arguments)
        if degree == 3 or self._nowhere_negative(step.operands[0]):
            self.roots[new] = under, degree
        return new

    def _norm(self, step: Step, given: tuple[int, ...]) -> int:
        new = self.add(step.operation, *given, **step.arguments)
        self.roots[new] = NORMS[step.operation](self, given, step.arguments), 2
        return new

    def squares(self, x: int) -> int:
        return self.add("square", x)

    def _nowhere_negative(self, k: int) -> bool:
        entries = self.around[k].flat
        return all(bool(_interval(entry)[0] >= 0) for entry in entries)

    def _fixed(self, k: int, new: int) -> int:
        """The value with its entries that are the same number around the point as constants."""
        step, at = self.case.program.steps[k - 1], self.at[k]
        if not self.depends[k] or at.dtype == bool or step.operation in MOVING:
            return new
        same = np.array(
            [
                isinstance(f, Real) and f.constant is not None and bool(f.constant == float(v))
                for f, v in zip(self.around[k].flat, at.flat, strict=True)
            ],
            dtype=bool,
        ).reshape(at.shape)
        if not np.any(same):
            return new
        self.applied = True
        if np.all(same):
            return self.builder.constant(at)
        numbers = self.builder.constant(np.where(same, at, 0.0))
        fixed = self.add("where", self.builder.constant(same), numbers, new)
        if new in self.roots:
            self.roots[fixed] = self.roots[new]
        return fixed


def _interval(entry: Any) -> Any:
    return entry.interval if isinstance(entry, Real) else (entry.lower(), entry.upper())


def _vector_norm(rewriting: _Rewriting, given: tuple[int, ...], params: dict[str, Any]) -> int:
    return rewriting.add("sum", rewriting.squares(given[0]), axis=params["axis"], keepdims=False)


def _matrix_norm(rewriting: _Rewriting, given: tuple[int, ...], params: dict[str, Any]) -> int:
    rows = rewriting.add("sum", rewriting.squares(given[0]), axis=-1, keepdims=False)
    return rewriting.add("sum", rows, axis=-1, keepdims=False)


def _hypot(rewriting: _Rewriting, given: tuple[int, ...], params: dict[str, Any]) -> int:
    return rewriting.add("add", *(rewriting.squares(x) for x in given))


#: Square roots of sums of squares, each with the function that adds the steps of the sum.
NORMS: dict[str, Callable[[_Rewriting, tuple[int, ...], dict[str, Any]], int]] = {
    "vector_norm": _vector_norm,
    "matrix_norm": _matrix_norm,
    "hypot": _hypot,
    "abs": lambda rewriting, given, params: rewriting.squares(given[0]),
}
