"""Measure certified derivatives and tolerances: share certified, error_ratio of answers, time.

    python -m validation.honesty --engines inhouse,torch --modes R,RR,RRR --cases 20000

All cases are drawn deterministically. Each finding that no known failure covers is printed with its
script.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict

import numpy as np
from ad_conformance.conformance.pool import truth_of
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.engines import registry
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.ir.mode import USUAL_MODES
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.scenarios.sizes import MODES, draw_sized
from ad_conformance.generators.strategies.sampling import draw

from validation.asking import Asking


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default=",".join(registry.DEFAULT))
    parser.add_argument("--modes", default=",".join(USUAL_MODES))
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument(
        "--minutes",
        type=float,
        default=float("inf"),
        help="stop after this time, even before --cases",
    )
    parser.add_argument(
        "--start", type=int, default=0, help="number of the first batch; it determines the cases"
    )
    parser.add_argument(
        "--large", action="store_true", help="inputs of up to 1000 entries, along given directions"
    )
    options = parser.parse_args()
    names = options.engines.split(",")
    asking = Asking([registry.find(name) for name in names])
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    error_ratio: dict[str, list[float]] = defaultdict(list)
    kinds: Counter[str] = Counter()
    operations: Counter[str] = Counter()
    known: Counter[str] = Counter()
    inside: defaultdict[str, float] = defaultdict(float)
    spent: defaultdict[str, float] = defaultdict(float)
    worst: dict[str, Case] = {}
    radii = []
    modes = options.modes.split(",")
    if options.large:
        modes = [mode for mode in modes if mode in MODES]
        drawn = draw_sized(options.cases, options.start, modes)
    else:
        drawn = draw(modes, options.cases, options.start)
    begun = time.perf_counter()
    while True:
        mark = time.perf_counter()
        case = next(drawn, None)
        spent["draw"] += time.perf_counter() - mark
        if case is None or mark - begun > 60 * options.minutes:
            break
        asking.submit(case)
        mark = time.perf_counter()
        truth = truth_of(case)
        spent["certify"] += time.perf_counter() - mark
        kinds[truth.kind] += 1
        operations.update(case.program.operations)
        if truth.value is not None and truth.radius is not None and truth.tolerance is not None:
            largest = np.max(np.abs(truth.value), initial=0.0)
            if largest > np.max(truth.tolerance, initial=0.0):
                radii.append(float(np.max(truth.radius) / largest))
        mark = time.perf_counter()
        for result, match in asking.judged(case):
            name = result.engine
            inside[name] += result.answer.seconds
            verdicts[name][f"{result.verdict}{f' ({match.standing})' if match else ''}"] += 1
            if match:
                known[match.entry.name] += 1
            elif result.is_finding:
                print(asking.report(result))
            if result.verdict is Verdict.AGREE:
                error_ratio[name].append(result.error_ratio)
                if result.error_ratio >= max(error_ratio[name]):
                    worst[name] = case
        spent["wait and judge"] += time.perf_counter() - mark
    total = time.perf_counter() - begun
    asking.pool.close()

    count = sum(kinds.values())
    smooth = count - kinds["convention"]
    print(
        f"{count} cases in {total:.0f} s: "
        f"{', '.join(f'{k} {t / count * 1e3:.2f} ms' for k, t in spent.items())} per case"
    )
    print(
        f"certified {kinds['certified']}, convention {kinds['convention']}, uncertified "
        f"{kinds['uncertified']}: "
        f"{kinds['certified'] / smooth:.2%} of those without a kink are certified"
    )
    print(
        f"relative radius of certified derivatives that are not zero: median "
        f"{np.median(radii):.1e}, largest "
        f"{np.max(radii):.1e}"
    )
    for name in names:
        print(
            f"{name}: {dict(verdicts[name])}, {inside[name] / count * 1e3:.2f} ms per case inside "
            f"the engine"
        )
        if error_ratio[name]:
            quantiles = np.quantile(error_ratio[name], [0.5, 0.99, 1.0])
            print(
                (
                    "  error_ratio of correct answers: median {:.1e}, 99th percentile {:.1e}, "
                    "largest {:.1e}"
                ).format(*quantiles)
            )
            print(f"  that case: {worst[name].json}")
    print(f"known: {dict(known)}")
    absent = sorted(set(CATALOGUE) - set(operations))
    least = ", ".join(f"{name} {n}" for name, n in operations.most_common()[:-6:-1])
    print(
        f"operations drawn: {len(operations)} of {len(CATALOGUE)}; not drawn: "
        f"{absent or 'none'}; least frequent: {least}"
    )


if __name__ == "__main__":
    main()
