"""The simulation of campaigns: what it must say where the answer is known without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ad_conformance.generators.strategies.sampling import PORTION
from ad_conformance.reports.campaign.store import StoreError

from benchmarks.rates import DRAWING, RECORDED, Rates, measured, read, text
from benchmarks.simulation import Layout, Outcome, elapsed, simulate
from tests import made_runs

#: Engines of 2 and of 200 ms, and no time but theirs.
NOTHING = {
    DRAWING: 0.0,
    "main": 0.0,
    "following": 0.0,
    "shard": 0.0,
    "start-fast": 0.0,
    "start-slow": 0.0,
}
EXACT = Rates(
    "made",
    ("R",),
    {"fast": {"R": (0.002, 0.0)}, "slow": {"R": (0.2, 0.0)}, "harness": {"R": (0.0, 0.0)}},
    NOTHING,
    {"cases": 1.0},
    {},
    0.0,
)
SLOW = ("slow",)
#: Seconds of a portion.
LONG = 0.2 * PORTION


def spent(done: Outcome, workers: int) -> float:
    """What the parts come to, over what they must come to."""
    parts = done.useful + done.overhead + done.waiting + done.lost + done.idle
    return parts / (workers * done.makespan)


def test_one_worker_takes_the_sum() -> None:
    fixed = {**NOTHING, DRAWING: 0.001, "shard": 0.5, "main": 0.25, "start-slow": 3.0}
    done = simulate(replace(EXACT, fixed=fixed), SLOW, Layout(50 * PORTION, 1, 10))
    assert done.useful == pytest.approx(50 * (LONG + 0.001 * PORTION))
    assert done.makespan == pytest.approx(done.useful + 3.0 + 5 * 0.75)
    assert done.overhead == pytest.approx(3.0 + 5 * 0.75)


def test_without_noise_twice_the_workers_take_half_the_time() -> None:
    for workers in (1, 2, 4, 64):
        done = simulate(EXACT, SLOW, Layout(640 * PORTION, workers, 10))
        assert done.makespan == pytest.approx(640 * LONG / workers)
        assert done.cores == pytest.approx(1.0)
    # The last shards are whole ones: 64 among 48 workers take two turns.
    done = simulate(EXACT, SLOW, Layout(640 * PORTION, 48, 10))
    assert done.makespan == pytest.approx(20 * LONG)
    assert done.idle == pytest.approx(32 * 10 * LONG)


def test_a_cut_last_shard_is_no_whole_one() -> None:
    done = simulate(EXACT, SLOW, Layout(11 * PORTION, 1, 10))
    assert done.makespan == pytest.approx(11 * LONG)


def test_the_fast_engine_waits_for_the_slow_one() -> None:
    both = np.array([[0.2], [20.0], [0.0]])
    assert elapsed(both, 2.0) == pytest.approx([20.0])
    # Each has half a core until the fast one is through.
    assert elapsed(both, 1.0) == pytest.approx([20.2])
    assert elapsed(np.array([[1.0], [1.0], [1.0], [4.0]]), 2.0) == pytest.approx([4.0 + 1.5])
    layout = Layout(100 * PORTION, 1, 10)
    assert simulate(EXACT, ("fast", "slow"), replace(layout, cores=2.0)).cores == pytest.approx(
        0.202 / 0.4
    )
    assert simulate(EXACT, ("fast", "slow"), layout).cores == pytest.approx(1.0)


def test_a_lost_worker_costs_what_it_must() -> None:
    layout = Layout(200 * PORTION, 1, 10, deaths=5.0, away=60.0)
    kept = simulate(EXACT, SLOW, replace(layout, shared=True))
    assert kept.useful == pytest.approx(200 * LONG)
    times = kept.lost / 60.0
    assert times > 2
    assert times == pytest.approx(round(times))
    assert kept.makespan == pytest.approx(kept.useful + kept.lost)
    # Elsewhere, what it had of the shard too: half of one, on average, and less than a whole.
    gone = simulate(EXACT, SLOW, layout)
    assert gone.useful == pytest.approx(200 * LONG)
    assert gone.lost > kept.lost
    assert gone.makespan == pytest.approx(gone.useful + gone.lost)


def test_stragglers_are_waited_for() -> None:
    done = simulate(EXACT, SLOW, Layout(80 * PORTION, 8, 10, slow=0.5, factor=3.0), seed=1)
    assert done.makespan == pytest.approx(30 * LONG)
    assert done.idle >= 20 * LONG


def test_a_busy_main_process_is_the_bound() -> None:
    rates = replace(EXACT, fixed={**NOTHING, "main": LONG})
    done = simulate(rates, SLOW, Layout(500 * PORTION, 100, 1))
    assert done.makespan == pytest.approx(500 * LONG, rel=0.01)
    assert done.waiting > 0.85 * 100 * done.makespan
    followed = replace(EXACT, fixed={**NOTHING, "following": 0.2})
    done = simulate(followed, SLOW, Layout(500 * PORTION, 100, 1, shared=True))
    assert done.makespan == pytest.approx(500 * LONG, rel=0.01)


@pytest.mark.parametrize("shared", [True, False])
def test_simulation_accounts_for_every_second(shared: bool) -> None:
    rates = read()
    layout = Layout(10**6, 64, 10, slow=0.2, factor=2.0, deaths=0.5, shared=shared)
    done = simulate(rates, rates.engines, layout, seed=3)
    assert spent(done, 64) == pytest.approx(1.0)
    assert simulate(rates, rates.engines, layout, seed=3) == done
    assert simulate(rates, rates.engines, layout, seed=4) != done


def test_simulated_spread_equals_the_spread_of_the_rates() -> None:
    rates = replace(EXACT, cases={**EXACT.cases, "slow": {"R": (0.2, 0.6)}})
    spans = [
        simulate(rates, SLOW, Layout(100 * PORTION, 1, 1), seed).makespan for seed in range(400)
    ]
    assert np.mean(spans) == pytest.approx(100 * LONG, rel=0.01)
    assert np.std(spans) == pytest.approx(0.6 * np.sqrt(100 * PORTION), rel=0.15)


def test_rates_of_a_run(tmp_path: Path) -> None:
    rates = measured(made_runs.write(tmp_path / "run"), EXACT)
    assert rates.modes == ("R", "FF")
    assert rates.of("inhouse", "R") == pytest.approx((0.0015, 0.0))
    assert rates.of("torch", "FF")[0] == pytest.approx(1.5 * 0.002 * np.mean(range(21, 31)))
    assert rates.of(None, "FF") == pytest.approx((0.12, 0.0))
    assert rates.fixed[DRAWING] == pytest.approx(1 / 30)
    recorded = tmp_path / "rates.toml"
    recorded.write_text(text(rates))
    assert text(read(recorded)) == text(rates)


def test_malformed_rates_are_refused(tmp_path: Path) -> None:
    spoilt = tmp_path / "rates.toml"
    for found, other in (
        ("[cases.harness]", "[cases.other]"),
        ("R = [", "R = 1 # ["),
        ("[fixed]", "[mixed]"),
    ):
        spoilt.write_text(RECORDED.read_text().replace(found, other))
        with pytest.raises(ValueError, match=r"rates\.toml"):
            read(spoilt)
    folder = made_runs.write(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text(
        folder.read("run.json").decode().replace('"FF"', '"RRR"')
    )
    with pytest.raises(StoreError, match="no generated case of RRR"):
        measured(folder, EXACT)
