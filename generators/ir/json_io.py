"""Documents from files: JSON is parsed and checked against declared types in one place.

A file may have been written by hand, cut short, or made to do harm. Nothing read from it is
executed, and every problem is reported in one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
#: Two messages of msgspec, reworded to name the field first. A key may hold line breaks.
_MISSING = re.compile("Object missing required field `(.*)`")
_UNKNOWN = re.compile("Object contains unknown field `(.*)`", re.DOTALL)


def parsed(text: str | bytes) -> Any:
    """The document in a JSON text.

    The standard library parses it: msgspec is faster, but reports a NaN or half of a surrogate
    pair as a syntax error at some byte.

    Raises
    ------
    ValueError
        In one line, if the text is not JSON, is nested too deeply, or has a NaN, an Infinity or
        half of a surrogate pair (which no file in UTF-8 can hold).
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


def converted(
    document: Any,
    kind: type[T],
    where: str = "",
    decode: Callable[[type, Any], Any] | None = None,
) -> T:
    """The document as an object of the type `kind`: a struct, or whatever msgspec takes.

    Parameters
    ----------
    document
        A parsed JSON or TOML document.
    kind
        The type with its bounds. Types are not coerced, except integers to floats and lists to
        tuples.
    where
        The name of the document in the message, used if the problem is not inside a field.
    decode
        Converts a value to a type that msgspec does not know; called with the type and the value.

    Raises
    ------
    ValueError
        In one line: the path of the field, such as ``steps[0].operands``, and what is wrong.
    """
    try:
        return msgspec.convert(document, kind, dec_hook=decode)
    except msgspec.ValidationError as error:
        why, _, path = str(error).rpartition(" - at `$")
        if not why:
            why, path = path, ""
        why = _MISSING.sub(r"\1 is missing", why)
        why = _UNKNOWN.sub(lambda found: f"{found[1]!r} is not a field here", why)
        field = path.removesuffix("`").lstrip(".") or where
        raise ValueError(f"{field}: {why}" if field else why) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


class _Constant(ValueError):
    """A number that Python reads in JSON although the standard does not have it."""


def _no_constant(name: str) -> float:
    raise _Constant(f"{name} is not a number that a file may hold")
