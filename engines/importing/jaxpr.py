"""Functions of JAX, followed through their jaxpr.

`jax.make_jaxpr` makes a list of equations of the function. Each applies a primitive of JAX, and a
table says which operations of the catalogue that is. What does not depend on the input is computed
by JAX itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.experimental
import numpy as np
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.jax_rules.arrays import exact
from ad_conformance.engines.importing.jax_rules.complex_numbers import COMPLEX, MADE
from ad_conformance.engines.importing.jax_rules.control import CALLS, UNCOMPILED, bind
from ad_conformance.engines.importing.jax_rules.elementwise import ELEMENTWISE
from ad_conformance.engines.importing.jax_rules.matrices import MATRICES
from ad_conformance.engines.importing.jax_rules.moves import MOVES
from ad_conformance.engines.importing.jax_rules.reductions import REDUCTIONS
from ad_conformance.engines.importing.jax_rules.values import Pair, Reader, Value, is_known, paired
from ad_conformance.engines.importing.recorder import CannotImport, Recorder
from ad_conformance.engines.importing.replacing import replaced

#: For each primitive of JAX the function that records it.
RULES: dict[str, Callable[..., Value]] = {
    **CALLS,
    **ELEMENTWISE,
    **MADE,
    **MATRICES,
    **MOVES,
    **REDUCTIONS,
}


def follow(
    f: Callable[[Any], Any], point: np.ndarray, recorder: Recorder, checking: bool | None = None
) -> Any:
    """The output of a function of JAX: a Recorded, or an array if it does not depend on the input.

    `f` takes one array of the shape of `point` and the dtype of the recorder, and returns one
    array. With `checking`, each step is compared with the library's value on the same operands;
    without, only if the values of the output differ. Raises CannotImport, or Parts where both
    differ.
    """
    with _precision(recorder.dtype):
        given = jax.numpy.asarray(point, recorder.dtype)
        mark = recorder.mark()
        output = _followed(f, given, Follower(recorder, bool(checking)))
        if checking is None:
            expected = np.asarray(f(given))
            try:
                recorder.compare(output, expected)
            except CannotImport:
                recorder.back_to(mark)
                _followed(f, given, Follower(recorder, True))
                raise
        return output


def _followed(f: Callable[[Any], Any], given: Any, follower: Follower) -> Any:
    try:
        with replaced(f, [("jax.scipy.special", name, jax.jit) for name in UNCOMPILED]):
            traced = jax.make_jaxpr(f)(given)
    except jax.errors.ConcretizationTypeError:
        from ad_conformance.engines.importing.jax_rules.eager import followed

        try:
            return follower.output(followed(f, given, follower))
        except jax.errors.ConcretizationTypeError as error:
            what = "jax: a number of an array, by float()"
            raise CannotImport(what, lines.raised(error)) from error
    if len(traced.jaxpr.outvars) != 1:
        raise CannotImport("jax: a function of several outputs")
    (output,) = follower.run(traced.jaxpr, traced.consts, [follower.recorder.input])
    if isinstance(output, Pair):
        return follower.output(output)
    return follower.output(follower.full(output, traced.jaxpr.outvars[0].aval.shape))


def _precision(dtype: str) -> contextlib.AbstractContextManager[Any]:
    """JAX computes in this dtype."""
    # Older releases have the name in another module.
    found: Any = (jax if hasattr(jax, "enable_x64") else jax.experimental).enable_x64
    made: contextlib.AbstractContextManager[Any] = found(dtype == "float64")
    return made


class Follower(Reader):
    """Follows equations, with the values of variables so far."""

    def __init__(self, recorder: Recorder, checking: bool) -> None:
        super().__init__(recorder)
        self.checking = checking
        self._lines: dict[int, tuple[Any, str]] = {}

    def output(self, found: Value) -> Any:
        """A value as the output of the program: truth values and integers are numbers."""
        if isinstance(found, Pair):
            self.recorder.line = next(iter(self.recorder.lines[::-1]), "")
            raise self.refuse("a complex result")
        if is_known(found):
            return np.asarray(found, dtype=float)
        return self.numbers(found) if self.recorder.at_point(found).dtype == bool else found

    def run(
        self,
        jaxpr: Any,
        consts: Sequence[Any],
        operands: Sequence[Value],
        needed: Sequence[bool] | None = None,
    ) -> list[Value]:
        values: dict[Any, Value] = {}

        def read(var: Any) -> Value:
            if _literal(var):
                return np.asarray(var.val, dtype=var.aval.dtype)
            return values.get(var)

        values.update(zip(jaxpr.constvars, consts, strict=True))
        values.update(zip(jaxpr.invars, operands, strict=True))
        outer, live = self.recorder.line, self.live
        self.live, equations = _needed(jaxpr, needed)
        for eqn in equations:
            self.recorder.line = self._line(eqn.source_info) or outer
            results = self.step(eqn, [read(var) for var in eqn.invars])
            values.update(zip(eqn.outvars, results, strict=True))
        self.recorder.line, self.live = outer, live
        return [read(var) for var in jaxpr.outvars]

    def step(self, eqn: Any, operands: list[Value]) -> Sequence[Value]:
        """The results of one equation."""
        name = eqn.primitive.name
        if name == "platform_index":
            return [np.asarray(_platform(eqn.params["platforms"]))]
        if all(map(is_known, operands)) and not eqn.effects:
            return self._known(eqn, operands)
        rule = RULES.get(name)
        if name in COMPLEX and any(_is_complex(x) for x in operands):
            rule, operands = COMPLEX[name], list(map(paired, operands))
        elif name not in CALLS:
            operands = [paired(x) if is_known(x) and _is_complex(x) else x for x in operands]
        if rule is None:
            if not _only_integers(eqn):
                raise self.refuse(name)
            rule = ELEMENTWISE["shift_left"]
        made = rule(self, eqn, *operands)
        results = made if eqn.primitive.multiple_results else [made]
        if self.checking and name not in CALLS:
            self._check(eqn, operands, results)
        return results

    def _known(self, eqn: Any, operands: list[Value]) -> Sequence[Value]:
        shapes = [v.aval.shape for v in eqn.invars]
        full = [
            x if np.shape(x) == shape else np.broadcast_to(np.asarray(x), shape)
            for x, shape in zip(operands, shapes, strict=True)
        ]
        return exact(eqn, full) or bind(eqn, full)

    def _check(self, eqn: Any, operands: list[Value], results: Sequence[Value]) -> None:
        """Compare with what the library makes of the same operands."""
        if eqn.primitive.name in ("custom_linear_solve", "stop_gradient"):
            return
        given = [self.at_point(x, v.aval) for x, v in zip(operands, eqn.invars, strict=True)]
        for var, ours, theirs in zip(eqn.outvars, results, bind(eqn, given), strict=True):
            if var in self.live and not isinstance(ours, Pair):
                name = eqn.primitive.name
                # The entries above the diagonal are not defined.
                expected = np.tril(theirs) if name == "cholesky" else theirs
                self.recorder.compare(self.at_point(ours, var.aval), expected, f"jax: {name}")

    def _line(self, source: Any) -> str:
        """The line of the user's function behind an equation, "" if it is in the library."""
        found = getattr(source, "traceback", None)
        if found is None:
            return ""
        if id(found) not in self._lines:
            # The traceback is kept, so that its id stays its own.
            self._lines[id(found)] = found, _user_line(found)
        return self._lines[id(found)][1]


