"""Root causes as data: their ids, their files, and messages without what differs by chance."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from ad_conformance.conformance.triage.causes import Cause, MalformedCause, read_cause, shape
from ad_conformance.conformance.triage.failure_key import without_noise

CAUSE = Cause("torch", "wrong", ("FF", "RF"), ("pow[1]",), ("zero base",), (), "", "")


def test_a_cause_has_a_stable_id_a_name_and_data() -> None:
    assert (CAUSE.id, CAUSE.name) == ("1187f5444fa0", "torch-xF-wrong-pow.1-zero_base")
    assert (
        read_cause(
            tomllib.loads(f"cause = {json.dumps(CAUSE.document)}".replace('":', '" ='))["cause"], ""
        )
        == CAUSE
    )
    assert CAUSE.alike(replace(CAUSE, modes=("RF",)))
    assert not CAUSE.alike(replace(CAUSE, modes=("RR",)))
    assert not CAUSE.alike(replace(CAUSE, operations=("pow[0]",)))
    assert replace(CAUSE, modes=("RF",)).id != CAUSE.id
    assert [shape(modes) for modes in (("R", "F"), ("FF", "RF"), ("FR", "RF"), ("RRF",))] == [
        "x",
        "xF",
        "FR",
        "RRF",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"engine": "torch@2.13"},
            "engine: 'torch@2.13' is not the name of an engine without a release",
        ),
        ({"engine": 3}, "engine: Expected `str`"),
        ({"failure": "odd"}, "failure: 'odd' is not one of wrong, "),
        ({"failure": None}, "failure is missing"),
        ({"words": ["R", "FF"]}, "words: one or more modes of the same length are needed"),
        ({"words": []}, "words: one or more"),
        ({"operations": "det"}, "operations: Expected `array`"),
        ({"operations": ["dett"]}, "operations: 'dett' is not in the catalogue"),
        ({"features": ["odd"]}, "features: 'odd' is not one of "),
        ({"questions": ["odd"]}, "questions: 'odd' is not one of float32"),
        ({"colour": "red"}, "'colour' is not a field here"),
    ],
)
def test_a_malformed_cause_is_refused_in_one_line(change: dict[str, Any], said: str) -> None:
    document = {
        key: value for key, value in {**CAUSE.document, **change}.items() if value is not None
    }
    with pytest.raises(MalformedCause) as raised:
        read_cause(document, "buckets.toml: bucket 3")
    assert str(raised.value).startswith(f"buckets.toml: bucket 3: {said}")
    assert "\n" not in str(raised.value)
    with pytest.raises(MalformedCause, match="Expected `object`"):
        read_cause([], "buckets.toml")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "no rule at 0x7f31aa for %12 : tensor<2x3xf64>",
            "no rule at 0x8e for %arg0 : tensor<4xf64>",
        ),
        (
            "cannot reshape array of size 6 into shape (2,)",
            "cannot reshape array of size 12 into shape (2, 3)",
        ),
        (
            "select(): index 0 out of range for size [0]",
            "select(): index 0 out of range for size [0, 2]",
        ),
        ("in /tmp/tmpab12/x.py:3: no", "in /home/someone/y.py:12: no"),
        ("axis -2 is out of bounds", "axis 1 is out of bounds"),
        ("subscript 'a' twice", "subscript 'b' twice"),
        ("value jvp__3 is odd", "value jvp__12 is odd"),
    ],
)
def test_noise_is_removed_from_messages(one: str, other: str) -> None:
    assert without_noise(one) == without_noise(other)


def test_the_meaning_of_messages_stays() -> None:
    assert (
        without_noise("Traceback (most recent call last):\n  File x\nno rule for sin")
        == "no rule for sin"
    )
    assert without_noise("no rule for sin") != without_noise("no rule for cos")
    assert without_noise("expected float32") != without_noise("expected double")
