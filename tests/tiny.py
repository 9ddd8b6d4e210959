"""A library of one function, in releases of its own, and the adapter that asks it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ad_conformance.engines.contract import Engine
from ad_conformance.generators.render.dialect import Dialect

MODULE = """\
import numpy as np

def {function}(f):
    def derivative(x):
        h = 2.0**-17  # squares of short numbers come out exactly
        return {sign}(f(x + h) - f(x - h)) / (2 * h)
    return derivative
"""

tiny = Engine(
    name="tiny",
    distribution="ad-conformance-tiny",
    module="ad_conformance_tiny",
    header="import numpy as np\nimport ad_conformance_tiny\n",
    dialect=Dialect(namespace="np", array="np.array({value})"),
    mode_transforms={"R": "ad_conformance_tiny.jacobian({f})"},
    modes="R",
)


def publish(folder: Path, release: str, sign: str = "", function: str = "jacobian") -> None:
    """Write a wheel of that release; `sign` goes before what its one function answers."""
    name = "ad_conformance_tiny"
    info = f"{name}-{release}.dist-info"
    files = {
        f"{name}.py": MODULE.format(sign=sign, function=function),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: "
        f"{release}\nRequires-Dist: numpy\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: "
        "py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{release}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)
