"""Reductions and scans along an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ad_conformance.generators.arithmetic import numpy_ops
from ad_conformance.generators.catalogue.operands import family
from ad_conformance.generators.catalogue.operation import Operation
from ad_conformance.generators.catalogue.row_forms import reduction

ROWS: Sequence[Operation] = (
    reduction("sum", np.sum, family("reduction"), exact=True, curvature="linear"),
    # Its derivative is the product divided by one of the factors, unless one is zero.
    reduction(
        "prod",
        np.prod,
        family("reduction", aim="zeros"),
        exact=True,
        weight=2,
        terms=np.prod,
    ),
    reduction("mean", numpy_ops.mean, family("reduction", nonempty=True), curvature="linear"),
    reduction(
        "max",
        numpy_ops.reduce_pairwise(numpy_ops.maximum, np.maximum),
        family("reduction", nonempty=True, aim="tie"),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    reduction(
        "min",
        numpy_ops.reduce_pairwise(numpy_ops.minimum, np.minimum),
        family("reduction", nonempty=True, aim="tie"),
        exact=True,
        curvature="linear",
        weight=2,
    ),
    Operation(
        name="cumulative_sum",
        curvature="linear",
        evaluate=lambda x, *, axis: np.cumsum(x, axis=axis),
        template="xp.cumulative_sum({0}, axis={axis})",
        operands=family("along_axis"),
        params={"axis": "int"},
        exact=True,
    ),
    Operation(
        name="cumulative_prod",
        weight=2,
        evaluate=lambda x, *, axis: np.cumprod(x, axis=axis),
        template="xp.cumulative_prod({0}, axis={axis})",
        operands=family("along_axis", aim="zeros"),
        params={"axis": "int"},
        exact=True,
        terms=np.cumprod,
    ),
)
