"""The installed wheel in somebody else's repository (tests/project/fresh_repository).

That repository has packages, options, fixtures and a Hypothesis profile with the names that this
project uses, runs its tests with `-W error --strict-markers`, and has its own folder on the path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.wheels import ROOT, SOURCES, built

pytestmark = pytest.mark.slow

SUITE = ("pytest", "--pyargs", "ad_conformance.conformance", "--engine=mylib.adapter:engine")
SMALL = ("--modes=F", "--signature=num_to_vec", "--examples=2")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel, and nothing else."""
    wheel, site = built(tmp_path_factory.mktemp("wheel")), tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-index", "--quiet", "--target", str(site))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    return site


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Path(__file__).parent / "fresh_repository", tmp_path / "mylib"))


def run(site: Path, repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in the repository, with the wheel and the repository on the path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["PYTHONPATH"] = f"{site}{os.pathsep}."
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_wheel_has_all_that_the_checkout_has(site: Path) -> None:
    checkout = {
        path.relative_to(ROOT)
        for name in SOURCES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".md")
    }
    folder = site / "ad_conformance"
    installed = {path.relative_to(folder) for path in folder.rglob("*") if path.suffix != ".pyc"}
    assert {str(path) for path in checkout - installed} == set()


def test_the_adapter_has_no_mistakes(site: Path, repository: Path) -> None:
    checked = run(
        site, repository, "ad_conformance.reports", "check-adapter", "mylib.adapter:engine"
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_suite_runs_from_the_wheel(site: Path, repository: Path) -> None:
    asked = run(site, repository, *SUITE, *SMALL)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert re.search(r"^mylib +F +\d+ +[1-9]", asked.stdout, re.MULTILINE)
    # The value of --engine is the suite's: the repository's own option would refuse it.
    assert "mylib.adapter:engine" not in asked.stderr


def test_the_suite_runs_from_the_wheel_on_two_workers(site: Path, repository: Path) -> None:
    pytest.importorskip("xdist")
    alone, divided = (run(site, repository, *SUITE, *SMALL, *more) for more in ((), ("-n2",)))
    assert divided.returncode == 0, divided.stdout + divided.stderr
    tables = [re.findall(r"^mylib .*$", ran.stdout, re.MULTILINE) for ran in (alone, divided)]
    assert tables[0] == tables[1] != []


def test_the_suite_finds_a_fault_of_the_library(site: Path, repository: Path) -> None:
    library = repository / "mylib" / "__init__.py"
    library.write_text(library.read_text().replace("np.cos(x.value)", "-np.cos(x.value)"))
    asked = run(site, repository, *SUITE, *SMALL, "-k", "seed_family")
    assert asked.returncode == 1
    assert "wrong" in asked.stdout


def test_the_repositorys_own_tests_see_nothing_of_the_suite(site: Path, repository: Path) -> None:
    for options in ((), ("--engine=exact",)):
        own = run(site, repository, "pytest", *options)
        assert own.returncode == 0, own.stdout + own.stderr
        assert own.stdout.splitlines()[-1].startswith("4 passed")
        assert "verdicts" not in own.stdout
    refused = run(site, repository, "pytest", "--modes=F")
    assert refused.returncode == 4
    assert "unrecognized arguments" in refused.stderr


def test_the_suite_and_the_repositorys_own_tests_run_together(site: Path, repository: Path) -> None:
    both = run(site, repository, *SUITE, *SMALL, "conformance", "-k", "seed_family or own")
    assert both.returncode == 0, both.stdout + both.stderr
    assert re.search(r"^mylib +F +\d+ +[1-9]", both.stdout, re.MULTILINE)


def test_an_engine_of_the_project_and_explore_profile(site: Path, repository: Path) -> None:
    asked = run(
        site, repository, "pytest", "--pyargs", "ad_conformance.conformance.test_generated",
        "--engine=inhouse", "--hypothesis-profile=explore", *SMALL,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert re.search(r"^profile explore, seed \d+, 2 generated cases", asked.stdout, re.MULTILINE)
