"""The lanes of batches: their points, and the answers there.

A wrapper such as `vmap` maps a function over a batch of points. If a batch is around the whole, the
script of the case gives the answers of all lanes, and each is judged at its own point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from ad_conformance.generators.ir.evaluate import is_defined, is_single
from ad_conformance.generators.ir.program import Case, Program, nested

if TYPE_CHECKING:
    from ad_conformance.engines.contract import Answer

#: The field of a template for the index of a lane: the lane at the input, or "..." for all lanes.
LANE = "{lane}"
#: Number of points beside the input.
COUNT = 2
#: For each wrapper that is a batch of several points, the point of each lane: the index of another
#: point, or -1 for the input.
LANES: Mapping[str, np.ndarray] = {
    "vmap": np.array([0, -1, 1]),
    "vmap_axes": np.array([0, -1, 1]),
    "vmap_twice": np.array([[0, -1], [0, 1]]),
}


def index_text(name: str, lane: int | None = None) -> str:
    """The index of a lane by its number, or of that at the input, as text; "" for a wrapper that is
    no batch of several points.
    """
    if name not in LANES:
        return ""
    which = LANES[name]
    number = int(np.argmin(which)) if lane is None else lane
    place = tuple(map(int, np.unravel_index(number, which.shape)))
    return repr(place if len(place) > 1 else place[0])


def pick(wrappers: Mapping[str, str], case: Case, lane: int | None = None) -> str:
    """The index of a lane of the batch around the whole, as text; "" if there is no such batch."""
    place = batch_around(wrappers, case)
    return "" if place is None else index_text(case.wrappers[case.order][place], lane)


def batch_around(wrappers: Mapping[str, str], case: Case) -> int | None:
    """The place of the outermost batch among the wrappers around the whole; None if there is none.

    `wrappers` are the templates of an engine. A batch without the field LANE does not count.
    """
    whole = case.wrappers[case.order] if case.order < len(case.wrappers) else ()
    places = [k for k, name in enumerate(whole) if name in LANES and LANE in wrappers.get(name, "")]
    return max(places, default=None)


def other_points(case: Case, i: int = 0) -> tuple[Any, ...]:
    """Other points of input `i`, at which the program is defined.

    They are as close as a warmup_point, so that operations stay inside their domains. If there are
    not enough of them, the point of the case takes their place.
    """
    value_ids = (0, *case.program.arguments)
    steps = case.program.steps
    at = case.point if i == 0 else steps[value_ids[i] - 1].arguments["value"]
    point = np.asarray(at, dtype=float)
    away = np.array([2.0**-9 * (2 * k + 3) for k in range(point.size)]).reshape(point.shape)
    near = [point + away, point - away, point + away / 2, point - away / 2]
    found = [other for other in near if _defined(case, value_ids[i], other)]
    return tuple(nested(other) for other in [*found, *[point] * COUNT][:COUNT])


def _defined(case: Case, value_id: int, point: np.ndarray) -> bool:
    """Whether the program is defined if the input with that value_id is `point`."""
    if value_id == 0:
        return is_defined(case.program, point)
    steps = list(case.program.steps)
    steps[value_id - 1] = replace(steps[value_id - 1], params=(("value", nested(point)),))
    return is_defined(Program(tuple(steps)), case.input)


def in_lanes(answer: Answer, wrappers: Mapping[str, str], case: Case) -> Answer:
    """The answer at the point of the case, with those of the other lanes, if the script gave all.

    An answer without the axes of the batch is returned as it is. A lane whose point an array of the
    case's dtype cannot hold is left out.
    """
    place = batch_around(wrappers, case)
    if place is None or answer.value is None:
        return answer
    which = LANES[case.wrappers[case.order][place]]
    if answer.value.shape[: which.ndim] != which.shape:
        return answer
    points = [*other_points(case), case.point]
    lanes = []
    for k, index in enumerate(which.reshape(-1).tolist()):
        of_lane = replace(case, point=points[index], wrappers=())
        value, second = (_lane(array, which, k) for array in (answer.value, answer.second))
        own = replace(answer, value=value, second=second, lane=k)
        if index == -1:
            judged = replace(own, lane=None)
        elif case.dtype == "float64" or is_single(of_lane):
            lanes.append((of_lane, own))
    return replace(judged, lanes=tuple(lanes))


def _lane(array: np.ndarray | None, which: np.ndarray, k: int) -> np.ndarray | None:
    return None if array is None else array[np.unravel_index(k, which.shape)]
