"""Read cases from JSON and check them against the catalogue before any other code sees them.

Two passes: msgspec checks shape, types and lengths of the document; this module checks what they
mean (operations, parameters, shapes, finite values).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import (
    MAX_ENTRIES,
    MAX_SIZE,
    MAX_TIMES,
    PARAMETER_TYPES,
)
from ad_conformance.generators.ir.evaluate import endless_step, evaluate_steps, is_single
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.generators.ir.json_io import converted, parsed
from ad_conformance.generators.ir.mode import MAX_LETTERS, NAMED, is_mode
from ad_conformance.generators.ir.nest import parse_nest
from ad_conformance.generators.ir.operator import KINDS, OPERATORS
from ad_conformance.generators.ir.program import (
    DEFAULTS,
    DTYPES,
    FORMAT,
    INPUTS,
    Case,
    MalformedCase,
    Program,
    Step,
    frozen,
)
from ad_conformance.generators.suggestion import did_you_mean

#: Most entries of an answer, and most steps of a program: far above what the generator draws.
MAX_ANSWER, MAX_STEPS = 2**16, 4096
#: The limit of a parameter type, for messages.
_LIMITS = {"int": f"; at most {MAX_SIZE}", "times": f"; at most {MAX_TIMES}"}
#: Operations of earlier releases, with the steps that do the same.
REMOVED = {
    **{
        f"masked_{name}": f"where(greater(x, threshold), {name}(x), 0.0)"
        for name in ("sqrt", "log", "reciprocal")
    },
    "taken_sqrt": "take of sqrt(x)",
    "sliced_log": "slice of log(x)",
    "root_at_least": "maximum(sqrt(square(x)), least)",
    "reciprocal_at_most": "minimum(reciprocal(square(x)), most)",
    "largest_root": "max of sqrt(square(x))",
}


class _StepDocument(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of a step in a file."""

    operation: str
    operands: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_SIZE)]
    params: dict[str, Any] = {}


class _CaseDocument(msgspec.Struct, forbid_unknown_fields=True, rename=file_key):
    """The shape of a case in a file. Arrays are checked by `_point`: they may be nested."""

    format: int
    point: Any
    steps: Annotated[tuple[_StepDocument, ...], msgspec.Meta(max_length=MAX_STEPS)]
    mode: str
    operator: str = DEFAULTS["operator"]
    tangent: Any = None
    cotangent: Any = None
    dtype: str = DEFAULTS["dtype"]
    warmup_point: Any = None
    wrt: str = DEFAULTS["wrt"]
    direction: Any = None
    names: int = DEFAULTS["names"]
    wrappers: str = ""


