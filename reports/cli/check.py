"""The command `check`: derivatives of a function in a Python file of the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from ad_conformance.conformance.functions.check import MODES, Place
from ad_conformance.conformance.functions.process import Asked, Finished, Refused, asked
from ad_conformance.engines.contract import Answer
from ad_conformance.reports.cli.shared import ENGINE, app, complain, engines_listed, refuse

Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE.py:FUNCTION",
        help="a function in a Python file, which is run, or package.module:function",
    ),
]


@app.command()
def check(
    function: Source,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="VALUE",
            help="the value of an argument: JSON, such as '[[1, 2], [3, 4]]', or a file .json or "
            ".npy with one value, or .npz, whose arrays are passed by name; repeat it for the next "
            "argument",
        ),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            "--engines",
            metavar="NAMES",
            help=f"engines, separated by commas; may be repeated. Each is a {ENGINE}. Default: the "
            "installed engines of the library that the function is written with",
        ),
    ] = None,
    modes: Annotated[
        str, typer.Option("--modes", help="nestings of derivatives, with commas")
    ] = ",".join(MODES),
    wrt: Annotated[
        str,
        typer.Option(
            "--wrt",
            help="names or numbers of the arguments to differentiate by, with commas; "
            "default: all positional ones",
        ),
    ] = "",
    dtype: Annotated[
        str, typer.Option("--dtype", help="float64 or float32; default: that of the arguments")
    ] = "",
    vmap: Annotated[
        bool, typer.Option("--vmap", help="also ask each mode of one lane of vmap(FUNCTION)")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="DIR", help="write the case of each finding into DIR"),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="print the table in Markdown, for an issue")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="seconds for one derivative of one engine")
    ] = 120.0,
) -> None:
    """Check derivatives of your own function, in each mode of the engines.

    The file is run, in a process of its own. Exit status 1 if a derivative is wrong, an engine
    fails or nothing could be compared, 2 if the function or a value cannot be used.
    """
    if not at:
        refuse("--at: give the value of each argument, such as --at '[1.0, 2.0]'")
    args, kwargs = _values(at)
    wanted = [int(w) if w.lstrip("-").isdigit() else w for w in wrt.split(",") if w]
    question = Asked(
        function=function,
        args=tuple(args),
        kwargs=kwargs,
        engines=engines_listed(engine, ()),
        modes=tuple(modes.split(",")),
        wrt=tuple(wanted) or None,
        dtype=dtype or None,
        vmap=vmap,
    )
    failed: dict[Place, Answer] = {}
    while True:
        found = asked(question, failed, timeout)
        if isinstance(found, Refused):
            refuse(found.reason)
        if isinstance(found, Finished):
            break
        # The engine ended the process: the others are asked in a new one.
        failed[found.place] = found.answer
    print(found.markdown if markdown else found.text)
    for name, case in found.cases.items() if save else ():
        assert save is not None
        try:
            save.mkdir(parents=True, exist_ok=True)
            (save / name).write_text(case + "\n", encoding="utf-8")
        except OSError as error:
            refuse(f"--save: {error.filename or save}: {error.strerror}")
        complain(f"wrote {save / name}")
    if found.wrong:
        raise typer.Exit(1)


def _values(given: list[str]) -> tuple[list[Any], dict[str, Any]]:
    """The positional arguments and those by name."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for text in given:
        path = Path(text)
        try:
            if text.endswith(".npz"):
                with np.load(path, allow_pickle=False) as arrays:
                    kwargs.update({name: arrays[name] for name in arrays.files})
            elif text.endswith(".npy"):
                args.append(np.load(path, allow_pickle=False))
            elif text.endswith(".json"):
                args.append(_arrays(json.loads(path.read_text(encoding="utf-8")), text))
            else:
                args.append(_arrays(json.loads(text), "--at"))
        except OSError as error:
            refuse(f"--at: {text}: {error.strerror or error}")
        except (ValueError, RecursionError) as error:
            shown = text if len(text) < 60 else f"{text[:60]} ..."
            refuse(f"--at: {shown}: neither JSON nor a file .json, .npy or .npz: {error}")
    return args, kwargs


def _arrays(document: Any, where: str) -> Any:
    """Lists of numbers as arrays of floats, objects as dictionaries."""
    if isinstance(document, dict):
        return {key: _arrays(value, f"{where}.{key}") for key, value in document.items()}
    try:
        array = np.asarray(document, dtype=float)
    except (ValueError, TypeError):
        if isinstance(document, list):
            return tuple(_arrays(value, f"{where}[{k}]") for k, value in enumerate(document))
        refuse(f"{where}: numbers, lists of numbers or objects are needed, not {document!r}")
    return array if array.ndim else float(array)
