"""The worker's process: it does not outlive the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from ad_conformance.engines.process.runners import WORKER

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
