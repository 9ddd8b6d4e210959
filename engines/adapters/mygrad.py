"""MyGrad: first derivatives only. Its `backward` leaves NumPy arrays that do not know how they were
computed.
"""

from __future__ import annotations

from ad_conformance.engines.adapters.numpy_calls import lists, selected
from ad_conformance.engines.adapters.numpy_family import (
    ACTIVATIONS,
    BEFORE_NUMPY_2,
    LOOPS,
    NUMPY,
    TORCH,
    shared,
)
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.extra import complex_ops
from ad_conformance.generators.render.dialect import Dialect

HEADER = """\
import functools

import mygrad as mg
import mygrad.nnet
import numpy as np


def pullback(f, w=None):
    def derivative(x):
        t = mg.tensor(x)
        f(t).backward(w)
        return np.zeros_like(t.data) if t.grad is None else t.grad

    return derivative


def jacobian(f):
    def derivative(x):
        t = mg.tensor(x)
        shape = f(t).shape
        rows = np.eye(int(np.prod(shape)), dtype=t.dtype)
        entries = [pullback(f, row.reshape(shape))(x) for row in rows]
        return np.reshape(entries, shape + t.shape).astype(t.dtype)

    return derivative
"""


LACKING = (
    *(row.name for row in complex_ops.ROWS),
    *("round", "trunc", "floor", "ceil", "sign", "hypot", "remainder", "floor_divide", "copysign"),
    *("flip", "tril", "triu", "diag", "diagonal", "tensordot", "outer", "trace", "det", "inv"),
    *("solve", "matrix_norm", "sort"),
)

mygrad = Engine(
    name="mygrad",
    distribution="mygrad",
    module="mygrad",
    header=HEADER,
    dialect=Dialect(
        namespace="mg",
        array="mg.tensor({value}, constant=True)",
        single="mg.tensor({value}, dtype=np.float32, constant=True)",
        templates={
            **dict.fromkeys(LACKING),
            **shared(
                NUMPY,
                *(*BEFORE_NUMPY_2, "matrix_transpose", "vecdot", "vector_norm"),
                *("exp2", "cbrt", "sinc", "var", "std", "moveaxis", "squeeze"),
                *("masked_sum", "masked_prod"),
            ),
            "take": selected("{entries}", "{list}"),
            "repeat": lists("mg.repeat({0}, {repeats}, axis={axis})"),
            **shared(TORCH, "expit", "relu", "selu", "leaky_relu", "elu", namespace="mygrad.nnet"),
            **shared(ACTIVATIONS, "softsign", namespace="mygrad.nnet"),
            **shared(NUMPY, "softmax", namespace="mygrad.nnet"),
            "log_softmax": "mygrad.nnet.logsoftmax({0}, axis={axis})",
            **shared(LOOPS, "newton_sqrt", "logistic_map"),
        },
    ),
    mode_transforms={"R": "jacobian({f})"},
    operators={"gradient": "pullback({f})", "pullback": "pullback({f}, {w})"},
    modes="R",
)
