"""A user's function, loaded: its library, its program, and what does not fit."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ad_conformance.conformance.functions.arguments import (
    PARAMETERS,
    Arguments,
    BadArguments,
    arguments,
)
from ad_conformance.conformance.functions.question import STEP, Subject
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.importing import lines
from ad_conformance.engines.importing.library import LIBRARIES, Library, library_of
from ad_conformance.engines.importing.object_arrays import ObjectArray
from ad_conformance.engines.importing.recorder import CannotImport, Imported, Recorder
from ad_conformance.generators.ir.evaluate import endless_step, evaluate_steps
from ad_conformance.generators.ir.program import MalformedCase, Program
from ad_conformance.generators.touched_kinks import ties

Array = np.ndarray
#: Largest difference between the function and its program, relative to the largest value on the
#: way; much more than rounding makes of honest formulas.
ALIKE = {"float64": 1e-9, "float32": 2e-3}
#: How far the points are away at which the two are compared beside the given point.
BESIDE = (2.0**-20, -(2.0**-14))


@dataclass(frozen=True)
class Loaded:
    """A function with its arguments.

    subjects: for each library that can differentiate the function itself, what is asked.
    imported: what it was imported as; None if it could not be, and `not_imported` says why.
    raised: for each library that was tried and cannot differentiate the function itself, why.
    """

    name: str
    arguments: Arguments
    subjects: Mapping[str, Subject]
    imported: Imported | None
    not_imported: str = ""
    notes: tuple[str, ...] = ()
    raised: Mapping[str, str] = field(default_factory=dict)

    @property
    def described(self) -> str:
        if self.imported is None:
            return ""
        program = self.imported.program
        count = sum(bool(step.operands) for step in program.steps)
        return f"a program of {count} operation{'s' * (count != 1)}"

    def subject(self, engine: str) -> tuple[Subject, bool]:
        """What an engine is asked, and whether it is the function itself."""
        library = library_of(engine)
        if library is not None and library.name in self.subjects:
            return self.subjects[library.name], True
        return next(iter(self.subjects.values())), False

    def asked_the_program(self, engines: Iterable[str]) -> tuple[str, ...]:
        """Lines that name the engines that are asked the imported program instead of the function
        itself, and say why.
        """
        by_reason: dict[str, list[str]] = {}
        for engine in engines if self.imported is not None else ():
            base = engine.partition("@")[0]
            if not self.subject(base)[1]:
                library = library_of(base)
                why = "" if library is None else self.raised.get(library.name, "")
                by_reason.setdefault(why, []).append(engine)
        return tuple(
            f"{', '.join(names)}: asked the imported program, not the function itself"
            f"{': ' * bool(why)}{why}"
            for why, names in by_reason.items()
        )

    def kinks(self) -> tuple[str, ...]:
        """The lines of the function at which values are compared that are equal at the point."""
        if self.imported is None:
            return ()
        program = self.imported.program
        found = [
            self.imported.lines[k - 1] or f"the operation {program.steps[k - 1].operation}"
            for k in ties(program, self.arguments.point)
        ]
        return tuple(dict.fromkeys(found))


def load(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wrt: Any,
    dtype: str | None,
    engines: Sequence[Engine] | None,
) -> Loaded:
    """Load a function for these engines; None: for all of the function's libraries.

    Raises BadArguments.
    """
    if not callable(function):
        raise BadArguments(f"function: {function!r} is not a function")
    name = _name(function)
    function, args, wrt = _of_module(function, args, wrt, dtype)
    given = arguments(function, args, kwargs, wrt, dtype)
    libraries = _libraries(engines)
    outputs: dict[str, Array] = {}
    failures: dict[str, BaseException] = {}
    for library in libraries:
        try:
            outputs[library.name] = _output(given, function, library)
        except BadArguments:
            raise
        except Exception as raised:
            failures[library.name] = raised
    owners = [library for library in libraries if library.name in outputs]
    if not owners:
        # NumPy calls the function as it is; other libraries may raise at its arrays first.
        error, plain = failures[libraries[0].name], failures["numpy"]
        raise BadArguments(
            f"{name} raises {_told(error if isinstance(plain, TypeError) else plain)}"
        )
    output = outputs[owners[0].name]
    if not np.all(np.isfinite(output)):
        raise BadArguments(f"{name} returns NaN or infinity at this point")
    imported, owners, why = _import(function, given, owners, outputs)
    notes: tuple[str, ...] = ()
    if imported is not None:
        notes = (*(f"held constant: {line}" for line in imported.held if line), *imported.notes)
    program = None if imported is None else imported.program
    work = 0 if program is None else _work(program, given.point)
    subjects = {
        library.name: Subject(
            program=program,
            function=given.called(function, library) if library.engines else None,
            library=library,
            point=given.point,
            output=outputs[library.name],
            dtype=given.dtype,
            work=work,
        )
        for library in owners
    }
    reasons = {
        library: f"{error}" if isinstance(error, ObjectArray) else f"it raises {_briefly(error)}"
        for library, error in failures.items()
    }
    return Loaded(name, given, subjects, imported, why, notes, reasons)


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _told(error: BaseException) -> str:
    """The type, the first line of the message, and the line of the user that raised."""
    said = str(error).strip().partition("\n")[0]
    place = f" ({line})" if (line := lines.raised(error)) else ""
    return f"{type(error).__name__}{': ' * bool(said)}{said}{place}"


def _briefly(error: BaseException) -> str:
    """The type, and the line of the user that raised."""
    place = f" in {line}" if (line := lines.raised(error)) else ""
    return f"{type(error).__name__}{place}"


def _of_module(
    function: Any, args: tuple[Any, ...], wrt: Any, dtype: str | None
) -> tuple[Callable[..., Any], tuple[Any, ...], Any]:
    """A module of PyTorch as a function of its parameters and of its inputs."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(function, torch.nn.Module):
        return function, args, wrt
    module = copy.deepcopy(function)
    if dtype is not None:
        module = module.to(getattr(torch, dtype))

    def called(parameters: dict[str, Any], *inputs: Any, **options: Any) -> Any:
        return torch.func.functional_call(module, parameters, inputs, options)

    inputs = list(inspect.signature(function.forward).parameters.values())
    first = inspect.Parameter(PARAMETERS, inspect.Parameter.POSITIONAL_ONLY)
    called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [first, *(p for p in inputs if p.name != PARAMETERS)], __validate_parameters__=False
    )
    values = {name: value.detach() for name, value in module.named_parameters()}
    return called, (values, *args), PARAMETERS if wrt is None else wrt


