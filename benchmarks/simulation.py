"""Simulate campaigns of any size from measured times: size of shards, duration, cost.

    python -m benchmarks.simulation --run DIR

The engines of a worker run in parallel, each in a process that takes the cases of the shard one
after the other. One more process draws, certifies and judges. The times of the cases of one mode in
a shard are drawn from a gamma distribution with the measured mean and deviation. The simulation
follows the events of the main process, which distributes the shards, and of every worker, which may
be slow or die.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from ad_conformance.generators.strategies.sampling import PORTION
from ad_conformance.reports.campaign.store import Folder, StoreError

from benchmarks.rates import DRAWING, Rates, measured, read, text

Array = np.ndarray


@dataclass(frozen=True)
class Layout:
    """A campaign and its machines: `shard` in portions, `cores` of each worker, times in seconds.

    A share `slow` of the workers takes `factor` times as long. Each worker dies at a rate of
    `deaths` per hour and is back after `away`. The finished part of its shard is kept if the
    journal is on a `shared` disk.
    """

    cases: int
    workers: int
    shard: int
    cores: float = 1.0
    slow: float = 0.0
    factor: float = 1.0
    deaths: float = 0.0
    away: float = 60.0
    shared: bool = False


@dataclass
class Outcome:
    """The duration, the total time of all workers by what they did, and the share of cores used."""

    makespan: float
    useful: float = 0.0
    #: Start of engines, conversion to Parquet, communication with the main process.
    overhead: float = 0.0
    #: Waiting for the main process, which was busy with other workers.
    waiting: float = 0.0
    #: Work that was lost, and the time away.
    lost: float = 0.0
    #: Without work while others still worked.
    idle: float = 0.0
    cores: float = 0.0


def portions(cases: int) -> int:
    return -(-cases // PORTION)


def work(
    rates: Rates, engines: Sequence[str], layout: Layout, chance: np.random.Generator
) -> Array:
    """Seconds on one core: a row for each process, drawing last, and a column for each shard."""
    last = portions(layout.cases)
    ends = np.minimum(np.arange(0, last + layout.shard, layout.shard), last)
    ends = ends[: -(-last // layout.shard) + 1]
    drawn = np.zeros((len(engines) + 2, len(ends) - 1))
    for index, mode in enumerate(rates.modes):
        # Portions take the modes in turn.
        count = np.diff((ends + len(rates.modes) - 1 - index) // len(rates.modes))
        for row, process in enumerate((*engines, None)):
            mean, spread = rates.of(process, mode)
            drawn[row] += _sums(count * PORTION, mean, spread, chance)
    drawn[-1] = np.diff(ends) * PORTION * rates.fixed[DRAWING]
    return drawn


def _sums(count: Array, mean: float, spread: float, chance: np.random.Generator) -> Array:
    if not spread:
        return count * mean
    return np.where(
        count, chance.gamma(np.maximum(count, 1) * (mean / spread) ** 2, spread**2 / mean), 0.0
    )


def elapsed(needs: Array, cores: float) -> Array:
    """Seconds until all processes of each column have ended, on `cores` that they share evenly.

    The last row ends before the others begin. A process uses at most one core.
    """
    rows = np.sort(needs[:-1], axis=0)
    shares = np.minimum(1.0, cores / np.arange(len(rows), 0, -1))
    steps = np.diff(rows, axis=0, prepend=0.0)
    lasting: Array = needs[-1] / min(1.0, cores) + (steps / shares[:, None]).sum(axis=0)
    return lasting


def simulate(rates: Rates, engines: Sequence[str], layout: Layout, seed: int = 0) -> Outcome:
    """Simulate a campaign to its end; a seed determines the result."""
    chance = np.random.default_rng(seed)
    needs = work(rates, engines, layout, chance)
    lasting = elapsed(needs, layout.cores)
    slow = np.where(chance.random(layout.workers) < layout.slow, layout.factor, 1.0)
    start = rates.starting(engines)
    outcome = Outcome(0.0)
    # When each worker is free, and whether its engines run.
    free = [(0.0, worker, False) for worker in range(layout.workers)]
    again: list[tuple[float, int, float]] = []
    following, main = 0, 0.0
    # The main process follows the journals that it can read.
    serving = (
        rates.fixed["main"] + layout.shared * rates.fixed["following"] * PORTION * layout.shard
    )
    done = [0.0] * layout.workers
    while following < len(lasting) or again:
        now, worker, up = heapq.heappop(free)
        # A worker without a shard waits for one that another may give back.
        if again and (again[0][0] <= now or following == len(lasting)):
            since, shard, left = heapq.heappop(again)
            outcome.idle += max(0.0, since - now)
            now = max(now, since)
        else:
            shard, left = following, float(lasting[following])
            following += 1
        given = max(now, main)
        main = given + serving
        outcome.waiting += given - now
        before = rates.fixed["main"] + (0.0 if up else start * slow[worker])
        asking, after = left * slow[worker], rates.fixed["shard"] * slow[worker]
        dies = chance.exponential(3600 / layout.deaths) if layout.deaths else np.inf
        if dies < before + asking + after:
            kept = min(max(dies - before, 0.0), asking) if layout.shared else 0.0
            outcome.useful += kept
            outcome.lost += dies - kept + layout.away
            heapq.heappush(again, (given + dies, shard, left - kept / slow[worker]))
            done[worker] = given + dies + layout.away
            heapq.heappush(free, (done[worker], worker, False))
        else:
            outcome.useful += asking
            outcome.overhead += before + after
            done[worker] = given + before + asking + after
            outcome.makespan = max(outcome.makespan, done[worker])
            heapq.heappush(free, (done[worker], worker, True))
    for at in done:
        outcome.idle += max(0.0, outcome.makespan - at)
        # A worker that died may be back only after the end.
        outcome.lost -= max(0.0, at - outcome.makespan)
    outcome.cores = needs.sum() / (layout.cores * layout.workers * outcome.makespan)
    return outcome


SIZES = 1, 10, 100, 1000
WORKERS = tuple(2**n for n in range(11))
#: The machines of a campaign: a share SLOW is slower by FACTOR, and each dies DEATHS times an hour.
SLOW, FACTOR, DEATHS = 0.05, 1.5, 0.1


def hours(seconds: float) -> str:
    return f"{seconds / 3600:.3g} h"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A titled table in Markdown."""
    lines = [
        f"### {title}",
        "",
        f"| {' | '.join(head)} |",
        f"| {' | '.join(['---:'] * len(head))} |",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def scaling(rates: Rates, engines: Sequence[str], cases: int) -> str:
    """Durations by shard size and workers, with the share of time in which workers ask."""
    rows = []
    for workers in WORKERS:
        row = [str(workers)]
        for size in SIZES:
            done = simulate(rates, engines, Layout(cases, workers, size))
            row.append(f"{hours(done.makespan)}, {done.useful / workers / done.makespan:.1%}")
        rows.append(row)
    head = "workers", *(f"{size} portion{'s' * (size > 1)} per shard" for size in SIZES)
    return table(f"{cases:.0e} cases: duration, and share of it in which workers ask", head, rows)


def troubles(rates: Rates, engines: Sequence[str], cases: int, workers: int) -> str:
    """Lost time by shard size: waiting for the last worker, and workers that die."""
    rows = []
    for size in SIZES:
        calm = Layout(cases, workers, size)
        slow = simulate(rates, engines, replace(calm, slow=SLOW, factor=FACTOR))
        local, shared = (
            simulate(rates, engines, replace(calm, deaths=DEATHS, shared=kept))
            for kept in (False, True)
        )
        row = [slow.idle, local.lost, shared.lost]
        spans = [slow.makespan, local.makespan, shared.makespan]
        rows.append(
            [
                str(size),
                *(f"{part / workers / span:.2%}" for part, span in zip(row, spans, strict=True)),
            ]
        )
    head = (
        "portions per shard",
        "idle at the end",
        "lost with dead workers",
        "the same, journals on a shared disk",
    )
    faults = (
        f"one in {1 / SLOW:.0f} is slower by {FACTOR - 1:.0%} (first column of shares), or in each "
        f"hour one in {1 / DEATHS:.0f} dies (the others)"
    )
    return table(f"{workers} workers, {cases:.0e} cases; {faults}", head, rows)


def one_machine(rates: Rates, engines: Sequence[str], cores: int) -> str:
    """Workers on the cores of one machine; only engines of the same worker wait for each other."""
    rows, before = [], 0.0
    for workers in (2**n for n in range(cores.bit_length() + 1)):
        done = simulate(
            rates, engines, Layout(200 * PORTION * workers, workers, 10, cores / workers)
        )
        rate = 200 * PORTION * workers / done.makespan
        rows.append(
            [
                str(workers),
                f"{rate:.1f}",
                f"{rate / before:.2f}" if before else "",
                f"{done.cores:.0%}",
            ]
        )
        before = rate
    head = "workers", "cases per second", "of that with half the workers", "share of cores used"
    return table(f"One machine with {cores} cores", head, rows)


def files(rates: Rates, engines: Sequence[str], cases: int, workers: int) -> str:
    """Files, memory and duration by shard size."""
    whole = sum(rates.bytes.values()) * cases
    rows = []
    for size in SIZES:
        shards = -(-portions(cases) // size)
        done = simulate(
            rates, engines, Layout(cases, workers, size, slow=SLOW, factor=FACTOR, deaths=DEATHS)
        )
        memory = sum(rates.memory[name] for name in (*engines, "harness"))
        memory += size * PORTION * rates.memory["case"]
        row = [
            str(size),
            f"{shards * len(rates.bytes):,}",
            f"{whole / shards / 1e6:.3g} MB",
            f"{memory / 1e3:.2g} GB",
        ]
        rows.append([*row, hours(done.makespan), f"{done.useful / workers / done.makespan:.1%}"])
    head = (
        "portions per shard",
        "table files",
        "size of a shard",
        "memory per worker",
        "duration",
        "workers busy asking",
    )
    title = (
        f"{cases:.0e} cases, {workers} workers with one core, some slow or dying as above; "
        f"{whole / 1e9:.3g} GB"
    )
    title += (
        f" and {rates.findings * cases:,.0f} files of findings with all engines that were measured"
    )
    return table(title, head, rows)


def costs(rates: Rates, cases: int, price: float) -> str:
    """Core-hours of each engine alone and of all, which share drawing, certifying and judging."""
    rows = []
    shared = rates.fixed[DRAWING] + rates.mean(None)
    for engines in (*((name,) for name in rates.engines), rates.engines):
        spent = cases * (shared + sum(rates.mean(name) for name in engines)) / 3600
        rows.append([", ".join(engines), f"{spent:,.0f}", f"{spent * price:,.0f}"])
    return table(
        f"{cases:.0e} cases at {price} per core-hour", ("engines", "core-hours", "cost"), rows
    )


def _count(given: str) -> int:
    number = int(float(given))
    if number < 1:
        raise argparse.ArgumentTypeError(f"{given}: must be 1 or more")
    return number


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--run", metavar="DIR", help="take the times of this run; default: benchmarks/rates.toml"
    )
    parser.add_argument(
        "--rates", action="store_true", help="only print the times of the run, as such a file"
    )
    parser.add_argument("--engines", help="separated by commas; default: all that were measured")
    parser.add_argument(
        "--cases", type=_count, default=10**7, help="cases in the tables that compare sizes"
    )
    parser.add_argument("--night", type=_count, default=10**8, help="cases of a whole campaign")
    parser.add_argument("--workers", type=_count, default=1000, help="workers of a whole campaign")
    parser.add_argument("--cores", type=_count, default=16, help="cores of one machine")
    parser.add_argument("--price", type=float, default=0.04, help="price of a core-hour")
    options = parser.parse_args()
    try:
        rates = read()
        rates = measured(Folder(options.run), rates) if options.run else rates
        if options.rates:
            print(text(rates), end="")
            return
        engines = tuple(options.engines.split(",")) if options.engines else rates.engines
        if unknown := [name for name in engines if name not in rates.engines]:
            raise ValueError(
                f"{', '.join(unknown)}: not measured; there are {', '.join(rates.engines)}"
            )
    except (OSError, ValueError, StoreError) as error:
        parser.exit(2, f"{error}\n")
    cases, night = options.cases, options.night
    print(f"{', '.join(engines)}; {rates.source}\n")
    print(scaling(rates, engines, cases))
    print(troubles(rates, engines, cases, options.workers))
    print(one_machine(rates, engines, options.cores))
    print(files(rates, engines, night, options.workers))
    print(costs(rates, night, options.price), end="")


if __name__ == "__main__":
    main()
