"""The worker's process: its end, and how it looks for garbage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.process.runners import WORKER
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.engines.process.worker import GARBAGE
from ad_conformance.generators.scenarios.seed_programs import seed_case

#: Starts a worker as on the platform, has it sleep, and prints its process id once it does.
PARENT = f"""
import os, subprocess, sys
answers, writing = os.pipe()
code = (
    "import runpy, sys; platform, sys.argv = sys.argv[1], ['worker', sys.argv[2]];"
    "sys.platform = platform; runpy.run_path({str(WORKER)!r}, run_name='__main__')"
)
command = [sys.executable, "-c", code, sys.argv[1], str(writing)]
worker = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(writing,))
script = b"import os, time; os.write(%d, b'at work'); time.sleep(600)" % writing
worker.stdin.write(b"header:%d\\n" % len(script) + script)
worker.stdin.flush()
os.read(answers, 7)
print(worker.pid, flush=True)
worker.wait()
"""


@pytest.mark.parametrize("platform", [sys.platform, "darwin"])
def test_a_worker_at_work_ends_with_its_parent(platform: str) -> None:
    command = [sys.executable, "-c", PARENT, platform]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
        try:
            # The worker has the same standard output: its end closes the pipe.
            parent.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.kill(worker, signal.SIGKILL)
            raise


def test_imported_modules_are_not_looked_at_as_garbage() -> None:
    run = "import gc\ngot = np.array([*gc.get_threshold(), gc.get_freeze_count() > 0], dtype=float)"
    with Sandbox(replace(inhouse, name="collecting", run=run)) as sandbox:
        answer = sandbox.ask(seed_case("num_to_num", "R"))
    np.testing.assert_array_equal(answer.value, [*GARBAGE, True])
