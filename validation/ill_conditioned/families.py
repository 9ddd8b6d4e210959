"""All families of ill-conditioned programs."""

from __future__ import annotations

from validation.ill_conditioned import arrays, functions, matrices, numbers

FAMILIES = (*numbers.FAMILIES, *functions.FAMILIES, *matrices.FAMILIES, *arrays.FAMILIES)
