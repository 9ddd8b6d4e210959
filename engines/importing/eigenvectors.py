"""Eigenvectors of symmetric matrices, as steps of a recorder."""

from __future__ import annotations

from typing import Any

import numpy as np
from ad_conformance.engines.importing.recorder import Recorder


def eigenvectors(recorder: Recorder, matrix: Any, values: Any, theirs: np.ndarray) -> Any:
    """The eigenvectors of a symmetric matrix (n, n), as rows. `values` are the eigenvalues (k,),
    and `theirs` (k, n) are the vectors of the library at the point, as rows.

    With one entry of a vector set to 1, the others solve a system that is regular if the eigenvalue
    is simple; then the vector gets length 1 and the sign of the library's. The entry is the largest
    one of the library's vector.
    """
    n, count = matrix.shape[-1], len(theirs)
    if n == 1:
        return recorder.value(np.sign(theirs))
    largest = np.argmax(np.abs(theirs), axis=1)
    rest = np.array([[i for i in range(n) if i != j] for j in largest])
    grid = np.arange(n * n).reshape(n, n)
    minors = recorder.moved(matrix, grid[rest[:, :, None], rest[:, None, :]])
    right = recorder.moved(matrix, grid[rest, largest[:, None]][..., None])
    shifts = recorder.multiply(recorder.shaped(values, (count, 1, 1)), np.eye(n - 1))
    solved = recorder.solve_stack(recorder.subtract(shifts, minors), right, left=True)
    joined = recorder.concat(recorder.shaped(solved, (count * (n - 1),)), np.ones(1), axis=0)
    places = np.full((count, n), count * (n - 1))
    places[np.arange(count)[:, None], rest] = np.arange(count * (n - 1)).reshape(count, n - 1)
    raw = recorder.moved(joined, places)
    signs = np.sign(theirs[np.arange(count), largest])[:, None]
    length = recorder.shaped(recorder.vector_norm(raw, axis=1), (count, 1))
    return recorder.divide(recorder.multiply(raw, signs), length)
