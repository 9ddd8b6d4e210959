"""Campaigns of any size on any number of workers, by simulation from measured times: how to cut
shards, what it costs.

python -m benchmarks.simulation --run DIR

A worker asks its engines side by side, each in a process that takes the shard's cases one after the
other, and one more process draws, certifies and judges. Times of the cases of one word in a shard
are drawn from a gamma distribution with the mean and the spread that were measured. What happens
when is followed event by event, of one main process, which gives out the shards, and of every
worker, which may be slow, or die.
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
    """How a campaign is laid out, and on what: `shard` in portions, `cores` of each worker, times
    in seconds.

    A part `slow` of the workers takes `factor` times as long. Each worker dies at a rate of
    `deaths` an hour and is back after `away`; what it had of its shard is kept where the journal is
    on a `shared` disk.
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
    """Seconds from begin to end, and how the workers spent theirs, all together; `cores` used of
    those there were.
    """

    makespan: float
    useful: float = 0.0
    #: Starting engines, Parquet, the way to and from the main process.
    overhead: float = 0.0
    #: Until the main process, busy with others, had a shard.
    waiting: float = 0.0
    #: What was asked in vain, and the time away.
    lost: float = 0.0
    #: With nothing left to do while others still worked.
    idle: float = 0.0
    cores: float = 0.0


