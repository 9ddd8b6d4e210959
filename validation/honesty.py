"""How trustworthy the judge is: shares of certified cases, errors of right answers in units of the
allowance, time.

    python -m validation.honesty --engines inhouse,torch --words R,RR,RRR --cases 20000

Every case is drawn deterministically; every finding that no known failure covers is printed with
its script.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict

import numpy as np
from ad_conformance.conformance.known_failures import covering, load
from ad_conformance.conformance.pool import Panel, truth_of
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import draw


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default=",".join(registry.DEFAULT))
    parser.add_argument("--words", default="R,F,RR,FR,RF,FF,RRR")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument(
        "--minutes",
        type=float,
        default=float("inf"),
        help="stop after so long, whatever --cases says",
    )
    parser.add_argument(
        "--start", type=int, default=0, help="number of the first batch: another one, other cases"
    )
    options = parser.parse_args()
    names = options.engines.split(",")
    panel = Panel([registry.find(name) for name in names])
    panel.ahead = tuple(names)
    for name in names:
        panel.sandbox(name)
    entries = load()
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    units: dict[str, list[float]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    operations: Counter[str] = Counter()
    known: Counter[str] = Counter()
    inside: defaultdict[str, float] = defaultdict(float)
    spent: defaultdict[str, float] = defaultdict(float)
    worst: dict[str, Case] = {}
    radii = []
    drawn = draw(options.words.split(","), options.cases, options.start)
    begun = time.perf_counter()
    while True:
        mark = time.perf_counter()
        case = next(drawn, None)
        spent["generate"] += time.perf_counter() - mark
        if case is None or mark - begun > 60 * options.minutes:
            break
        pending = [
            (name, panel.submit(case, name))
            for name in names
            if panel.engines[name].answers(case.word)
        ]
        mark = time.perf_counter()
        truth = truth_of(case)
        spent["truth"] += time.perf_counter() - mark
        kinds[truth.kind] += 1
        operations.update(case.program.operations)
        if truth.value is not None and truth.radius is not None and truth.allowance is not None:
            largest = np.max(np.abs(truth.value), initial=0.0)
            if largest > np.max(truth.allowance, initial=0.0):
                radii.append(float(np.max(truth.radius) / largest))
        mark = time.perf_counter()
        for name, _ in pending:
            judgement = panel.judge(case, name)
            inside[name] += judgement.answer.seconds
            entry = (
                covering(judgement, panel.engines[name], entries) if judgement.is_finding else None
            )
            verdicts[name][f"{judgement.verdict}{' (known)' if entry else ''}"] += 1
            if entry:
                known[entry.name] += 1
            elif judgement.is_finding:
                print(
                    f"NEW {name} {case.word} {judgement.verdict} {judgement.answer.error}: "
                    f"{judgement.answer.message}"
                )
                print(judgement.case.json)
                print(panel.engines[name].script(judgement.case).program)
            if judgement.verdict is Verdict.AGREE:
                units[name].append(judgement.units)
                if judgement.units >= max(units[name]):
                    worst[name] = case
        spent["wait and judge"] += time.perf_counter() - mark
    total = time.perf_counter() - begun
    panel.close()

    count = sum(kinds.values())
    smooth = count - kinds["convention"]
    print(
        f"{count} cases in {total:.0f} s: "
        f"{', '.join(f'{k} {t / count * 1e3:.2f} ms' for k, t in spent.items())} a case"
    )
    print(
        f"certified {kinds['certified']}, convention {kinds['convention']}, uncertified "
        f"{kinds['uncertified']}: "
        f"{kinds['certified'] / smooth:.2%} of those not found to be kinked are certified"
    )
    print(
        f"relative radius of truths that do not vanish: median {np.median(radii):.1e}, largest "
        f"{np.max(radii):.1e}"
    )
    for name in names:
        print(
            f"{name}: {dict(verdicts[name])}, {inside[name] / count * 1e3:.2f} ms a case inside "
            f"the engine"
        )
        if units[name]:
            quantiles = np.quantile(units[name], [0.5, 0.99, 1.0])
            print(
                (
                    "  error of right answers / allowance: median {:.1e}, 99th percentile {:.1e}, "
                    "largest {:.1e}"
                ).format(*quantiles)
            )
            print(f"  that case: {worst[name].json}")
    print(f"known: {dict(known)}")
    absent = sorted(set(CATALOGUE) - set(operations))
    least = ", ".join(f"{name} {n}" for name, n in operations.most_common()[:-6:-1])
    print(
        f"operations met: {len(operations)} of {len(CATALOGUE)}; absent: {absent or 'none'}; "
        f"least often: {least}"
    )


if __name__ == "__main__":
    main()
