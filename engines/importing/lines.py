"""Lines of the user's function, as messages show them: "model.py:12: y = f(x)"."""

from __future__ import annotations

import linecache
import os
import sys
import types
from functools import lru_cache

#: Modules whose files are not the user's.
_NOT_OF_USERS = (
    *(f"ad_conformance.{name}" for name in ("generators", "engines", "conformance", "reports")),
    *("numpy", "scipy", "autograd", "jax", "jaxlib", "torch"),
)
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep


@lru_cache(maxsize=4096)
def of_user(file: str) -> bool:
    """Whether a file is neither of this project, nor of a library that is followed, nor of Python.

    Text that was executed without a file counts as the user's only if it was typed in.
    """
    if file.startswith("<"):
        return file.startswith(("<stdin", "<ipython"))
    if file.startswith(_STANDARD_LIBRARY) and "site-packages" not in file:
        return False
    files = (getattr(sys.modules.get(name), "__file__", None) for name in _NOT_OF_USERS)
    return not file.startswith(tuple(os.path.dirname(path) + os.sep for path in files if path))


def shown(file: str, number: int) -> str:
    """A line with the name of its file."""
    text = linecache.getline(file, number).strip()
    return f"{os.path.basename(file)}:{number}: {text}".removesuffix(": ")


def running() -> str:
    """The innermost line of the user that is running, "" if there is none."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and not of_user(frame.f_code.co_filename):
        frame = frame.f_back
    return "" if frame is None else shown(frame.f_code.co_filename, frame.f_lineno)


def called() -> str:
    """The function of another library that the innermost line of the user calls, "" if it is not
    in Python, such as "scipy.stats.rv_continuous.logpdf".
    """
    frame: types.FrameType | None = sys._getframe(1)
    inner = []
    while frame is not None and not of_user(frame.f_code.co_filename):
        inner.append(frame)
        frame = frame.f_back
    for one in reversed(inner) if frame is not None else ():
        module = str(one.f_globals.get("__name__", ""))
        if not module.startswith("ad_conformance."):
            return f"{module.partition('._')[0]}.{one.f_code.co_qualname}"
    return ""


def raised(error: BaseException) -> str:
    """The innermost line of the user in the traceback of an exception, "" if there is none."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if of_user(file):
            found = shown(file, trace.tb_lineno)
        trace = trace.tb_next
    return found
