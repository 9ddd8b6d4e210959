"""How often `explain` names the operation in which a fault was planted.

    python -m validation.explaining --cases 2000 --faults 200
    python -m validation.explaining --known torch,autograd --cases 1500

A sample of the faults of validation/mutants.py is planted in the in-house engine, one at a time.
The first drawn case with two or more operations that finds a fault is explained as it was drawn,
through the sandbox.

One rule of the engine serves many operations. Above first order, nearly all operations use the rule
of `multiply`. So there are two definitions of a correct explanation:

- *uses*: the engine uses the faulty rule when it differentiates the named operation alone, in the
  mode of the case or a part of it, or when it differentiates the operation between two smooth
  functions but not the functions alone. If this holds for no step of the program, the named step is
  correct if it is the first with which the program up to it uses the rule.
- *made of*: the engine uses the rule already at first order, so the value of the operation is
  computed with that primitive. If this holds for no step of the program, the named step is correct
  under the same condition as above.

*By chance* is the share of correct explanations if a step is named at random, among the steps that
the output needs and that depend on the input.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ad_conformance.conformance.known_failures import load
from ad_conformance.conformance.triage.ask import judged
from ad_conformance.conformance.triage.explanation import Explanation
from ad_conformance.conformance.triage.locate import explain
from ad_conformance.engines import registry
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.rewrite.program_builder import SMOOTH
from ad_conformance.generators.rewrite.slicing import Slicer
from ad_conformance.generators.rewrite.variants import modes_within
from ad_conformance.generators.strategies.sampling import draw

from benchmarks.tables import markdown
from validation.mutants import MODES, Mutant, consulted, mutants
from validation.mutation import ask, first_finding, namespace, prepared

#: Seconds that one explanation may take.
SECONDS = 60.0
#: The search for the next fault starts this many cases later.
_STRIDE = 101
#: The modes in which engines with known failures are asked.
_ASKED = ("R", "RR", "FR", "RF", "FF", "F")


@dataclass(frozen=True)
class Outcome:
    """The explanation of one fault: whether it is correct in each sense, and shares by chance."""

    mutant: Mutant
    explanation: Explanation
    uses: bool
    made_of: bool
    chance_uses: float
    chance_made_of: float


def planted(mutant: Mutant) -> Engine:
    """The in-house engine with the fault, in a process of its own."""
    header = (
        f"{inhouse.header}\nfrom validation.mutants import mutants, plant\n"
        f"fault = plant(next(m for m in mutants() if m.name == {mutant.name!r}))\nfault.__enter__("
        f")\n"
    )
    return replace(inhouse, name="planted", header=header)


def _sites(case: Case) -> set[str]:
    """The sites of faults that the correct engine uses when it compiles the case."""
    script = inhouse.script(case)
    with consulted() as met:
        ask(
            [("compile", compile(script.program + script.compile, "<compile>", "exec"))],
            namespace(),
        )
    return met


def _alone(slicer: Slicer, k: int, site: str, modes: Sequence[str]) -> bool:
    return any(site in _sites(part.case) for mode in modes for part in slicer.alone(k, mode))


def _between(slicer: Slicer, k: int, site: str) -> bool:
    return any(
        control is not None and site in _sites(part.case) - _sites(control)
        for smooth in SMOOTH
        for part, control in slicer.between(k, smooth)
    )


def _first(slicer: Slicer, steps: Sequence[int], site: str) -> int | None:
    """The first step such that the program up to it uses the site, or does with a smooth end."""
    for k in steps:
        asked = [slicer.prefix(k), *(slicer.prefix(k, smooth) for smooth in SMOOTH)]
        if any(site in _sites(case) for case in asked if case is not None):
            return k
    return None


def outcome(mutant: Mutant, explanation: Explanation) -> Outcome:
    """Compare the explanation with the planted fault."""
    case = explanation.question.case
    slicer, named = Slicer(case), explanation.steps[-1] if explanation.steps else 0
    steps = [
        k
        for k in sorted(slicer.ancestors(len(case.program.steps)) & set(slicer.steps))
        if slicer.depends[k]
    ]
    uses = {
        k: _alone(slicer, k, mutant.site, modes_within(case.mode))
        or _between(slicer, k, mutant.site)
        for k in steps
    }
    if not any(uses.values()):
        first = _first(slicer, steps, mutant.site)
        uses = {k: k == first for k in steps}
    made_of = {k: _alone(slicer, k, mutant.site, sorted(set(case.mode))) for k in steps}
    if not any(made_of.values()):
        made_of = uses
    shares = [statistics.mean(found.values()) for found in (uses, made_of)]
    return Outcome(mutant, explanation, uses.get(named, False), made_of.get(named, False), *shares)


def explained(mutant: Mutant, case: Case) -> Explanation:
    with Sandbox(planted(mutant)) as sandbox:
        return explain(judged(case, sandbox), sandbox, seconds=SECONDS)


def _operations(case: Case) -> int:
    return sum(bool(step.operands) for step in case.program.pruned().steps)


def table(found: Sequence[Outcome]) -> str:
    """A row for each way in which steps were found, and one for all."""
    rows = []
    for name, part in (
        *(
            (way, [o for o in found if o.explanation.way == way])
            for way in ("alone", "composed", "together")
        ),
        ("all", list(found)),
    ):
        if part:
            means = (statistics.mean(getattr(o, field) for o in part) for field in _SHARES)
            asked = f"{statistics.median(o.explanation.asked for o in part):.0f}"
            rows.append([name, str(len(part)), *(f"{mean:.1%}" for mean in means), asked])
    return markdown(_HEADER, rows)


_SHARES = ("uses", "chance_uses", "made_of", "chance_made_of")
_HEADER = (
    "found",
    "faults",
    "uses the rule",
    "by chance",
    "computed with it",
    "by chance",
    "cases asked: median",
)


def known(name: str, cases: Sequence[Case]) -> list[tuple[frozenset[str], Explanation]]:
    """Explain findings that known failures cover. Each comes with the operations of these."""
    engine, found = registry.find(name), []
    with Sandbox(engine) as sandbox:
        for case in cases:
            finding = judged(case, sandbox)
            covering = [entry for entry in load() if entry.names(engine) and entry.covers(finding)]
            if finding.is_finding and covering:
                blamed = frozenset(
                    operation for entry in covering for operation in entry.operations
                )
                found.append((blamed, explain(finding, sandbox, seconds=SECONDS)))
    return found


def known_lines(names: Sequence[str], count: int) -> Iterator[str]:
    """Lines on misses and shares, of pinned cases and of drawn cases with several operations."""
    drawn = [case for case in draw(_ASKED, count) if _operations(case) > 2]
    for name in names:
        engine = registry.find(name)
        pinned = known(name, [entry.pinned for entry in load() if entry.names(engine)])
        several = [
            (blamed, found) for blamed, found in pinned if _operations(found.finding.case) > 1
        ]
        for what, part in (
            ("pinned", pinned),
            ("of these, with two or more operations", several),
            (
                "drawn, with three or more operations",
                known(name, [case for case in drawn if engine.answers(case.mode)]),
            ),
        ):
            if part is not several:
                yield from (
                    f"{name}, {', '.join(sorted(blamed))}: {explanation.lines[0]}"
                    for blamed, explanation in part
                    if explanation.operation not in blamed
                )
            named = sum(explanation.operation in blamed for blamed, explanation in part)
            among = sum(
                not blamed.isdisjoint(explanation.operations) for blamed, explanation in part
            )
            yield (
                f"{name}, {what}: {named} of {len(part)} name an operation of their entry, "
                f"{among} have one accused"
            )


def main() -> None:
    """Print each miss, then the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument(
        "--faults", type=int, default=200, help="number of faults to explain, in a fixed order"
    )
    parser.add_argument(
        "--skip", type=int, default=0, help="number of faults to skip in that order"
    )
    parser.add_argument(
        "--known",
        type=lambda text: text.split(","),
        help="use known failures of these engines instead",
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.known:
        for line in known_lines(options.known, options.cases):
            print(line, flush=True)
        return
    asked = prepared(case for case in draw(MODES, options.cases) if _operations(case) > 1)
    asked = [asked[i] for i in np.random.default_rng(0).permutation(len(asked))]
    planting = mutants()
    order = np.random.default_rng(1).permutation(len(planting))[options.skip :]
    names, missed = namespace(), Counter[str]()
    found: list[Outcome] = []
    for mutant in (planting[i] for i in order):
        if len(found) == options.faults:
            break
        # Each search starts at another case, so that no case is used more often than others.
        asked = [*asked[_STRIDE:], *asked[:_STRIDE]]
        _, finding, _ = first_finding(mutant, asked, names)
        if finding is None:
            missed[mutant.fault] += 1
            continue
        result = outcome(mutant, explained(mutant, finding.case))
        found.append(result)
        if not result.made_of:
            e = result.explanation
            print(
                f"{mutant.name}: {e.operation} ({e.way}; uses: {result.uses}) in "
                f"{e.question.case.json}",
                flush=True,
            )
    print(f"not found in these cases: {sum(missed.values())}")
    print(table(found))


if __name__ == "__main__":
    main()