def read_case(path: Path) -> Case:
    """The case in a JSON file. Raises MalformedCase with the path and the field that is wrong."""
    try:
        return parse_case(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MalformedCase(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MalformedCase(f"{path}: not a text file in UTF-8") from None
    except ValueError as error:
        # The case is malformed, or the path has a null character.
        raise MalformedCase(f"{path}: {error}") from None


def parse_case(text: str) -> Case:
    """The case in a JSON text. Raises MalformedCase with the field that is wrong."""
    try:
        return _case(parsed(text))
    except RecursionError:
        raise MalformedCase("nested too deeply") from None
    except ValueError as error:
        raise MalformedCase(str(error)) from None


def _case(document: Any) -> Case:
    found = converted(document, _CaseDocument, "case")
    if found.format != FORMAT:
        raise MalformedCase(
            f"format: {found.format} is not {FORMAT}, the one that this release reads"
        )
    mode = found.mode
    if not is_mode(mode):
        raise MalformedCase(f"word: {mode!r} must be 1 to {MAX_LETTERS} {NAMED}")
    point = _point(found.point, "point")
    program = Program(tuple(_step(k, step) for k, step in enumerate(found.steps)))
    more = {field: getattr(found, field) for field in DEFAULTS}
    for field in ("tangent", "cotangent", "warmup_point", "direction"):
        if more[field] is not None:
            more[field] = _point(more[field], file_key(field))
    if more["wrappers"]:
        try:
            own, more["wrappers"] = parse_nest(found.wrappers)
        except ValueError as error:
            raise MalformedCase(f"nest: {error}") from None
        if own != mode:
            raise MalformedCase(f"nest: {found.wrappers} has the mode {own}, and word is {mode}")
    else:
        more["wrappers"] = DEFAULTS["wrappers"]
    case = Case(program, point, mode, **more)
    values = evaluate_steps(program, case.input)
    check_question(case, values[-1].shape)
    for k, step in enumerate(program.steps):
        truth_values = tuple(j for j, i in enumerate(step.operands) if values[i].dtype == bool)
        if truth_values != CATALOGUE[step.operation].truth_values:
            raise MalformedCase(
                f"steps[{k}] ({step.operation}): truth values are what logical operations and the "
                f"condition of where take, and nothing else"
            )
    if (endless := endless_step(program, values)) is not None:
        raise MalformedCase(
            f"steps[{endless}] ({program.steps[endless].operation}): not finite at the point, and "
            f"the output depends on it"
        )
    if values[-1].dtype == bool:
        raise MalformedCase("steps: the last one must give numbers, not truth values")
    value_ids = (0, *program.arguments)
    inputs = [values[value_ids[i]].size for i in case.inputs]
    # With a direction, engines give one product.
    counted = inputs if case.direction is None else inputs[-1:]
    if (numbers := math.prod((values[-1].size, *counted))) > MAX_ANSWER:
        raise MalformedCase(f"word: {mode} asks for {numbers} numbers, more than {MAX_ANSWER}")
    return case


def _seeded(seed: str) -> list[str]:
    """The operators that take this seed."""
    return [name for name, operator in OPERATORS.items() if operator.seed == seed]


def check_question(case: Case, output: tuple[int, ...]) -> None:
    """Raise MalformedCase if operator, dtype or inputs do not fit each other or the output.

    `output` is the shape of the program's output. The message names the field.
    """
    if case.operator not in OPERATORS:
        raise MalformedCase(f"operator: {case.operator!r} is not one of {', '.join(OPERATORS)}")
    if case.dtype not in DTYPES:
        raise MalformedCase(f"dtype: {case.dtype!r} is not one of {', '.join(DTYPES)}")
    if len(output) < len(KINDS) and case.operator != "jacobian":
        source, target = KINDS[case.input.ndim], KINDS[len(output)]
        if not case.asked.applies(case.mode, source, target):
            raise MalformedCase(
                f"operator: {case.operator} is not for {source}_to_{target} in mode {case.mode}"
            )
    for key, value, wanted, for_ in (
        ("tangent", case.tangent, case.input.shape, _seeded("tangent")),
        ("cotangent", case.cotangent, output, _seeded("cotangent")),
        ("elsewhere", case.warmup_point, case.input.shape, None),
        ("direction", case.direction, case.input.shape, None),
    ):
        if for_ is not None and (value is None) == (case.operator in for_):
            raise MalformedCase(f"{key}: it goes with {' and '.join(for_)}, and they with it")
        if value is not None and np.shape(value) != wanted:
            raise MalformedCase(f"{key}: shape {wanted} is needed, not {np.shape(value)}")
    if case.direction is not None and (case.wrt or case.order - case.asked.along != 1):
        raise MalformedCase(
            "direction: it goes with an answer that has the axes of the first input alone"
        )
    count = len(case.program.arguments)
    if count >= len(INPUTS):
        raise MalformedCase(f"steps: at most {len(INPUTS) - 1} further inputs, not {count}")
    if case.wrt and (len(case.wrt) != case.order or not set(case.wrt) <= set("0123"[: count + 1])):
        raise MalformedCase(
            f"wrt: {case.wrt!r} must have one digit from 0 to {count} for each letter of "
            f"{case.mode}"
        )
    if case.wrt and case.operator != "jacobian":
        raise MalformedCase(f"wrt: {case.operator} is asked by the first input only")
    if not 0 <= case.names <= MAX_TIMES:
        raise MalformedCase(f"names: {case.names} must be 0 to {MAX_TIMES}")
    if case.dtype == "float32" and not is_single(case):
        raise MalformedCase("dtype: a number of the case is not exact in float32")


def _point(document: Any, field: str) -> Any:
    point = _floats(document)
    if not PARAMETER_TYPES["array"](point):
        raise MalformedCase(
            f"{field}: a number, a list of numbers or a list of rows of numbers is needed"
        )
    try:
        array = np.asarray(point, dtype=float)
    except ValueError:
        raise MalformedCase(f"{field}: rows differ in length") from None
    if array.ndim > 2:
        raise MalformedCase(f"{field}: at most 2 axes, not {array.ndim}")
    if not np.all(np.isfinite(array)):
        raise MalformedCase(f"{field}: every number must be finite")
    if array.size > MAX_ENTRIES:
        raise MalformedCase(f"{field}: more than {MAX_ENTRIES} entries")
    return point


def _floats(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_floats(v) for v in value)
    if type(value) is int and abs(value) <= 2**53:
        return float(value)
    return value


def _step(k: int, document: _StepDocument) -> Step:
    where = f"steps[{k}]"
    name, count, given = document.operation, len(document.operands), document.params
    if name in REMOVED:
        raise MalformedCase(f"{where}.operation: {name!r} was removed; write {REMOVED[name]}")
    if name not in CATALOGUE:
        hint = did_you_mean(name, CATALOGUE)
        raise MalformedCase(f"{where}.operation: {name!r} is not in the catalogue{hint}")
    row = CATALOGUE[name]
    if count != row.arity if row.arity is not None else not count:
        wanted = "one or more" if row.arity is None else row.arity
        raise MalformedCase(f"{where}.operands: {name} takes {wanted}, not {count}")
    if missing := sorted(row.params.keys() - given.keys()):
        raise MalformedCase(f"{where}.params: {', '.join(missing)} is missing")
    if surplus := sorted(given.keys() - row.params.keys()):
        raise MalformedCase(
            f"{where}.params: {', '.join(map(repr, surplus))} is not a parameter of {name}"
        )
    params = []
    for key, wanted_type in sorted(row.params.items()):
        value = _floats(given[key]) if wanted_type == "array" else frozen(given[key])
        if not PARAMETER_TYPES[wanted_type](value):
            raise MalformedCase(
                f"{where}.params.{key}: {given[key]!r} is not of type "
                f"{wanted_type}{_LIMITS.get(wanted_type, '')}"
            )
        if type(value) is float and not math.isfinite(value):
            raise MalformedCase(f"{where}.params.{key}: must be finite")
        params.append((key, value))
    return Step(name, document.operands, tuple(params))


def valid(case: Case) -> Case | None:
    """The case as it would be read from a file, or None if it would be refused."""
    try:
        return parse_case(case.json)
    except (MalformedCase, ValueError):
        return None
