"""`check` beside the checks that libraries bring: what each catches and misses, and its time.

    python -m validation.gradchecks --honest torch=300,jax=100 [--write docs/own-functions.md]

The functions are those of pinned cases of known failures, which are wrong in the installed release,
and of drawn cases in which the engine agrees with the certified derivative in every mode of order 1
and 2. The draws are the same in each run and for each engine. Each check gets the same function and
point, in one process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ad_conformance.conformance import check
from ad_conformance.conformance.functions.check import MODES
from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standings.standing import release_of
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.wrapping import wrapped
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import draw

from benchmarks.tables import markdown, write_section

Function = Callable[[Any], Any]
#: A check: it returns whether it finds something wrong.
Found = Callable[[Function, np.ndarray, str], bool]


def _torch_checks(dtype: str) -> dict[str, Found]:
    import torch

    def runs(test: Callable[..., Any], **options: Any) -> Found:
        def found(f: Function, x: np.ndarray, mode: str) -> bool:
            point = torch.tensor(x, dtype=getattr(torch, dtype), requires_grad=True)
            try:
                test(f, (point,), **options)
            except Exception:
                return True
            return False

        return found

    gradcheck, gradgradcheck = torch.autograd.gradcheck, torch.autograd.gradgradcheck
    return {
        "gradcheck": runs(gradcheck),
        "gradcheck, fast mode": runs(gradcheck, fast_mode=True),
        "gradcheck, forward mode too": runs(gradcheck, check_forward_ad=True),
        "gradgradcheck": runs(gradgradcheck),
        "gradgradcheck, fast mode": runs(gradgradcheck, fast_mode=True),
        "gradgradcheck, forward over reverse too": runs(gradgradcheck, check_fwd_over_rev=True),
    }


def _jax_checks(dtype: str) -> dict[str, Found]:
    import jax.numpy as jnp
    from jax.test_util import check_grads

    def runs(order: int, **options: Any) -> Found:
        def found(f: Function, x: np.ndarray, mode: str) -> bool:
            point = (jnp.asarray(x, dtype=dtype),)
            try:
                check_grads(f, point, order=order, **options)  # type: ignore[no-untyped-call]
            except Exception:
                return True
            return False

        return found

    # By default, in forward and reverse mode.
    return {
        "check_grads, order 1": runs(1),
        "check_grads, order 1, reverse mode": runs(1, modes=("rev",)),
        "check_grads, order 1, forward mode": runs(1, modes=("fwd",)),
        "check_grads, order 2": runs(2),
        "check_grads, order 2, reverse mode": runs(2, modes=("rev",)),
        "check_grads, order 2, forward mode": runs(2, modes=("fwd",)),
    }


class _NoVerdict(Exception):
    """`check` compares nothing and says why, for instance at a kink."""


def _check(engine: str, dtype: str) -> Found:
    def found(f: Function, x: np.ndarray, mode: str) -> bool:
        asked = dict.fromkeys((*MODES, mode)) if mode else MODES
        report = check(f, x, engine=engine, modes=tuple(asked), dtype=dtype)
        if not report and not report.findings:
            raise _NoVerdict("; ".join({row.reason for row in report.rows}))
        return not report

    return found


def _function(engine: Engine, case: Case) -> Function:
    """The function of a case in the engine's library, with the wrappers that are around it."""
    names: dict[str, Any] = {"__name__": "case"}
    script = engine.script(case)
    exec(compile(f"{script.header}\n{script.program}", "<case>", "exec"), names)
    return eval(wrapped(engine, case, 0, "f"), names)  # type: ignore[no-any-return]


def _pinned(engine: Engine) -> Iterator[tuple[Case, str]]:
    """Pinned cases of one input that fail in the installed release, without those that kill."""
    release = release_of(engine)
    for entry in load():
        case = entry.pinned
        if not entry.names(engine) or release not in entry.seen or case.program.arguments:
            continue
        if not engine.answers(case.mode) or Verdict.CRASH in entry.verdicts:
            continue
        yield case, entry.name


def _honest(engine: Engine, count: int) -> Iterator[Case]:
    """Drawn cases in which the engine agrees in every mode of order 1 and 2."""
    pool = EnginePool([engine])
    try:
        drawn = draw(["RR"], 100 * count, 4_000_000)
        right = (
            case
            for case in drawn
            if case.operator == "jacobian"
            and not case.program.arguments
            and case.dtype == "float64"
            and all(
                pool.judge(case.with_mode(mode), engine.name).verdict is Verdict.AGREE
                for mode in MODES
            )
        )
        yield from itertools.islice(right, count)
    finally:
        pool.close()


def _measured(engine: Engine, honest: int) -> str:
    """The table of an engine. What `check` misses, and false alarms, are printed meanwhile."""
    checks = CHECKS[engine.name]
    results: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    questions: list[tuple[Case, str]] = [*_pinned(engine)]
    questions += [(case, "") for case in _honest(engine, honest)]
    counted: Counter[str] = Counter()
    undecided: Counter[str] = Counter()
    for case, entry in questions:
        f = _function(engine, case)
        order = f"pinned, order {case.order}" if entry else "honest"
        counted[order] += 1
        tools = {"check": _check(engine.name, case.dtype), **checks(case.dtype)}
        for name, tool in tools.items():
            begun, why = time.process_time(), ""
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                try:
                    found = tool(f, case.input, case.mode if entry else "")
                except ValueError as error:
                    # A function that raises, or has no finite value; the other checks raise, too.
                    why = f"refused: {error}"
                    found = True
                except _NoVerdict as error:
                    why = f"no verdict: {error}"
                    undecided[order] += 1
                    found = False
            seconds[name] += time.process_time() - begun
            results[name][order] += found
            if why:
                print(f"{name}: {entry or case.id}: {why}", flush=True)
            if name == "check" and found != bool(entry):
                print(f"{'missed' if entry else 'false alarm'}: {entry or case.json}", flush=True)
    rows = [
        [name]
        + [f"{results[name][order]} of {counted[order]}" for order in sorted(counted)]
        + [f"{seconds[name] / len(questions):.3f} s"]
        for name in results
    ]
    head = ["check"] + [
        "honest, called wrong" if order == "honest" else f"{order}, caught"
        for order in sorted(counted)
    ]
    table = markdown([*head, "time for a function"], rows).rstrip()
    told = ", ".join(f"{undecided[order]} of {counted[order]} ({order})" for order in undecided)
    none = f"\n\n`check` has no verdict, and says why, on {told}." * bool(told)
    return f"{engine.name} {engine.version()}\n\n{table}{none}"


#: The checks of each engine's library, for a dtype.
CHECKS: dict[str, Callable[[str], dict[str, Found]]] = {"torch": _torch_checks, "jax": _jax_checks}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--honest", default="torch=300,jax=100",
                        help="engines, and the number of honest functions of each")  # fmt: skip
    parser.add_argument("--write", type=Path, help="a page to put the tables into")
    options = parser.parse_args()
    for part in options.honest.split(","):
        name, equals, count = part.partition("=")
        if name not in CHECKS or not equals or not count.isdecimal():
            parser.error(f"--honest: {part!r}: write {' or '.join(CHECKS)}, '=' and a number")
        text = _measured(registry.find(name), int(count))
        print(text, flush=True)
        if options.write:
            write_section(options.write, f"checks {name}", text,
                          title="# Functions as people write them\n")  # fmt: skip


if __name__ == "__main__":
    main()
