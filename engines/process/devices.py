"""Checks of adapters whose engine needs a device: the reason why it cannot be asked here."""

from __future__ import annotations

#: What drivers make when they are loaded: NVIDIA's, AMD's, and that of Windows for Linux.
DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def nvidia_or_amd(statements: str) -> str:
    """The `device_check` of an engine on a device that PyTorch and JAX call CUDA.

    Without a driver it takes some milliseconds, since it does not import the engine. With one,
    `statements` ask the engine itself; they may use `sys` and end with `sys.exit(reason)`.
    """
    return (
        f"import os, sys\nif not any(map(os.path.exists, {DRIVERS})):\n"
        f"    sys.exit('no CUDA device')\n{statements}\n"
    )
