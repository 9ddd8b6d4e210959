"""What the parameters of operations mean: their types in JSON, and their names."""

from __future__ import annotations

from collections.abc import Mapping

from ad_conformance.generators.catalogue.extra.linear.parameters import MEANINGS as LINEAR
from ad_conformance.generators.catalogue.operation import MAX_SIZE, MAX_TIMES

#: What a value of each of PARAMETER_TYPES is in JSON.
TYPES: Mapping[str, str] = {
    "int": f"an integer, at most {MAX_SIZE} in magnitude",
    "times": f"an integer, at most {MAX_TIMES} in magnitude",
    "bool": "true or false",
    "float": "a number with a decimal point, such as 2.0",
    "name": "one of the names that the operation knows",
    "axis": "an integer, or null for all axes",
    "ints": "a list of integers",
    "some ints": "a list of one or more integers",
    "list of times": f"a list of integers, each at most {MAX_TIMES} in magnitude",
    "growth": f"a list of integers; the product of all 1 + |n| is at most {MAX_SIZE}",
    "order": 'a number with a decimal point, or "inf", "-inf" or "nuc"',
    "subscripts": 'letters a to h for the axes of up to four operands, such as "ab,bc->ac"',
    "indices": "an integer, or nested lists of integers",
    "array": "a number, or nested lists of numbers, with integers or decimal points",
}

_REDUCTION = '"none", "mean" or "sum"'
#: What a parameter means, by its name; by "operation.name" where it means something else.
MEANINGS: Mapping[str, str] = {
    "alpha": "the negative limit of the function",
    "axes": "the order of the axes",
    "axis": "the axis, counted from 0, or from -1 backwards",
    "b": "the constant under the root",
    "beta": "where the quadratic part ends",
    "body": 'the function to differentiate: "product", "shifted", "sine", "cubic", "growth" or '
    '"quotient"',
    "causal": "whether a row sees only the keys up to its own index",
    "columns": "the number of columns",
    "correction": "is subtracted from the number of entries",
    "count": "the number of steps",
    "decay": "the factor of the previous result",
    "delta": "where the quadratic part ends",
    "descending": "whether the largest entry comes first",
    "destination": "the new index of the axis",
    "dilation": "the distance of the entries that neighbouring entries of the kernel meet",
    "eps": "is added so that nothing is divided by zero",
    "exponent": "the exponent",
    "groups": "the number of groups of channels",
    "heights": "the values at the knots",
    "increasing": "whether the powers increase",
    "index": "the index for each of the first axes",
    "indices": "the indices along the axis",
    "k": "the diagonal, above the main one if positive",
    "keepdims": "whether reduced axes stay, with length 1",
    "knots": "where the function bends; they increase",
    "labels": "the class of each row",
    "lambd": "half of the width of the interval with the value 0",
    "log_input": "whether x is the logarithm of the rate",
    "max": "the upper bound",
    "min": "the lower bound",
    "mode": '"full", "same" or "valid"',
    "n": "how often",
    "norm": 'the scale: "backward", "ortho" or "forward"',
    "offset": "the diagonal, above the main one if positive",
    "ord": "the order of the norm",
    "p": "the order of the norm",
    "padding": "the number of zeros on both sides of the signal",
    "q": "the fractions, from 0.0 to 1.0",
    "rate": "the rate",
    "reduction": f"{_REDUCTION} of the entries",
    "repeats": "how often each part is repeated",
    "repetitions": "how often each axis is repeated",
    "s": "the exponent",
    "scale": "the factor of the scores",
    "sections": "the number of parts",
    "shape": "the new shape; -1 for the length that fits",
    "shift": "by how many entries",
    "size": "the length of a window",
    "slope": "the factor of negative entries",
    "smoothing": "the share that all classes get",
    "source": "the index of the axis",
    "start": "the first index",
    "step": "the distance of two indices",
    "stop": "the index after the last one",
    "stride": "the distance of two windows",
    "subscripts": "as in numpy.einsum",
    "threshold": "the threshold",
    "transpose": "whether the triangle is transposed",
    "unit_diagonal": "whether the diagonal counts as ones",
    "upper": "whether the upper triangle is taken",
    "which": "the index of the part",
    "widths": "pairs (before, after), those of the last axis first",
    "window": "the length of a window",
    "tensordot.axes": "the number of axes that are summed over",
    "broadcast_to.shape": "the new shape",
    "constant.value": "its value: a number, a vector or a matrix",
    "argument.value": "its value at the point: a number, a vector or a matrix",
    "kth_value.k": "which entry, counted from 1 for the smallest",
    "matrix_power.n": "the exponent",
    "pad_constant.value": "the value of the new entries",
    "polygamma.n": "the order",
    "quantile.axis": "the axis that is sorted",
    "rot90.k": "how often",
    "roll_axes.axis": "the axes",
    "roll_axes.shift": "by how many entries, for each axis",
    "top_k.k": "the number of entries",
    "unfold.step": "the distance of two windows",
    **LINEAR,
}


def meaning(operation: str, name: str) -> str:
    """What the parameter of that name means for an operation. Raises KeyError if nobody said."""
    return MEANINGS.get(f"{operation}.{name}") or MEANINGS[name]