def _needed(jaxpr: Any, needed: Sequence[bool] | None) -> tuple[set[Any], list[Any]]:
    """The variables that the needed outputs use, and the equations that compute these."""
    wanted = [True] * len(jaxpr.outvars) if needed is None else needed
    live = {v for v, want in zip(jaxpr.outvars, wanted, strict=True) if want and not _literal(v)}
    equations = []
    for eqn in reversed(jaxpr.eqns):
        if any(v in live for v in eqn.outvars):
            live.update(v for v in eqn.invars if not _literal(v))
            equations.append(eqn)
    return live, equations[::-1]


def _literal(var: Any) -> bool:
    return hasattr(var, "val")


def _user_line(found: Any) -> str:
    """The innermost line of a traceback of JAX that is not in a library."""
    for frame in found.frames:
        if lines.of_user(frame.file_name):
            return lines.shown(frame.file_name, frame.line_num)
    return ""


def _platform(platforms: Any) -> int:
    """The index of the branch for this platform, or of the one for all others."""
    for index, names in enumerate(platforms):
        if names is None or jax.default_backend() in names:
            return index
    return 0


def _is_complex(x: Value) -> bool:
    return isinstance(x, Pair) or (is_known(x) and np.dtype(x.dtype).kind == "c")


def _only_integers(eqn: Any) -> bool:
    return all(v.aval.dtype.kind in "iub" for v in eqn.invars)
