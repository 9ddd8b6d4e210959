"""What adapters share: templates by name, and templates that depend on shapes and parameters."""

from __future__ import annotations

import re

import pytest
from ad_conformance.engines import registry
from ad_conformance.engines.adapters import numpy_calls as calls
from ad_conformance.engines.adapters.numpy_family import (
    ACTIVATIONS,
    BEFORE_NUMPY_2,
    LOOPS,
    NUMPY,
    TORCH,
    called,
    complex_detours,
    decompositions,
    derivatives,
    shared,
)
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.catalogue.operation import Call, Template
from ad_conformance.generators.render.dialect import UnsupportedOperation

TABLES = (NUMPY, TORCH, ACTIVATIONS, LOOPS)
#: An engine of each adapter for a library like NumPy.
FAMILY = (
    *("jax", "torch", "autograd", "tensorflow", "sympy", "pytensor", "paddle", "mlx", "tinygrad"),
    "mygrad",
)


def call(*shapes: tuple[int, ...], **params: object) -> Call:
    return Call(tuple("abc"[: len(shapes)]), params, shapes)


def text(template: Template, of: Call) -> str:
    return calls.text_of(template, of)


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_templates_of_operations_of_the_catalogue(table: dict[str, str]) -> None:
    for operation, template in table.items():
        row = CATALOGUE[operation]
        template.format(*["v"] * (row.arity or 1), args="v", **row.params)


def test_named_groups_are_operations_of_the_numpy_table() -> None:
    assert set(BEFORE_NUMPY_2) <= set(NUMPY)


def test_shared_templates_take_the_names_of_the_engine() -> None:
    assert shared(NUMPY, "tile", "cumulative_sum") == {
        "tile": "xp.tile({0}, {repetitions})",
        "cumulative_sum": "xp.cumsum({0}, axis={axis})",
    }
    found = shared(NUMPY, "nanmean", namespace="lib", axis="dim", keepdims="keepdim")
    assert found == {"nanmean": "lib.nanmean({0}, dim={axis}, keepdim={keepdims})"}


def test_an_operation_that_a_table_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="relu"):
        shared(NUMPY, "relu")


def test_a_called_function_takes_the_operands_and_nothing_else() -> None:
    assert called("lib.special", "xlogy") == {"xlogy": "lib.special.xlogy({args})"}


@pytest.mark.parametrize("name", FAMILY)
def test_an_adapter_takes_from_the_tables_what_they_have(name: str) -> None:
    dialect = registry.find(name).dialect
    for operation, template in dialect.templates.items():
        if not isinstance(template, str):
            continue
        general = re.sub(rf"(?<![\w.]){re.escape(dialect.namespace)}\.", "xp.", template)
        # A template from a table has xp already, unless it is asked for in another namespace.
        if general != template:
            assert general not in [table.get(operation) for table in TABLES]


def test_decompositions_are_written_with_the_transpose_of_the_engine() -> None:
    found = decompositions("cholesky", "column_projection", transpose="{0}.mT", linalg="lib.linalg")
    assert found == {
        "cholesky": "lib.linalg.cholesky(({0} + {0}.mT) / 2)",
        "column_projection": (
            "(lambda u, s, vh: u @ u.mT)(*lib.linalg.svd({0}, full_matrices=False))"
        ),
    }


def test_complex_detours_make_complex_numbers_of_pairs_of_operands() -> None:
    found = complex_detours(make="lib.complex", functions="lib")
    assert found["complex_product"] == "lib.real(lib.complex({0}, {1}) * lib.complex({2}, {3}))"


def test_derivatives_inside_a_program_nest_the_first_derivative() -> None:
    found = derivatives(first="grad(lambda t: {body})", second="grad({first})")
    asked = call((2,), (2,), body="sine", rate=0.5, count=3)
    first = text(found["inner_derivative"], asked)
    assert first.startswith("grad(lambda t: ")
    assert first.endswith(")(a)")
    assert text(found["inner_second_derivative"], asked).startswith("grad(grad(lambda t: ")
    assert "q - 0.5 * grad(lambda t: " in text(found["descent"], asked)
    assert "inner_pushforward" not in found


def test_a_derivative_with_an_empty_template_is_left_out() -> None:
    assert set(derivatives("d({body})", "d({first})", descent="")) == {
        "inner_derivative",
        "inner_second_derivative",
    }


def test_indices_are_counted_from_0_and_so_is_the_axis() -> None:
    asked = call((2, 3), indices=(-1, 0), axis=-1)
    assert calls.indices_from_0(asked) == [2, 0]
    write = calls.indexed("take({0}, {indices}, {axis}, {axis_from_0})", "array({list})")
    assert write(asked) == "take(a, array([2, 0]), -1, 1)"


def test_entries_are_selected_by_a_subscript_at_the_axis() -> None:
    asked = call((2, 3), (2, 1), indices=(1,), axis=1)
    assert calls.selected("{entries}", "{list}")(asked) == "a[:, [1]]"
    assert calls.selected("{entries}.set({1})", "{list}", ".at")(asked) == "a.at[:, [1]].set(b)"


def test_a_column_solver_makes_a_column_of_a_vector() -> None:
    write = calls.column_solver("solve({0}, {1})")
    assert write(call((2, 2), (2, 3))) == "solve(a, b)"
    assert write(call((2, 2), (2,))) == "solve(a, b[:, None])[:, 0]"


def test_a_triangular_solver_knows_both_names_of_a_triangle() -> None:
    asked = call((2, 2), (2,), upper=True, unit_diagonal=False, transpose=True)
    write = calls.solver("solve({0}, {1}, lower={lower}, trans={trans}, b_ndim={b_ndim})")
    assert write(asked) == "solve(a, b, lower=False, trans=1, b_ndim=1)"


@pytest.mark.parametrize(("repeats", "count"), [((2,), "2"), ((2, 0), "array([2, 0])")])
def test_repeats_are_one_number_or_one_for_each_entry(repeats: tuple[int, ...], count: str) -> None:
    write = calls.repeat("repeat({0}, {count}, {axis})", "array({list})")
    assert write(call((2,), repeats=repeats, axis=0)) == f"repeat(a, {count}, 0)"


def test_a_descending_sort_flips_the_ascending_one() -> None:
    write = calls.ascending_sort("sort({0}, axis={axis})", "flip({sorted}, {axis})")
    assert write(call((2,), axis=0, descending=False)) == "sort(a, axis=0)"
    assert write(call((2,), axis=0, descending=True)) == "flip(sort(a, axis=0), 0)"


def test_orders_of_norms_without_a_literal_are_written_as_floats() -> None:
    write = calls.norm("norm({0}, {ord})")
    assert write(call((2,), ord="inf")) == "norm(a, float('inf'))"
    assert write(call((2, 2), ord="nuc")) == "norm(a, 'nuc')"


def test_tuples_are_written_as_lists() -> None:
    assert calls.lists("reshape({0}, {shape})")(call((4,), shape=(2, 2))) == "reshape(a, [2, 2])"


def test_a_refused_call_is_unsupported_with_a_reason() -> None:
    write = calls.unless(lambda asked: asked.params["n"] == 0, "no difference", "diff({0}, {n})")
    assert write(call((2,), n=1)) == "diff(a, 1)"
    with pytest.raises(UnsupportedOperation, match=r"^no difference$"):
        write(call((2,), n=0))
