"""Malformed cases: each is refused with one line that says which field is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ad_conformance.generators.ir.case_io import parse_case, read_case
from ad_conformance.generators.ir.evaluate import is_defined
from ad_conformance.generators.ir.program import MalformedCase, Program, Step


def document(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "format": 1,
        "point": [1.0, 2.0],
        "word": "RR",
        "steps": [
            {"operation": "sum", "operands": [0], "params": {"axis": None, "keepdims": False}}
        ],
    }
    return {**good, **changes}


def step(**changes: Any) -> dict[str, Any]:
    return {**document()["steps"][0], **changes}


BAD: dict[str, tuple[Any, str]] = {
    "a field is missing": (
        {k: v for k, v in document().items() if k != "word"},
        "case: word is missing",
    ),
    "a field too many": (document(extra=1), "case: 'extra' is not a field here"),
    "another format": (document(format=2), "format: 2 is not 1"),
    "a word": (document(word="RQ"), "word: 'RQ' must be"),
    "a word of another type": (document(word=3), "word: .*got `int`"),
    "a ragged point": (document(point=[[1.0], [1.0, 2.0]]), "point: rows differ in length"),
    "a point of three axes": (document(point=[[[1.0]]]), "point: at most 2 axes"),
    "a point of text": (document(point="1.0"), "point: a number"),
    "a Boolean in a point": (document(point=[True]), "point: a number"),
    "steps that are no list": (document(steps={}), "steps: .*got `object`"),
    "a step that is no object": (document(steps=[1]), r"steps\[0\]: .*got `int`"),
    "an unknown operation": (
        document(steps=[step(operation="os.system")]),
        r"steps\[0\].operation: 'os.system'",
    ),
    "operands of another type": (
        document(steps=[step(operands=["0"])]),
        r"steps\[0\].operands\[0\]: .*got `str`",
    ),
    "an operand not yet there": (
        document(steps=[step(operands=[1])]),
        r"steps\[0\].operands: \[1\] must lie in 0..0",
    ),
    "a negative operand": (
        document(steps=[step(operands=[-1])]),
        r"steps\[0\].operands: \[-1\] must lie",
    ),
    "too many operands": (
        document(steps=[step(operands=[0, 0])]),
        r"steps\[0\].operands: sum takes 1, not 2",
    ),
    "a parameter missing": (
        document(steps=[step(params={"axis": 0})]),
        r"steps\[0\].params: keepdims is missing",
    ),
    "an attribute of another type": (
        document(steps=[step(params={"axis": "0; import os", "keepdims": False})]),
        r"steps\[0\].params.axis: '0; import os' is not of type axis",
    ),
    "a Boolean for an integer": (
        document(steps=[step(params={"axis": True, "keepdims": False})]),
        r"steps\[0\].params.axis: True is not of type axis",
    ),
    "a shape that does not fit": (
        document(steps=[{"operation": "reshape", "operands": [0], "params": {"shape": [3]}}]),
        r"steps\[0\] \(reshape of \(2,\)\): cannot reshape",
    ),
    "an axis that is not there": (
        document(steps=[step(params={"axis": 2, "keepdims": False})]),
        r"steps\[0\] \(sum of \(2,\)\): axis 2",
    ),
    "an axis of a number": (
        document(point=1.0, steps=[step(operation="min", params={"axis": 0, "keepdims": False})]),
        r"steps\[0\] \(min of \(\)\): a number has no axis 0",
    ),
    "a point outside the domain": (
        document(point=[0.0, 1.0], steps=[{"operation": "log", "operands": [0]}]),
        r"steps\[0\] \(log\): not finite at the point",
    ),
    "a huge shape": (
        document(
            point=1.0,
            steps=[{"operation": "broadcast_to", "operands": [0], "params": {"shape": [10**12]}}],
        ),
        r"steps\[0\] \(broadcast_to\): more than 65536 entries",
    ),
    "an output of truth values": (
        document(point=1.0, steps=[{"operation": "less", "operands": [0, 0]}]),
        "steps: the last one must give numbers",
    ),
    "a point that is not finite": (
        '{"format":1,"point":1e400,"steps":[],"word":"R"}',
        "point: every number must be finite",
    ),
    "an integer of 5000 digits": ('{"format":' + "1" * 5000 + "}", "not JSON"),
    "a point nested 700 deep": (
        '{"format":1,"steps":[],"word":"R","point":' + "[" * 700 + "]" * 700 + "}",
        "point|nested",
    ),
    "a key of two lines": (document(**{"a\nb": 1}), "is not a field here"),
    "an answer too large": (
        document(point=[1.0] * 3000, word="RR"),
        "word: RR asks for 9000000 numbers",
    ),
    "a matrix too large": (
        document(point=[[1.0] * 65] * 65, steps=[{"operation": "det", "operands": [0]}]),
        "a matrix of at most 64 rows",
    ),
    "an unknown operator": (document(operator="curl"), "operator: 'curl' is not one of jacobian"),
    "an operator of another type": (document(operator=["hvp"]), "operator: .*got `array`"),
    "an operator for other functions": (
        document(operator="second_derivative"),
        "operator: second_derivative is not for vec_to_num in mode RR",
    ),
    "an operator for other modes": (
        document(operator="pushforward", tangent=[1.0, 0.0]),
        "operator: pushforward is not for vec_to_num in mode RR",
    ),
    "no tangent": (document(operator="hvp"), "tangent: it goes with pushforward and hvp"),
    "a tangent too many": (document(tangent=[1.0, 0.0]), "tangent: it goes with"),
    "a tangent of another shape": (
        document(operator="hvp", tangent=[1.0]),
        r"tangent: shape \(2,\) is needed",
    ),
    "a cotangent of text": (document(operator="pullback", cotangent="1"), "cotangent: a number"),
    "another dtype": (document(dtype="float16"), "dtype: 'float16' is not one of"),
    "a number too fine for the dtype": (
        document(dtype="float32", point=[0.1, 0.0]),
        "dtype: a number of the case",
    ),
    "an input that is not there": (document(wrt="01"), "wrt: '01' must have one digit from 0 to 0"),
    "too few digits": (document(wrt="0"), "wrt: '0' must have one digit"),
    "elsewhere of another shape": (
        document(elsewhere=1.0),
        r"elsewhere: shape \(2,\) is needed",
    ),
    "arithmetic on truth values": (
        document(
            point=1.0,
            steps=[
                {"operation": "less", "operands": [0, 0]},
                {"operation": "subtract", "operands": [1, 1]},
            ],
        ),
        r"steps\[1\]",
    ),
    "logical operations on numbers": (
        document(point=1.0, steps=[{"operation": "logical_and", "operands": [0, 0]}]),
        r"steps\[0\] \(logical_and\): truth values are what",
    ),
    "so many times": (
        document(
            point=1.0,
            steps=[{"operation": "newton_sqrt", "operands": [0], "params": {"count": 10**12}}],
        ),
        r"steps\[0\].params.count: 1000000000000 is not of type times; at most 64",
    ),
    "differences of differences": (
        document(
            steps=[{"operation": "diff", "operands": [0], "params": {"n": 10**12, "axis": 0}}]
        ),
        r"steps\[0\].params.n: ",
    ),
    "a step of descent too many": (
        document(
            steps=[
                {
                    "operation": "descent",
                    "operands": [0, 0],
                    "params": {"count": 65, "rate": 0.5, "body": "sine"},
                }
            ]
        ),
        r"steps\[0\].params.count: ",
    ),
    "axes of a product": (
        document(
            steps=[{"operation": "tensordot", "operands": [0, 0], "params": {"axes": 10**12}}]
        ),
        r"steps\[0\].params.axes: .* at most 4096",
    ),
    "repetitions": (
        document(
            steps=[{"operation": "tile", "operands": [0], "params": {"repetitions": [10**9]}}]
        ),
        r"steps\[0\].params.repetitions: ",
    ),
    "repetitions along many axes": (
        document(
            steps=[{"operation": "tile", "operands": [0], "params": {"repetitions": [64] * 5}}]
        ),
        r"steps\[0\].params.repetitions: ",
    ),
    "wide margins": (
        document(
            steps=[{"operation": "pad_edge", "operands": [0], "params": {"widths": [10**9, 0]}}]
        ),
        r"steps\[0\].params.widths: ",
    ),
    "a diagonal far off": (
        document(steps=[{"operation": "diag_embed", "operands": [0], "params": {"offset": 10**5}}]),
        r"steps\[0\].params.offset: ",
    ),
    "no index": (
        document(
            point=1.0, steps=[{"operation": "index", "operands": [0], "params": {"index": []}}]
        ),
        r"steps\[0\].params.index: \[\] is not of type some ints",
    ),
    "an empty value of endless axes": (
        document(
            steps=[
                {
                    "operation": "slice",
                    "operands": [0],
                    "params": {"axis": 0, "start": 0, "stop": 0, "step": 1},
                },
                {"operation": "reshape", "operands": [1], "params": {"shape": [0, 10**9]}},
            ]
        ),
        r"steps\[1\] \(reshape\): more than 65536 entries",
    ),
    "a sum over too much": (
        document(
            point=[1.0] * 4096,
            steps=[
                {"operation": "einsum", "operands": [0] * 4, "params": {"subscripts": "a,b,c,d->"}}
            ],
        ),
        r"steps\[0\] \(einsum .* too large a sum",
    ),
    "operands that are spread out": (
        document(
            point=[1.0] * 4096,
            steps=[
                {"operation": "reshape", "operands": [0], "params": {"shape": [4096, 1, 1]}},
                {"operation": "reshape", "operands": [0], "params": {"shape": [4096, 1]}},
                {"operation": "less", "operands": [1, 1]},
                {"operation": "where", "operands": [3, 0, 2]},
            ],
        ),
        r"steps\[3\] \(where of .*: too large together",
    ),
    "steps without end": (document(steps=[step()] * 4097), "steps: .* of length <= 4096"),
    "values without end": (
        document(point=[1.0] * 4096, steps=[{"operation": "sin", "operands": [0]}] * 4000),
        r"steps\[1023\] \(sin\): more than 4194304 entries in all",
    ),
    "operands without end": (
        document(steps=[{"operation": "concat", "operands": [0] * 10**5, "params": {"axis": 0}}]),
        r"steps\[0\].operands: .* of length <= 4096",
    ),
    "half a character": (document(dtype="\ud800"), "half a character"),
    "a number too large for the dtype": (
        document(dtype="float32", point=[1e308, 0.0]),
        "dtype: a number of the case",
    ),
    "a condition that is a number": (
        document(point=1.0, steps=[{"operation": "where", "operands": [0, 0, 0]}]),
        r"steps\[0\] \(where\): truth values are what",
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", BAD)
def test_malformed_case_is_refused_with_its_field(name: str) -> None:
    bad, message = BAD[name]
    with pytest.raises(MalformedCase, match=message) as caught:
        parse_case(bad if isinstance(bad, str) else json.dumps(bad))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "[" * 100_000, '{"format": NaN}', "null", "3"])
def test_not_a_case_at_all(text: str) -> None:
    with pytest.raises(MalformedCase) as caught:
        parse_case(text)
    assert "\n" not in str(caught.value)


def test_case_files_are_read_and_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(MalformedCase, match="No such file"):
        read_case(tmp_path / "none.json")
    with pytest.raises(MalformedCase, match="null"):
        read_case(tmp_path / "\0")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MalformedCase, match="not a text file"):
        read_case(binary)
    good = tmp_path / "good.json"
    good.write_text(json.dumps(document()))
    assert read_case(good).mode == "RR"


@pytest.mark.parametrize("name", ["cholesky", "cholesky_inverse"])
def test_a_program_is_not_defined_where_a_matrix_is_not_positive_definite(name: str) -> None:
    program = Program((Step(name, (0,)),))
    assert is_defined(program, np.diag([1.0, 2.0]))
    assert not is_defined(program, np.diag([1.0, -2.0]))
    solved = Program((Step("cholesky_solve", (0, 0)),))
    assert not is_defined(solved, np.diag([1.0, -2.0]))
