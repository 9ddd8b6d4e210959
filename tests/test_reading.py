"""Malformed cases: each is refused with one line that says which field is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generators.programs import MalformedCase, Program, Step
from generators.reading import is_defined, parse_case, read_case


def document(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "format": 1,
        "point": [1.0, 2.0],
        "word": "RR",
        "steps": [{"operation": "sum", "operands": [0], "params": {"axis": None, "keepdims": False}}],
    }
    return {**good, **changes}


def step(**changes: Any) -> dict[str, Any]:
    return {**document()["steps"][0], **changes}


BAD: dict[str, tuple[Any, str]] = {
    "a field is missing": ({k: v for k, v in document().items() if k != "word"}, "case: word is missing"),
    "a field too many": (document(extra=1), "case: 'extra' is not a field here"),
    "another format": (document(format=2), "format: 2 is not 1"),
    "a word": (document(word="RQ"), "word: 'RQ' must be"),
    "a word of another type": (document(word=3), "word: 3 must be"),
    "a ragged point": (document(point=[[1.0], [1.0, 2.0]]), "point: rows differ in length"),
    "a point of three axes": (document(point=[[[1.0]]]), "point: at most 2 axes"),
    "a point of text": (document(point="1.0"), "point: a number"),
    "a Boolean in a point": (document(point=[True]), "point: a number"),
    "steps that are no list": (document(steps={}), "steps: a list is needed"),
    "a step that is no object": (document(steps=[1]), r"steps\[0\]: an object is needed"),
    "an unknown operation": (document(steps=[step(operation="os.system")]), r"steps\[0\].operation: 'os.system'"),
    "operands of another type": (document(steps=[step(operands=["0"])]), r"steps\[0\].operands: a list of integers"),
    "an operand not yet there": (document(steps=[step(operands=[1])]), r"steps\[0\].operands: \[1\] must lie in 0..0"),
    "a negative operand": (document(steps=[step(operands=[-1])]), r"steps\[0\].operands: \[-1\] must lie"),
    "too many operands": (document(steps=[step(operands=[0, 0])]), r"steps\[0\].operands: sum takes 1, not 2"),
    "a parameter missing": (document(steps=[step(params={"axis": 0})]), r"steps\[0\].params: keepdims is missing"),
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
        document(point=1.0, steps=[{"operation": "broadcast_to", "operands": [0], "params": {"shape": [10**12]}}]),
        r"steps\[0\] \(broadcast_to\): more than 4096 entries",
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
    "an answer too large": (document(point=[1.0] * 3000, word="RR"), "word: RR asks for 9000000 numbers"),
    "a matrix too large": (
        document(point=[[1.0] * 20] * 20, steps=[{"operation": "det", "operands": [0]}]),
        "a matrix of at most 8 rows",
    ),
    "an unknown operator": (document(operator="curl"), "operator: 'curl' is not one of jacobian"),
    "an operator of another type": (document(operator=["hvp"]), "operator: .* is not one of"),
    "an operator for other functions": (
        document(operator="second_derivative"),
        "operator: second_derivative is not for vec_to_num in mode word RR",
    ),
    "an operator for other modes": (
        document(operator="pushforward", tangent=[1.0, 0.0]),
        "operator: pushforward is not for vec_to_num in mode word RR",
    ),
    "no tangent": (document(operator="hvp"), "tangent: it goes with pushforward and hvp"),
    "a tangent too many": (document(tangent=[1.0, 0.0]), "tangent: it goes with"),
    "a tangent of another shape": (document(operator="hvp", tangent=[1.0]), r"tangent: shape \(2,\) is needed"),
    "a cotangent of text": (document(operator="pullback", cotangent="1"), "cotangent: a number"),
    "another dtype": (document(dtype="float16"), "dtype: 'float16' is not one of"),
    "a number too fine for the dtype": (document(dtype="float32", point=[0.1, 0.0]), "dtype: a number of the case"),
    "an input that is not there": (document(wrt="01"), "wrt: '01' must have one digit from 0 to 0"),
    "too few digits": (document(wrt="0"), "wrt: '0' must have one digit"),
    "elsewhere of another shape": (document(elsewhere=1.0), r"elsewhere: shape \(2,\) is needed"),
    "arithmetic on truth values": (
        document(
            point=1.0,
            steps=[{"operation": "less", "operands": [0, 0]}, {"operation": "subtract", "operands": [1, 1]}],
        ),
        r"steps\[1\]",
    ),
    "logical operations on numbers": (
        document(point=1.0, steps=[{"operation": "logical_and", "operands": [0, 0]}]),
        r"steps\[0\] \(logical_and\): truth values are what",
    ),
    "a condition that is a number": (
        document(point=1.0, steps=[{"operation": "where", "operands": [0, 0, 0]}]),
        r"steps\[0\] \(where\): truth values are what",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed(name: str) -> None:
    bad, message = BAD[name]
    with pytest.raises(MalformedCase, match=message) as caught:
        parse_case(bad if isinstance(bad, str) else json.dumps(bad))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "[" * 100_000, '{"format": NaN}', "null", "3"])
def test_not_a_case_at_all(text: str) -> None:
    with pytest.raises(MalformedCase) as caught:
        parse_case(text)
    assert "\n" not in str(caught.value)


def test_files(tmp_path: Path) -> None:
    with pytest.raises(MalformedCase, match="No such file"):
        read_case(tmp_path / "none.json")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MalformedCase, match="not a text file"):
        read_case(binary)
    good = tmp_path / "good.json"
    good.write_text(json.dumps(document()))
    assert read_case(good).word == "RR"


@pytest.mark.parametrize("name", ["cholesky", "cholesky_inverse"])
def test_a_program_is_not_defined_where_a_matrix_is_not_positive_definite(name: str) -> None:
    program = Program((Step(name, (0,)),))
    assert is_defined(program, np.diag([1.0, 2.0]))
    assert not is_defined(program, np.diag([1.0, -2.0]))
    solved = Program((Step("cholesky_solve", (0, 0)),))
    assert not is_defined(solved, np.diag([1.0, -2.0]))