def _libraries(engines: Sequence[Engine] | None) -> list[Library]:
    """The libraries to try: those of the engines, those that are imported already, and NumPy."""
    names = {engine.base for engine in engines or ()}
    wanted = [lib for lib in LIBRARIES if names & set(lib.engines) and lib.installed()]
    return wanted + [lib for lib in LIBRARIES if lib.module in sys.modules and lib not in wanted]


def _output(given: Arguments, function: Callable[..., Any], library: Library) -> Array:
    """The output at the point in float64, if the library can differentiate the function.

    Raises what the function raises, and BadArguments if its value changes from call to call.
    """
    flat = given.called(function, library)
    with library.settings(given.dtype):
        x = library.array(given.point, given.dtype)
        library.traces(flat, x)
        one, two = (
            _numbers(flat(library.array(given.point, given.dtype)), library) for _ in range(2)
        )
        if not np.array_equal(one, two, equal_nan=True):
            raise BadArguments(
                "the function gives another value at a second call: it is random or keeps a state; "
                "fix its random numbers, for instance by a seed inside the function"
            )
    return one


def _numbers(output: Any, library: Library) -> Array:
    value = np.asarray(library.numpy(output))
    if value.dtype.kind not in "fiub":
        raise BadArguments(f"the function returns an array of {value.dtype}, not of floats")
    return value.astype(float)


def _import(
    function: Callable[..., Any],
    given: Arguments,
    owners: Sequence[Library],
    outputs: Mapping[str, Array],
) -> tuple[Imported | None, list[Library], str]:
    """The program, the libraries that the function belongs to, and why there is no program: the
    reason of the first library.

    If only a later library can follow the function, those before it are not its own: PyTorch, for
    instance, takes `math.sin` of an array for a constant.
    """
    why = ""
    for k, library in enumerate(owners):
        try:
            imported = _followed(function, given, library)
            _compare(imported, function, given, library, outputs[library.name])
        except (CannotImport, MalformedCase, ImportError) as error:
            why = why or str(error)
        except SystemError as error:
            # An exception within a function of C that goes on.
            why = why or str(error.__context__ or error.__cause__ or error)
        except Exception as error:
            why = why or _told(error)
        else:
            return imported, list(owners[k:]), ""
    return None, list(owners), why


def _followed(function: Callable[..., Any], given: Arguments, library: Library) -> Imported:
    follow = library.follow()
    recorder = Recorder(given.point, given.dtype)
    flat = given.called(function, library)
    with library.settings(given.dtype):
        return recorder.imported(follow(flat, given.point, recorder))


def _compare(
    imported: Imported,
    function: Callable[..., Any],
    given: Arguments,
    library: Library,
    output: Array,
) -> None:
    """Raises CannotImport if the program and the function differ at the point or beside it."""
    flat = given.called(function, library)
    # Beside the point, a value that the function holds constant may be another one.
    for move in (0.0,) if imported.held else (0.0, *BESIDE):
        point = given.point * (1 + move)
        point = np.asarray(point.astype(given.dtype).astype(float))
        values = evaluate_steps(imported.program, point)
        if not all(np.all(values[k]) for k in imported.conditions):
            continue
        if (k := endless_step(imported.program, values)) is not None:
            raise CannotImport(
                f"a value that is NaN or infinite, of {imported.program.steps[k].operation},",
                imported.lines[k],
            )
        with library.settings(given.dtype):
            there = _numbers(flat(library.array(point, given.dtype)), library) if move else output
        scale = max(
            float(np.max(np.abs(v), where=np.isfinite(v), initial=0.0))
            for v in values
            if v.dtype != bool
        )
        near = values[-1].shape == there.shape and np.all(
            np.abs(values[-1] - there) <= ALIKE[given.dtype] * max(scale, 1e-300)
        )
        if not near:
            raise CannotImport(
                f"a function whose program has another value ({_first(values[-1])} for "
                f"{_first(there)}), and so"
            )


def _first(value: Array) -> str:
    return f"{value.reshape(-1)[0]:.10g}" if value.size else "nothing"


def _work(program: Program, point: Array) -> int:
    return sum(STEP + value.size for value in evaluate_steps(program, point)[1:])
