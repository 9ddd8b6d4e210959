"""The command `check`: a file of the user, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ad_conformance.reports.cli.commands import app
from typer.testing import CliRunner, Result

pytest.importorskip("autograd")

FILE = """\
import os
import time

import autograd.numpy as np
import numpy
from autograd.extend import defvjp, primitive

side_effects = []


def loss(x, scale=1.0):
    return np.sum(np.sin(x) ** 2) * scale


@primitive
def sine(x):
    return numpy.sin(x)


defvjp(sine, lambda ans, x: lambda g: g * numpy.cos(getattr(x, "_value", x)))


def wrong(x):
    return np.sum(sine(x))


@primitive
def deadly(x):
    return x * 2.0


def kill(ans, x):
    def vjp(g):
        if side_effects:
            os.abort()
        return g * 2.0

    return vjp


defvjp(deadly, kill)


def kills(x):
    side_effects.append(1)
    return np.sum(deadly(x))


def keeps_state(x):
    side_effects.append(1)
    return np.sum(x) * len(side_effects)


def random(x):
    return np.sum(x) * numpy.random.rand()


def hangs(x):
    time.sleep(60)
    return x


def raises(x):
    return np.linalg.inv(np.zeros((2, 2)))[0] * x
"""

#: The rule for a batch ends the process.
BATCH = """\
import os

import torch


class Deadly(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.sin(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * torch.cos(ctx.saved_tensors[0])

    @staticmethod
    def vmap(info, in_dims, x):
        os.abort()


def kills(x):
    return torch.sum(Deadly.apply(x))
"""
#: Certification takes longer than the process may.
SLOW = """\
import time

import autograd.numpy as np
from ad_conformance.conformance import pool
from ad_conformance.conformance.functions import check


def certify(case):
    time.sleep(60)


check.truth_of = certify


def slow(x):
    return np.sum(np.sin(x))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "model.py").write_text(FILE)
    (tmp_path / "broken.py").write_text("import numpy\n\nx = 1 / 0\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_right_function_gives_a_table(folder: Path) -> None:
    result = run("model.py:loss", "--at", "[1, 2]", "--engine", "autograd", "--wrt", "x")
    assert result.exit_code == 0, result.output
    assert "loss by x (2,)" in result.output
    assert result.output.count(" agree ") == 6


def test_arguments_come_from_files(folder: Path) -> None:
    (folder / "x.json").write_text("[1.0, 2.0]")
    np.save(folder / "s.npy", np.array(2.0))
    np.savez(folder / "named.npz", x=np.array([1.0, 2.0]), scale=np.array(3.0))
    two = run("model.py:loss", "--at", "x.json", "--at", "s.npy", "--engine", "autograd",
              "--modes", "R")  # fmt: skip
    named = run("model.py:loss", "--at", "named.npz", "--wrt", "x,scale", "--engine", "autograd",
                "--modes", "R")  # fmt: skip
    for result in (two, named):
        assert result.exit_code == 0, result.output
        assert "loss by x (2,), scale" in result.output


def test_finding_is_saved_and_can_be_asked_again(folder: Path) -> None:
    result = run("model.py:wrong", "--at", "[1, 2]", "--engine", "autograd", "--modes", "R,RR",
                 "--save", "out")  # fmt: skip
    assert result.exit_code == 1, result.output
    (case,) = (folder / "out").iterdir()
    assert case.name.startswith("autograd-RR-")
    # The engine is right on the program: the rule of the function is what is wrong.
    again = CliRunner().invoke(
        app, ["replay", str(case), "--engine", "inhouse", "--modes", "R,RR,FF"]
    )
    assert again.exit_code == 0, again.output
    assert again.output.count(" digits") == 3


def test_markdown_is_printed(folder: Path) -> None:
    result = run("model.py:wrong", "--at", "1", "--engine", "autograd", "--modes", "RR",
                 "--markdown")  # fmt: skip
    assert "| autograd | RR | wrong |" in result.output


def test_engine_that_kills_the_process_is_a_row(folder: Path) -> None:
    result = run("model.py:kills", "--at", "[1, 2]", "--engine", "autograd,inhouse",
                 "--modes", "R,RR")  # fmt: skip
    assert result.exit_code == 1, result.output
    rows = [line.split()[:3] for line in result.output.splitlines() if " crash" in line]
    assert rows == [["autograd", "R", "crash"], ["autograd", "RR", "crash"]]
    assert result.output.count(" agree ") == 2


@pytest.mark.slow
def test_engine_that_kills_the_process_under_vmap_is_a_row(folder: Path) -> None:
    pytest.importorskip("torch")
    (folder / "batch.py").write_text(BATCH)
    result = run("batch.py:kills", "--at", "[1, 2]", "--engine", "torch", "--modes", "R", "--vmap")
    assert result.exit_code == 1, result.output
    rows = [line.split()[:4] for line in result.output.splitlines() if line.startswith("torch  ")]
    assert [row[:3] for row in rows] == [["torch", "R", "agree"], ["torch", "R", "vmap"]]
    assert rows[1][3] == "crash"


def test_time_of_certification_is_not_that_of_an_engine(folder: Path) -> None:
    """The process is late while no engine is asked: no row says that an engine was."""
    (folder / "slow.py").write_text(SLOW)
    result = run("slow.py:slow", "--at", "[1, 2]", "--engine", "autograd", "--modes", "R",
                 "--timeout", "10")  # fmt: skip
    assert result.exit_code == 2, result.output
    assert "late after 10 s, while no engine was asked" in result.output


#: What test_check.py says of `check` itself, said by the command.
SAID_BY_CHECK = ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("model.py", "--at", "1"), "write FILE.py:FUNCTION"),
        (("nix.py:loss", "--at", "1"), "nix.py: no such file"),
        (("model.py:los", "--at", "1"), "model.py has no los; it has"),
        (("broken.py:f", "--at", "1"), "broken.py: ZeroDivisionError: division by zero (broken.py"),
        (("model.py:loss",), "--at: give the value of each argument"),
        (("model.py:loss", "--at", "[1, 2"), "neither JSON nor a file"),
        (("model.py:loss", "--at", "x.npy"), "x.npy: No such file"),
        pytest.param(
            ("model.py:loss", "--at", "NaN"), "every number must be finite", marks=pytest.mark.slow
        ),
        pytest.param(
            ("model.py:loss", "--at", '["a"]'),
            "numbers, lists of numbers or objects are needed",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("model.py:loss", "--at", "1", "--modes", "X"), "mode 'X'", marks=pytest.mark.slow
        ),
        pytest.param(
            ("model.py:loss", "--at", "1", "--engine", "nope"), "nope", marks=pytest.mark.slow
        ),
        pytest.param(
            ("model.py:loss", "--at", "1", "--wrt", "z"), "wrt: 'z'", marks=pytest.mark.slow
        ),
        pytest.param(
            ("model.py:loss", "--at", "1", "--dtype", "half"), "dtype", marks=pytest.mark.slow
        ),
        pytest.param(
            ("model.py:random", "--at", "1"),
            "another value at a second call",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("model.py:keeps_state", "--at", "1"),
            "another value at a second call",
            marks=pytest.mark.slow,
        ),
        *(pytest.param(*row, marks=pytest.mark.slow) for row in SAID_BY_CHECK),
        (("model.py:raises", "--at", "1"), "raises LinAlgError: Singular matrix (model.py"),
        (("model.py:hangs", "--at", "1", "--timeout", "15"), "late after 15 s"),
    ],
)
def test_bad_input_gets_one_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.output
    lines = [line for line in result.output.splitlines() if line.startswith("ad-conformance: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.output
