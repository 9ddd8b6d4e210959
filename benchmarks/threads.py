"""Limit all libraries to one thread. Import it before NumPy, whose thread pool reads the limit."""

from __future__ import annotations

import os
import sys

if "numpy" in sys.modules:
    raise ImportError("benchmarks.threads must be imported before NumPy")
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
