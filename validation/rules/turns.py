"""Make the list of what drawn cases ask in turn, out of the rules that engines use.

    python -m validation.rules.turns --write

Every operation is drawn a few times, and asked in reverse mode under each of its names. That tells
how often a case of the operation meets a rule, and which choices of parameters and axes, zeros and
ties go with it. Forward mode has a rule where reverse mode has one. Then the fewest turns are
chosen that meet each rule about as often as the best turn for it does. Rules that drawn programs
meet often without turns need none. More turns are for rules of the in-house engine, those that are
met least first. The file generators/strategies/turns.toml gets the turns.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ad_conformance.engines import registry
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.case_io import valid
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.mode import USUAL_MODES
from ad_conformance.generators.ir.operator import SIGNATURES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.render.dialect import uses_name
from ad_conformance.generators.strategies.case_drawing import draw_case
from ad_conformance.generators.strategies.sampling import operation_examples
from ad_conformance.generators.strategies.source import SeededSource
from ad_conformance.generators.strategies.turns import FILE, Turn, made

from validation.rules.__main__ import tables
from validation.rules.inhouse_rules import InhouseRules
from validation.rules.jax_rules import JaxPrimitives
from validation.rules.record import Recorder, Rule
from validation.rules.unreachable import reason

#: Cases of every operation for each engine. JAX is slow.
DRAWS = {"torch": 12, "autograd": 12, "jax": 3, "inhouse": 12}
#: The modes of these cases, in turn: reverse mode, but for the in-house engine also second order.
MODES = {"inhouse": ("RR", "FF")}
#: Programs that are drawn to see which operations they have, and the share of them from which on a
#: rule is met often.
PROGRAMS, OFTEN = 2000, 1 / 100
#: If all turns meet a rule in a smaller share of their cases, turns with choices are looked for.
SHARE, OF_INHOUSE = 0.6, 0.9
#: A turn is as good as the best one for a rule if it meets it in so large a part of the cases.
AS_GOOD = 0.85
#: The number of turns. Those that engines do not need are given to rules of the in-house engine:
#: planted faults in it measure what drawn cases detect.
TURNS = 500
#: How many cases of a turn there are in 2000 drawn ones, and how often a turn may be in the list.
CASES, TIMES = 2.5, 4
#: Most choices of a turn.
MOST = 3


@dataclass(frozen=True)
class Use:
    """A drawn case of an operation under one name: what was chosen, and the rules it meets. None if
    its operands do not fit the name, or if it does not run.
    """

    names: int
    chosen: frozenset[str]
    rules: frozenset[Rule]


Uses = dict[str, list[Use]]


def _chosen(case: Case, operation: str) -> frozenset[str]:
    """The choices of the last step with the operation."""
    values = evaluate_steps(case.program, case.input)
    steps = [step for step in case.program.steps if step.operation == operation]
    return frozenset(made(steps[-1], case.program.steps, values)) if steps else frozenset()


class _Records(Protocol):
    """What finds the rules that a case uses, each with a level."""

    def met(self, case: Case) -> frozenset[tuple[Rule, int]]: ...


def _recorder(engine: str) -> _Records:
    if engine == "inhouse":
        return InhouseRules()
    return Recorder(JaxPrimitives() if engine == "jax" else tables(engine))


def _uses(engine: str, recorder: _Records, operation: str, count: int) -> Iterator[Use]:
    """What `count` cases of an operation use, under each name."""
    dialect = registry.find(engine).dialect
    further = range(len(dialect.names.get(operation, ())) + 1)
    modes = MODES.get(engine, ("R",))
    each = (operation_examples(operation, mode, count // len(modes)) for mode in modes)
    for drawn in itertools.chain.from_iterable(each):
        # A call at another point would use the same rules.
        case = replace(drawn, warmup_point=None)
        chosen = _chosen(case, operation)
        for names in further:
            named = valid(replace(case, names=names))
            rules: Iterable[Rule] = ()
            if named is not None and (not names or uses_name(named, dialect, operation)):
                try:
                    rules = (rule for rule, level in recorder.met(named) if level == 1)
                # A case that the engine fails in meets no rule.
                except Exception:
                    rules = ()
            yield Use(names, chosen, frozenset(rules))


def measured(engine: str) -> Uses:
    """What cases of every operation that the engine has use."""
    recorder = _recorder(engine)
    dialect = registry.find(engine).dialect
    return {
        name: list(_uses(engine, recorder, name, DRAWS[engine]))
        for name, row in CATALOGUE.items()
        if row.weight and dialect.templates.get(name, row.template) is not None
    }


Shares = dict[Rule, dict[Turn, float]]


def _shares(uses: Uses) -> Shares:
    """For each rule, the turns that meet it, with the share of their cases that do."""
    found: Shares = defaultdict(dict)
    for operation, rows in uses.items():
        for names in {row.names for row in rows}:
            _add(found, Turn(operation, names), [row for row in rows if row.names == names])
    return found


def _add(shares: Shares, turn: Turn, rows: Sequence[Use]) -> None:
    counts = Counter(rule for row in rows for rule in row.rules if not reason(rule, 1))
    for rule, count in counts.items():
        shares[rule][turn] = count / len(rows)


def _refined(uses: Uses, shares: Shares) -> None:
    """Add turns with choices to rules that no turn meets in a large share of its cases."""
    low = [
        rule
        for rule, turns in shares.items()
        if max(turns.values()) < (OF_INHOUSE if rule.engine == "inhouse" else SHARE)
    ]
    for rule in sorted(low):
        most = max(shares[rule].values())
        for turn in sorted(t for t, s in shares[rule].items() if s >= most * AS_GOOD)[:2]:
            rows = [row for row in uses[turn.operation] if row.names == turn.names]
            chosen: frozenset[str] = frozenset()
            kept, share = rows, shares[rule][turn]
            for _ in range(MOST):
                common = frozenset.intersection(*(r.chosen for r in kept if rule in r.rules))
                ranked = [
                    (sum(rule in r.rules for r in some) / len(some), choice, some)
                    for choice in sorted(common - chosen)
                    if (some := [r for r in kept if choice in r.chosen])
                ]
                better = max(ranked, key=lambda item: item[0], default=(0.0, "", []))
                if better[0] <= share * 1.1:
                    break
                share, kept, chosen = better[0], better[2], chosen | {better[1]}
            if chosen:
                _add(shares, replace(turn, choices=tuple(sorted(chosen))), kept)


def frequencies() -> Mapping[str, float]:
    """The share of drawn programs that have each operation, without turns."""
    counts: Counter[str] = Counter()
    kinds = itertools.cycle(itertools.product(USUAL_MODES, SIGNATURES))
    for k, (mode, signature) in enumerate(itertools.islice(kinds, PROGRAMS)):
        case = draw_case(SeededSource(f"frequencies {k}"), signature=signature, mode=mode)
        counts.update(case.program.operations)
    return {name: count / PROGRAMS for name, count in counts.items()}


def _drawn(turns: Mapping[Turn, float], often: Mapping[str, float]) -> float:
    """The share of drawn programs that meet a rule, if these turns do with these shares."""
    return max(
        share * often.get(turn.operation, 0.0) * (not turn.names) for turn, share in turns.items()
    )


def planned(every: Mapping[str, Uses]) -> list[Turn]:
    """The turns. Some are there repeatedly."""
    often = frequencies()
    shares = {engine: _shares(uses) for engine, uses in every.items()}
    good = {}
    for engine, uses in every.items():
        _refined(uses, shares[engine])
        for rule, turns in shares[engine].items():
            if engine != "inhouse" and _drawn(turns, often) <= OFTEN:
                least = max(turns.values()) * AS_GOOD
                good[rule] = {turn for turn, share in turns.items() if share >= least}
    found = _fewest(good)
    return sorted([*found, *_more(shares.get("inhouse", {}), often, found)])


def _fewest(good: Mapping[Rule, set[Turn]]) -> list[Turn]:
    """The fewest turns, about, that have a good one for each rule."""
    found, left = [], set(good)
    while left:
        gain = Counter(turn for rule in left for turn in good[rule])
        turn = min(gain, key=lambda turn: (-gain[turn], turn))
        found.append(turn)
        left -= {rule for rule in left if turn in good[rule]}
    return found


def _more(shares: Shares, often: Mapping[str, float], found: Sequence[Turn]) -> Iterator[Turn]:
    """More turns, up to TURNS: each time the one that lowers the number of rules most that 2000
    drawn cases can be expected not to meet, half of which are compositions.
    """
    unmet = {rule: math.exp(-1000 * _drawn(turns, often)) for rule, turns in shares.items()}
    meets: dict[Turn, dict[Rule, float]] = defaultdict(dict)
    for rule, turns in shares.items():
        for turn, share in turns.items():
            meets[turn][rule] = math.exp(-CASES * share)
    times = Counter(found)
    for turn in found:
        # An engine without further names of the operation takes the usual one.
        for rule, factor in meets.get(replace(turn, names=0), {}).items():
            unmet[rule] *= factor
    for _ in range(len(found), TURNS):
        gain = {
            turn: sum(unmet[rule] * (1 - factor) for rule, factor in rules.items())
            for turn, rules in meets.items()
            if times[turn] < TIMES
        }
        if not gain:
            return
        turn = min(gain, key=lambda turn: (-gain[turn], turn))
        yield turn
        times[turn] += 1
        for rule, factor in meets[turn].items():
            unmet[rule] *= factor


def _line(turn: Turn, times: int) -> str:
    names = f", names = {turn.names}" if turn.names else ""
    texts = ", ".join(f'"{choice}"' for choice in sorted(turn.choices))
    chosen = f", choices = [{texts}]" if texts else ""
    again = f", times = {times}" if times > 1 else ""
    return f'    {{ operation = "{turn.operation}"{names}{chosen}{again} }},\n'


def main() -> None:
    """Print how many turns there are, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default=",".join(DRAWS))
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    options = parser.parse_args()
    turns = planned({engine: measured(engine) for engine in options.engines.split(",")})
    further = sum(turn.names > 0 for turn in turns)
    chosen = sum(bool(turn.choices) for turn in turns)
    print(f"{len(turns)} turns: {further} of further names, {chosen} with choices")
    if options.write:
        lines = [_line(turn, times) for turn, times in sorted(Counter(turns).items())]
        head = "# Made by `python -m validation.rules.turns`.\nturns = [\n"
        FILE.write_text(head + "".join(lines) + "]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
