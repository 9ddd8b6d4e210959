"""Figures as SVG within the page.

They use the colours and the font of the page, their text stays text, and the same data give the
same bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import matplotlib
from ad_conformance.reports.nightly.counts import BINS_PER_DECADE, FIRST_DECADE, Accuracy, Cost
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Placeholder colours for matplotlib, with the variable of the style sheet that replaces each. No
#: library uses these colours by itself.
COLOURS: Mapping[str, str] = {
    "#010203": "var(--ink)",
    "#020304": "var(--muted)",
    "#030405": "var(--line)",
    "#040506": "var(--mark)",
    "#050607": "var(--mark-2)",
}
INK, MUTED, LINE, MARK, SECOND = COLOURS
#: Sizes in points; a point is a pixel of the page at its full size.
WIDTH, ROW, HEAD, FOOT, RIGHT = 400.0, 30.0, 6.0, 34.0, 62.0
LONGEST_NAME = 22
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ad-conformance",
    "text.parse_math": False,
    "font.size": 11.0,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


def _legible(name: str) -> str:
    """The name without characters that XML cannot hold; the end of it if it is too long."""
    short = name
    if len(name) > LONGEST_NAME:
        short = f"\N{HORIZONTAL ELLIPSIS}{name[1 - LONGEST_NAME :]}"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)


def _figure(
    name: str,
    description: str,
    rows: Sequence[str],
    draw: Callable[[Axes], None],
    label: str = "",
    right: float = RIGHT,
) -> str:
    """A figure with a row per engine, the first on top at y = 0, the next at y = 1.

    `draw` draws the marks and sets the x axis. `description` is for readers who cannot see it.
    """
    rows = [_legible(row) for row in rows]
    with matplotlib.rc_context():
        # The user may have settings for matplotlib; they must not change the page.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        height = HEAD + FOOT + ROW * len(rows)
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        figure.patch.set_visible(False)
        left = 12.0 + 6.4 * max(len(row) for row in rows)
        box = (
            left / WIDTH,
            FOOT / height,
            (WIDTH - left - right) / WIDTH,
            ROW * len(rows) / height,
        )
        axes = figure.add_axes(box)
        axes.patch.set_visible(False)
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.set_ylim(len(rows) - 0.5 + 0.1, -0.6)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        axes.set_xlabel(label)
        draw(axes)
        axes.yaxis.set_tick_params(labelcolor=INK, labelsize=11)
        written = io.BytesIO()
        figure.savefig(
            written,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _inline(written.getvalue(), name, description)


def _inline(svg: bytes, name: str, description: str) -> str:
    """The SVG as part of an HTML page: with unique ids, and without XML namespaces."""
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in list(element.attrib):
            value = element.attrib.pop(key)
            key = key.rpartition("}")[2]
            match key:
                case "id":
                    value = f"{name}-{value}"
                case "href":
                    value = f"#{name}-{value.removeprefix('#')}"
                case "clip-path":
                    value = value.replace("url(#", f"url(#{name}-")
                case "style":
                    value = _style(value)
            element.set(key, value)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    root.set("role", "img")
    root.set("aria-label", description)
    return ElementTree.tostring(root, encoding="unicode")


def _style(value: str) -> str:
    value = re.sub(r"font-family:[^;]*", "font-family: inherit", value)
    return re.sub("#[0-9a-f]{6}", lambda found: COLOURS.get(found[0], found[0]), value)


def _decades(axes: Axes, first: int, last: int, label: Callable[[int], str], step: int = 1) -> None:
    """A grid of powers of ten on a logarithmic x axis."""
    axes.set_xlim(first, last)
    axes.set_xticks(range(first, last + 1, step), [label(k) for k in range(first, last + 1, step)])
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)


def _power(k: int) -> str:
    return "1" if k == 0 else "10" + str(k).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def accuracy(rows: Sequence[Accuracy], description: str) -> str:
    """Histograms of error / tolerance by engine, with a line at the 99th percentile."""

    def draw(axes: Axes) -> None:
        for place, row in enumerate(rows):
            most = max((count for _, count in row.bins), default=1)
            xs = [(k + 0.5) / BINS_PER_DECADE for k, _ in row.bins]
            heights = [0.8 * count / most for _, count in row.bins]
            bottoms = [place + 0.4 - height for height in heights]
            axes.bar(
                xs, heights, bottom=bottoms, width=0.92 / BINS_PER_DECADE, color=MARK, linewidth=0
            )
            if row.p99 > 0:
                x = max(FIRST_DECADE, math.log10(row.p99))
                axes.plot([x, x], [place - 0.42, place + 0.42], color=INK, linewidth=1.4)
            _beside(axes, place, f"{row.exact / row.answers:.0%} exact")
        _decades(
            axes, FIRST_DECADE, 0, lambda k: ("≤ " if k == FIRST_DECADE else "") + _power(k), 2
        )

    return _figure(
        "accuracy",
        description,
        [row.engine for row in rows],
        draw,
        "error / tolerance",
        76.0,
    )


def _beside(axes: Axes, place: int, text: str) -> None:
    axes.annotate(
        text,
        (1, place),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
    )


def _seconds(k: int) -> str:
    return {-6: "1 µs", -5: "10 µs", -4: "0.1 ms", -3: "1 ms", -2: "10 ms", -1: "0.1 s"}.get(
        k, f"{10**k} s"
    )


def cost(rows: Sequence[Cost], description: str) -> str:
    """Lines from the median (a mark) to the 90th percentile: circles compile, squares run."""
    engines = list(dict.fromkeys(row.engine for row in rows))

    def draw(axes: Axes) -> None:
        seen = [math.log10(max(value, 1e-6)) for row in rows for value in (row.median, row.p90)]
        for row in rows:
            place = engines.index(row.engine) + (-0.17 if row.phase == "compile" else 0.17)
            ends = [math.log10(max(value, 1e-6)) for value in (row.median, row.p90)]
            colour, marker = (MARK, "o") if row.phase == "compile" else (SECOND, "s")
            axes.plot(ends, [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
            axes.plot(ends[:1], [place], color=colour, marker=marker, markersize=6)
        first, last = math.floor(min(seen)), math.ceil(max(seen) + 1e-9)
        _decades(axes, first, max(last, first + 1), _seconds, 2 if last - first > 4 else 1)

    return _figure("cost", description, engines, draw, "seconds per case", 20.0)


def trend(
    name: str,
    description: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    dates: tuple[str, str],
    written: Callable[[float], str],
    *,
    scale: str,
) -> str:
    """A line per engine over time, with the last value beside it.

    All engines share one scale: "from 0" to the largest value, "between" the smallest and the
    largest, or "factors" (logarithmic).
    """
    if scale == "factors":
        series = {
            engine: [(time, math.log10(max(v, 1e-6))) for time, v in points]
            for engine, points in series.items()
        }
    values = [value for points in series.values() for _, value in points]
    times = [time for points in series.values() for time, _ in points]
    low, high = (0.0 if scale == "from 0" else min(values)), max(values)
    span = (high - low) or 1.0

    def draw(axes: Axes) -> None:
        for place, points in enumerate(series.values()):
            xs = [time for time, _ in points]
            ys = [place + 0.32 - 0.62 * (value - low) / span for _, value in points]
            axes.axhline(place + 0.32, color=LINE, linewidth=0.6)
            style: dict[str, Any] = {"marker": "o", "markersize": 2.6} if len(points) < 40 else {}
            axes.plot(xs, ys, color=MARK, linewidth=1.4, clip_on=False, **style)
            axes.plot(xs[-1:], ys[-1:], color=INK, marker="o", markersize=4.2, clip_on=False)
            last = points[-1][1]
            _beside(axes, place, written(10**last if scale == "factors" else last))
        first, last = min(times), max(times)
        axes.set_xlim(first, last if last > first else first + 1)
        axes.set_xticks([first, last] if last > first else [first], dates[: 1 + (last > first)])
        ticks = axes.get_xticklabels()
        ticks[-1].set_horizontalalignment("right")
        ticks[0].set_horizontalalignment("left")

    return _figure(name, description, list(series), draw)
