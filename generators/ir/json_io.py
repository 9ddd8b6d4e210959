"""JSON that somebody may have written by hand, or cut short: read in one place, refused in one
line.
"""

from __future__ import annotations

import json
from typing import Any


def parsed(text: str | bytes) -> Any:
    """The document in a JSON text; all of it can be written again.

    Raises ValueError in one line, also where it is nested too deeply, has a NaN or Infinity, or
    halves of characters.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not a text file in UTF-8") from None
    except UnicodeEncodeError as error:
        raise ValueError(f"{error.object[error.start]!r} is half a character") from None
    except _Constant as error:
        raise ValueError(str(error)) from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    return found


class _Constant(ValueError):
    """What Python takes for JSON and others do not."""


def _no_constant(name: str) -> float:
    raise _Constant(f"{name} is not a number that a file may hold")
