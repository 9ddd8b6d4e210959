"""Which tensors depend on the input, and the codes of their entries.

Codes are kept for each storage. So views need nothing, and what is written into one view is seen
in all others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from ad_conformance.engines.importing.recorder import CannotImport, Parts, Recorder
from ad_conformance.engines.importing.torch.entries import Entries
from ad_conformance.generators.rewrite.recording import Recorded
from torch.utils._pytree import tree_flatten

Array = np.ndarray


class Pair(NamedTuple):
    """A complex value by its parts."""

    real: Any
    imag: Any


class Moved(NamedTuple):
    """Entries of other values, by their codes; those of complex numbers have a last axis of 2."""

    codes: Array


class Later(NamedTuple):
    """A value that is recorded only if something reads it; None: it is constant."""

    make: Callable[[], Any]


class Tracking:
    """The codes of all tensors that depend on the input of a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.entries = Entries(recorder)
        #: The operator that runs.
        self.operator = ""
        self.operands: list[torch.Tensor] = []
        #: Numbers of tensors that left PyTorch, and random numbers: what, and at which line.
        self.left: list[tuple[str, str]] = []
        #: The line whose results count as constants.
        self._held: str | None = None
        self._codes: dict[int, Array] = {}
        self._later: dict[int, Callable[[], None]] = {}
        # A storage that is kept has an address that no other storage gets.
        self._kept: list[Any] = []

    def key(self, tensor: torch.Tensor) -> int:
        """The storage of a tensor; 0 if it has none."""
        if tensor.device.type == "meta" or tensor.layout != torch.strided:
            return 0
        try:
            return int(tensor.untyped_storage()._cdata)
        except (RuntimeError, NotImplementedError):
            return 0

    def depends(self, tensor: Any) -> bool:
        """Whether it is a tensor with entries that depend on the input."""
        if not isinstance(tensor, torch.Tensor):
            return False
        key = self.key(tensor)
        return key != 0 and (key in self._codes or key in self._later)

    @contextlib.contextmanager
    def holding(self, line: str) -> Iterator[None]:
        """Results count as constants meanwhile."""
        self._held = line
        try:
            yield
        finally:
            self._held = None

    def is_held(self, operands: list[torch.Tensor]) -> bool:
        """Whether the result counts as a constant; that is noted if it depends on the input."""
        if self._held is None:
            return False
        if self._held and self._held not in self.recorder.held and any(map(self.depends, operands)):
            self.recorder.held.append(self._held)
        return True

    # Reading.

    def codes(self, tensor: torch.Tensor) -> Array:
        """The codes of its entries; those of complex numbers have a last axis for both parts."""
        if tensor.layout != torch.strided:
            raise CannotImport(f"a tensor of layout {tensor.layout}", self.recorder.line)
        if tensor._is_zerotensor():
            return np.zeros((*tensor.shape, 2) if tensor.is_complex() else tensor.shape, dtype=int)
        if not self.depends(tensor):
            return self.entries.codes(as_numpy(tensor))
        codes = self._place(tensor).copy()
        if tensor.is_neg():
            codes = self.entries.codes(self.recorder.negative(self.entries.read(codes)))
        if tensor.is_conj():
            turned = self.recorder.negative(self.entries.read(codes[..., 1]))
            codes[..., 1] = self.entries.codes(turned)
        return codes

    def numbers(self, tensor: Any, spread: bool = True) -> Any:
        """The value of a tensor as an operand, truth values as 1 and 0. Python numbers stay.

        Without `spread`, an axis along which entries do not change may have the length 1.
        """
        if not isinstance(tensor, torch.Tensor):
            return tensor
        if tensor.is_complex():
            raise CannotImport("a complex tensor here", self.recorder.line)
        return self.entries.numbers(self.entries.read(self.codes(tensor), spread))

    def pair(self, tensor: Any) -> Pair:
        """The parts of a complex or real tensor, or of a number."""
        if not isinstance(tensor, torch.Tensor):
            return Pair(np.real(tensor), np.imag(tensor))
        if not tensor.is_complex():
            return Pair(self.numbers(tensor), 0.0)
        codes = self.codes(tensor)
        return Pair(*(self.entries.read(codes[..., k]) for k in (0, 1)))

    def truths(self, tensor: Any) -> Any:
        """The value of a tensor as truth values: where it is not 0."""
        if not isinstance(tensor, torch.Tensor):
            return np.asarray(tensor, dtype=bool)
        found = self.entries.read(self.codes(tensor), spread=False)
        if not isinstance(found, Recorded):
            return np.asarray(found) != 0
        if self.recorder.at_point(found).dtype == bool:
            return found
        return self.recorder.not_equal(found, 0.0)

    def moved(self, tensor: torch.Tensor) -> Moved:
        return Moved(self.codes(tensor))

    def fixed(self, tensor: Any) -> Any:
        """The tensor itself, for integers and truth values that decide the course: the program
        holds where they are what they are at the point.
        """
        if not self.depends(tensor):
            return tensor
        codes = self.codes(tensor)
        if np.all(codes <= 0):
            return tensor
        if tensor.is_floating_point() or tensor.is_complex():
            raise CannotImport("a number that decides the course", self.recorder.line)
        r, value = self.recorder, as_numpy(tensor)
        if tensor.dtype == torch.bool:
            found = self.truths(tensor)
            if np.all(value):
                r.holds(found)
            elif not np.any(value):
                r.holds(r.logical_not(found))
            else:
                r.holds(r.logical_xor(found, np.logical_not(value)))
        else:
            r.holds(r.equal(self.numbers(tensor), value.astype(float)))
        return tensor

    # Writing.

    def give(self, tensor: torch.Tensor, value: Any) -> None:
        """Let the tensor have this value: a recorded value or an array, a `Pair`, `Moved` codes,
        or one that comes `Later`; None if it is constant.
        """
        key = self.key(tensor)
        if value is None or not key:
            return
        if isinstance(value, Later):
            self._keep(tensor)
            self._later[key] = lambda: self._made(tensor, value)
            return
        if isinstance(value, Moved):
            codes = value.codes
        elif tensor.is_complex():
            parts = value if isinstance(value, Pair) else Pair(value, np.zeros(tensor.shape))
            both = [np.broadcast_to(self.entries.codes(part), tensor.shape) for part in parts]
            codes = np.stack(both, axis=-1)
        else:
            codes = self.entries.codes(value)
        there = as_numpy(tensor)
        codes = np.broadcast_to(codes, there.shape)
        self._compare(self.entries.at_point(codes), there)
        self.track(tensor)
        self._place(tensor)[...] = codes

    def _compare(self, ours: Array, there: Array) -> None:
        """Raises Parts if the two differ by more than rounding of the result or of operands, which
        may cancel.
        """
        try:
            self.recorder.compare(ours, there, self.operator)
        except Parts:
            sizes = [x.detach().abs().max().item() for x in self.operands if x.numel()]
            rounding = 1e-4 if self.recorder.dtype == "float32" else 1e-10
            if not np.all(np.abs(ours - there) <= rounding * max(sizes, default=0.0)):
                raise

    def _made(self, tensor: torch.Tensor, value: Later) -> None:
        found = value.make()
        self.give(tensor, Moved(self.entries.codes(as_numpy(tensor))) if found is None else found)

    def track(self, tensor: torch.Tensor) -> None:
        """Give the entries of its storage codes, those of constants if they have none."""
        key = self.key(tensor)
        if key in self._codes or key in self._later or not key:
            return
        self._keep(tensor)
        unit = tensor.element_size() // (2 if tensor.is_complex() else 1)
        storage = tensor.untyped_storage()
        whole = torch.empty(0, dtype=_part(tensor))
        whole.set_(storage, 0, (storage.nbytes() // unit,), (1,))
        self._codes[key] = self.entries.codes(whole.numpy())

    def forget(self, tensor: torch.Tensor) -> None:
        """Its entries are constants now."""
        if self.depends(tensor):
            self._place(tensor)[...] = self.entries.codes(as_numpy(tensor))

    def _keep(self, tensor: torch.Tensor) -> None:
        self._kept.append(tensor.untyped_storage())

    def _place(self, tensor: torch.Tensor) -> Array:
        """The codes of the entries in its storage, to read and to write."""
        key = self.key(tensor)
        if key in self._later:
            self._later.pop(key)()
        shape, strides, start = tuple(tensor.shape), tensor.stride(), tensor.storage_offset()
        if tensor.is_complex():
            shape, strides, start = (*shape, 2), (*(2 * s for s in strides), 1), 2 * start
        return np.lib.stride_tricks.as_strided(
            self._codes[key][start:], shape, [8 * s for s in strides]
        )

    def check_view(self, view: torch.Tensor, operands: list[torch.Tensor]) -> None:
        """Raise CannotImport if the bits of numbers are read as other numbers."""
        for operand in operands:
            if self.key(operand) == self.key(view) and _part(operand) != _part(view):
                raise CannotImport("the bits of a number", self.recorder.line)


def _part(tensor: torch.Tensor) -> torch.dtype:
    """The type of its numbers, or of the parts of its complex numbers."""
    return tensor.dtype.to_real() if tensor.is_complex() else tensor.dtype


def tensors_of(tree: Any) -> list[torch.Tensor]:
    """The tensors in nested tuples, lists and dictionaries."""
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]


def as_numpy(tensor: torch.Tensor) -> Array:
    """The real values of a tensor; complex numbers as pairs along a last axis."""
    plain = tensor.detach().resolve_conj().resolve_neg()
    if plain.is_complex():
        plain = torch.view_as_real(plain)
    if plain.dtype == torch.bfloat16:
        plain = plain.float()
    return np.array(plain.numpy())
