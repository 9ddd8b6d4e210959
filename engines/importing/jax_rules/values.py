"""Values while a function of JAX is followed, and what rules use to read them.

A value of a jaxpr is one of:

- a NumPy array or a JAX array: it does not depend on the input;
- a Recorded: a step was recorded for it. Integers are recorded as floats that are integers;
- a View: entries of a recorded value in another arrangement, for which no step was recorded yet;
- a Pair: a complex array.

The shape of a value may be smaller than that of the variable of the jaxpr: it then broadcasts to
it. So broadcasts cost no step where the operation that follows broadcasts its operands itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from ad_conformance.engines.importing.recorder import CannotImport, Recorder, nearest_operation
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.rewrite.recording import Recorded

Array = np.ndarray
Shape = tuple[int, ...]
Value = Any


@dataclass
class View:
    """The entries of `base` at `indices`, which count in row-major order; `fill` at -1."""

    base: Recorded
    indices: Array
    fill: float | None
    line: str
    placed: Recorded | None = None

    @property
    def shape(self) -> Shape:
        return self.indices.shape


@dataclass
class Pair:
    """A complex array: its real and its imaginary part, which are no pairs."""

    re: Value
    im: Value

    @property
    def shape(self) -> Shape:
        return np.broadcast_shapes(np.shape(self.re), np.shape(self.im))


def is_known(x: Value) -> bool:
    """Whether the value does not depend on the input."""
    return isinstance(x, (np.ndarray, np.generic, jax.Array))


def is_key(x: Any) -> bool:
    """Whether these are keys of random numbers, which are no NumPy arrays."""
    return bool(jax.numpy.issubdtype(x.dtype, jax.dtypes.extended))


def paired(x: Value) -> Pair:
    """A value as a complex array."""
    if isinstance(x, Pair):
        return x
    if is_known(x):
        return Pair(np.real(np.asarray(x)), np.imag(np.asarray(x)))
    return Pair(x, np.zeros(()))


def compact(array: Array) -> Array:
    """The smallest array that broadcasts to this one."""
    for axis, length in enumerate(array.shape):
        if length > 1:
            first = array[(slice(None),) * axis + (slice(0, 1),)]
            if np.array_equal(np.broadcast_to(first, array.shape), array):
                array = first
    while array.ndim and array.shape[0] == 1:
        array = array[0]
    return array


class Reader:
    """Reads values for rules, and records the steps of views when they are needed."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        #: For numbers 1 and 0 that were made of truth values, these.
        self.truths: dict[int, Recorded] = {}
        #: Values whose entries above the diagonal are 0.
        self.triangles: set[int] = set()
        self._shadow: list[Array] = []
        #: The variables of the jaxpr that is followed on which its result depends.
        self.live: set[Any] = set()

    def run(
        self,
        jaxpr: Any,
        consts: Sequence[Any],
        operands: Sequence[Value],
        needed: Sequence[bool] | None = None,
    ) -> list[Value]:
        """The results of a jaxpr; those that are not `needed` may be anything."""
        raise NotImplementedError

    def needs(self, eqn: Any, which: int) -> bool:
        """Whether this result of an equation is used."""
        return len(eqn.outvars) > which and eqn.outvars[which] in self.live

    def refuse(self, what: str) -> CannotImport:
        """The exception for a primitive without a rule."""
        return CannotImport(f"jax: {what}", self.recorder.line, nearest_operation(what))

    @property
    def itemsize(self) -> int:
        """The size of the dtype of the program, in bytes."""
        return np.dtype(self.recorder.dtype).itemsize

    def numbers(self, x: Value) -> Value:
        """Truth values as numbers: 1 and 0."""
        if is_known(x):
            return np.asarray(x).astype(float)
        made = self.recorder.where(x, 1.0, 0.0)
        self.truths[made.value_id] = x
        return made

    def symmetrized(self, x: Recorded) -> Recorded | None:
        """The matrix a, if x was computed as (a + a^T) / 2."""
        half = self._maker(x, "divide")
        if half is None or np.any(self.recorder.values[half.operands[1]] != 2.0):
            return None
        total = self._maker(Recorded(self.recorder, half.operands[0]), "add")
        if total is None:
            return None
        first, second = (Recorded(self.recorder, i) for i in total.operands)
        turned = self._maker(second, "permute_dims")
        axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
        if turned is None or turned.operands != (first.value_id,):
            return None
        return first if tuple(turned.arguments["axes"]) == axes else None

    def _maker(self, x: Recorded, operation: str) -> Any:
        """The step that made a value, if it is of this operation."""
        step = self.recorder.steps[x.value_id - 1] if x.value_id else None
        return step if step is not None and step.operation == operation else None

    def is_symmetric(self, x: Recorded) -> bool:
        """Whether matrices are symmetric for any input: at the point, and at one nearby."""
        self._cast_shadow(x.value_id)
        return all(
            np.allclose(found, np.swapaxes(found, -2, -1), rtol=1e-8, atol=0.0)
            for found in (self.recorder.at_point(x), self._shadow[x.value_id])
        )

    def _cast_shadow(self, value_id: int) -> None:
        """The values at a point nearby, up to this one."""
        recorder = self.recorder
        if not self._shadow:
            point = recorder.values[0]
            moved = np.random.default_rng(0).uniform(0.5, 1.0, point.shape)
            self._shadow.append(point + 1e-3 * (1.0 + np.abs(point)) * moved)
        for step in recorder.steps[len(self._shadow) - 1 : value_id]:
            operands = [self._shadow[i] for i in step.operands]
            with np.errstate(all="ignore"):
                made = CATALOGUE[step.operation].evaluate(*operands, **step.arguments)
            self._shadow.append(np.asarray(made))

    def view(self, x: Value, shape: Shape) -> View:
        """The value as a view of this shape."""
        if not isinstance(x, View):
            count = int(np.prod(x.shape))
            x = View(x, np.arange(count).reshape(x.shape), None, self.recorder.line)
        return View(x.base, np.broadcast_to(x.indices, shape), x.fill, self.recorder.line)

    def moved(self, x: Value, shape: Shape, move: Callable[[Array], Any]) -> Value:
        """What `move` makes of the value, given what it makes of an array of this shape. It only
        moves, repeats or drops entries, or fills in zeros: `move` gets numbers from 1.
        """
        if isinstance(x, Pair):
            return Pair(self.moved(x.re, shape, move), self.moved(x.im, shape, move))
        if is_known(x):
            return np.asarray(move(np.broadcast_to(np.asarray(x), shape)))
        view = self.view(x, shape)
        indices = np.asarray(move(view.indices + 1), dtype=int) - 1
        fill = view.fill
        if fill is None and np.any(indices < 0):
            fill = 0.0
        elif fill and np.count_nonzero(indices < 0) > np.count_nonzero(view.indices < 0):
            return self.moved(self.placed(view), shape, move)
        if np.all(indices < 0):
            return np.full(indices.shape, fill or 0.0)
        return View(view.base, compact(indices), fill, self.recorder.line)

    def get(self, x: Value) -> Value:
        """The value as an operand that broadcasts: a Recorded, or the smallest array."""
        if isinstance(x, View):
            return self.placed(x)
        if isinstance(x, Pair):
            raise self.refuse("a complex number")
        return compact(np.asarray(x)) if is_known(x) else x

    def full(self, x: Value, shape: Shape) -> Value:
        """The value with exactly this shape: a Recorded or an array."""
        if is_known(x):
            return np.broadcast_to(np.asarray(x), shape)
        x = self.get(x)
        if x.shape == tuple(shape):
            return x
        if x.size == int(np.prod(shape)):
            return self.recorder.shaped(x, shape)
        return self.recorder.broadcast_to(x, shape=tuple(map(int, shape)))

    def decided(self, x: Value, shape: Shape, dtype: Any) -> Array:
        """Integers or truth values as an array. If they depend on the input, they are those at
        the point, and the program relies on it.
        """
        if is_known(x):
            return np.broadcast_to(np.asarray(x), shape)
        if isinstance(x, Pair) or np.dtype(dtype).kind == "f":
            raise self.refuse("an index computed from the input")
        x = self.get(x)
        found = self.recorder.at_point(x)
        if found.dtype == bool:
            same = self.recorder.logical_not(self.recorder.logical_xor(x, found))
        else:
            same = self.recorder.equal(x, found)
        self.recorder.holds(same)
        return np.broadcast_to(found.astype(dtype), shape)

    def at_point(self, x: Value, aval: Any) -> Any:
        """The value at the point, with the shape and dtype of `aval`."""
        if isinstance(x, Pair):
            found = self.at_point(x.re, None) + 1j * self.at_point(x.im, None)
        elif is_known(x):
            found = x
        elif isinstance(x, View):
            flat = self.recorder.at_point(x.base).reshape(-1)
            filled = np.append(flat, 0.0 if x.fill is None else x.fill)
            found = filled[x.indices].astype(flat.dtype)
        else:
            found = self.recorder.at_point(x)
        if aval is None:
            return np.asarray(found)
        if is_key(aval):
            return found
        return np.broadcast_to(np.asarray(found), aval.shape).astype(aval.dtype)

    def placed(self, view: View) -> Recorded:
        """The step or steps of a view."""
        if view.placed is None:
            outer, self.recorder.line = self.recorder.line, view.line
            view.placed = self._placed(view.base, view.indices, view.fill)
            self.recorder.line = outer
        return view.placed

    def _placed(self, base: Recorded, indices: Array, fill: float | None) -> Recorded:
        recorder, flat = self.recorder, indices.reshape(-1)
        whole = np.arange(base.size).reshape(base.shape)
        if not flat.size or np.any(flat < 0):
            return recorder.moved(base, indices, fill)
        if np.array_equal(flat, whole.reshape(-1)):
            return recorder.shaped(base, indices.shape)
        places = np.unravel_index(flat, base.shape)
        if flat.size == 1:
            entry = recorder.index(base, index=tuple(int(i[0]) for i in places))
            return recorder.shaped(entry, indices.shape)
        if (box := _box(places)) and np.array_equal(whole[box].reshape(-1), flat):
            return recorder.shaped(self._boxed(base, box), indices.shape)
        if flat.size == base.size and base.ndim < 5:
            for axes in itertools.permutations(range(base.ndim)):
                if np.array_equal(whole.transpose(axes).reshape(-1), flat):
                    turned = recorder.permute_dims(base, axes=axes)
                    return recorder.shaped(turned, indices.shape)
        for axis, length in enumerate(base.shape):
            parts = int(np.prod(base.shape[axis + 1 :]))
            taken, rest = divmod(flat.size * length, base.size)
            if rest or not taken:
                continue
            ids = places[axis][: taken * parts : parts]
            if np.array_equal(np.take(whole, ids, axis).reshape(-1), flat):
                chosen = recorder.take(base, indices=tuple(ids.tolist()), axis=axis)
                return recorder.shaped(chosen, indices.shape)
        return recorder.moved(base, indices)

    def _boxed(self, base: Recorded, box: tuple[slice, ...]) -> Recorded:
        leading = 0
        while leading < len(box) and box[leading].stop - box[leading].start == 1:
            leading += 1
        if leading and base.shape[:leading] != (1,) * leading:
            first = tuple(int(part.start) for part in box[:leading])
            base, box = self.recorder.index(base, index=first), box[leading:]
        for axis, part in enumerate(box):
            if (part.start, part.stop, part.step) != (0, base.shape[axis], 1):
                given = {"start": part.start, "stop": part.stop, "step": part.step}
                base = self.recorder.slice(base, axis=axis, **given)
        return base


def _box(places: tuple[Array, ...]) -> tuple[slice, ...] | None:
    """Slices along the axes that could have these places."""
    box = []
    for found in places:
        ids = np.unique(found)
        step = int(ids[1] - ids[0]) if ids.size > 1 else 1
        if np.any(np.diff(ids) != step):
            return None
        box.append(slice(int(ids[0]), int(ids[-1]) + 1, step))
    return tuple(box)