def portions(cases: int) -> int:
    return -(-cases // PORTION)


def work(
    rates: Rates, engines: Sequence[str], layout: Layout, chance: np.random.Generator
) -> Array:
    """Seconds of a core that each process needs for each shard: a row per process, drawing last, a
    column per shard.
    """
    last = portions(layout.cases)
    ends = np.minimum(np.arange(0, last + layout.shard, layout.shard), last)
    ends = ends[: -(-last // layout.shard) + 1]
    drawn = np.zeros((len(engines) + 2, len(ends) - 1))
    for place, mode in enumerate(rates.modes):
        # Portions take the words in turn.
        count = np.diff((ends + len(rates.modes) - 1 - place) // len(rates.modes))
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
    """Seconds until all processes of each column are through, on so many cores that they share
    evenly.

    The last row is done before the others begin. A process has one core at most.
    """
    rows = np.sort(needs[:-1], axis=0)
    shares = np.minimum(1.0, cores / np.arange(len(rows), 0, -1))
    steps = np.diff(rows, axis=0, prepend=0.0)
    lasting: Array = needs[-1] / min(1.0, cores) + (steps / shares[:, None]).sum(axis=0)
    return lasting


def simulate(rates: Rates, engines: Sequence[str], layout: Layout, seed: int = 0) -> Outcome:
    """Follow a campaign to its end; the same seed, the same campaign."""
    chance = np.random.default_rng(seed)
    needs = work(rates, engines, layout, chance)
    lasting = elapsed(needs, layout.cores)
    slow = np.where(chance.random(layout.workers) < layout.slow, layout.factor, 1.0)
    start = rates.starting(engines)
    outcome = Outcome(0.0)
    # When each worker is free, and whether its engines are up.
    free = [(0.0, worker, False) for worker in range(layout.workers)]
    again: list[tuple[float, int, float]] = []
    following, main = 0, 0.0
    # The main process follows journals that it can read.
    serving = (
        rates.fixed["main"] + layout.shared * rates.fixed["following"] * PORTION * layout.shard
    )
    done = [0.0] * layout.workers
    while following < len(lasting) or again:
        now, worker, up = heapq.heappop(free)
        # A worker that finds nothing left waits for what another may give back.
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
        # Whoever died last may be back after the end.
        outcome.lost -= max(0.0, at - outcome.makespan)
    outcome.cores = needs.sum() / (layout.cores * layout.workers * outcome.makespan)
    return outcome


SIZES = 1, 10, 100, 1000
WORKERS = tuple(2**n for n in range(11))
#: Of a night's machines: some are slower by half, and all die now and then, as those do that cost
#: little.
SLOW, FACTOR, DEATHS = 0.05, 1.5, 0.1


def hours(seconds: float) -> str:
    return f"{seconds / 3600:.3g} h"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [
        f"### {title}",
        "",
        f"| {' | '.join(head)} |",
        f"| {' | '.join(['---:'] * len(head))} |",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def scaling(rates: Rates, engines: Sequence[str], cases: int) -> str:
    """Makespans by shard size and workers, with the share of all time in which workers ask."""
    rows = []
    for workers in WORKERS:
        row = [str(workers)]
        for size in SIZES:
            done = simulate(rates, engines, Layout(cases, workers, size))
            row.append(f"{hours(done.makespan)}, {done.useful / workers / done.makespan:.1%}")
        rows.append(row)
    head = "workers", *(f"{size} portion{'s' * (size > 1)} a shard" for size in SIZES)
    return table(
        f"{cases:.0e} cases: how long, and the share of it in which workers ask", head, rows
    )


def troubles(rates: Rates, engines: Sequence[str], cases: int, workers: int) -> str:
    """What is lost by shard size: to waiting for the last, and to workers that die."""
    rows = []
    for size in SIZES:
        calm = Layout(cases, workers, size)
        slow = simulate(rates, engines, replace(calm, slow=SLOW, factor=FACTOR))
        warmup_point, shared = (
            simulate(rates, engines, replace(calm, deaths=DEATHS, shared=kept))
            for kept in (False, True)
        )
        row = [slow.idle, warmup_point.lost, shared.lost]
        spans = [slow.makespan, warmup_point.makespan, shared.makespan]
        rows.append(
            [
                str(size),
                *(f"{part / workers / span:.2%}" for part, span in zip(row, spans, strict=True)),
            ]
        )
    head = (
        "portions a shard",
        "idle at the end",
        "lost with workers",
        "the same, journals on a shared disk",
    )
    told = f"{SLOW:.0%} slower by {FACTOR - 1:.0%}, or one in {1 / DEATHS:.0f} dead an hour"
    return table(f"{workers} workers, {cases:.0e} cases; {told}", head, rows)


def one_machine(rates: Rates, engines: Sequence[str], cores: int) -> str:
    """More and more workers on the cores of one machine: engines of one worker wait for each other,
    others do not.
    """
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
    head = "workers", "cases a second", "of that with half as many", "of the cores used"
    return table(f"One machine with {cores} cores", head, rows)


def files(rates: Rates, engines: Sequence[str], cases: int, workers: int) -> str:
    """What a campaign leaves behind, by shard size."""
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
        "portions a shard",
        "files of tables",
        "a shard",
        "memory of a worker",
        "how long",
        "asking",
    )
    title = (
        f"{cases:.0e} cases, {workers} workers of a core each, troubled as above; "
        f"{whole / 1e9:.3g} GB"
    )
    title += (
        f" and {rates.findings * cases:,.0f} files of findings, if all are asked that were measured"
    )
    return table(title, head, rows)


def costs(rates: Rates, cases: int, price: float) -> str:
    """Core-hours by engines: each alone, and all together, which share the drawing, the truth and
    the judging.
    """
    rows = []
    shared = rates.fixed[DRAWING] + rates.mean(None)
    for engines in (*((name,) for name in rates.engines), rates.engines):
        spent = cases * (shared + sum(rates.mean(name) for name in engines)) / 3600
        rows.append([", ".join(engines), f"{spent:,.0f}", f"{spent * price:,.0f}"])
    return table(
        f"{cases:.0e} cases at {price} a core-hour", ("engines", "core-hours", "cost"), rows
    )


def _count(given: str) -> int:
    number = int(float(given))
    if number < 1:
        raise argparse.ArgumentTypeError(f"{given}: one at least is needed")
    return number


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--run", metavar="DIR", help="a run whose times are taken; default: benchmarks/rates.toml"
    )
    parser.add_argument(
        "--rates", action="store_true", help="print the run's times as such a file, and no more"
    )
    parser.add_argument("--engines", help="separated by commas; default: all that were measured")
    parser.add_argument("--cases", type=_count, default=10**7, help="of the tables that compare")
    parser.add_argument("--night", type=_count, default=10**8, help="cases of a night")
    parser.add_argument("--workers", type=_count, default=1000, help="of a night")
    parser.add_argument("--cores", type=_count, default=16, help="of one machine")
    parser.add_argument("--price", type=float, default=0.04, help="of a core-hour")
    options = parser.parse_args()
    try:
        rates = read()
        rates = measured(Folder(options.run), rates) if options.run else rates
        if options.rates:
            print(text(rates), end="")
            return
        engines = tuple(options.engines.split(",")) if options.engines else rates.engines
        if unknown := [name for name in engines if name not in rates.engines]:
            raise ValueError(f"{', '.join(unknown)}: measured were {', '.join(rates.engines)}")
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
