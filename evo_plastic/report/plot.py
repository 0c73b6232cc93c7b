"""Line charts as SVG: a frame with labelled axes, lines and bands in the units of the data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.report.markup import Markup, join, minus, tag

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 60, 10, 44
_TICKS = 5
_FEW = 25
"""So few points are marked: the line between them could hide them, or be of no length."""


@dataclass(frozen=True)
class Axes:
    """Maps data to a picture of WIDTH × HEIGHT; ranges are (low, high) and not empty."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low), 1)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return round(
            HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low), 1
        )

    def frame(self, x_label: str, y_label: str) -> Markup:
        left, right, bottom = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM
        parts = []
        for tick in ticks(*self.y_range):
            y = self.y(tick)
            parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
            text = minus(f"{tick:g}")
            parts.append(tag("text", text, x=left - 7, y=y + 4, class_="tick end"))
        for tick in ticks(*self.x_range):
            text = f"{tick:,.0f}"
            parts.append(tag("text", text, x=self.x(tick), y=bottom + 17, class_="tick middle"))
        middle = (_TOP + bottom) / 2
        turned = f"rotate(-90 13 {middle})"
        parts += [
            tag("line", x1=left, x2=right, y1=bottom, y2=bottom, class_="axis"),
            tag("text", x_label, x=(left + right) / 2, y=HEIGHT - 8, class_="label middle"),
            tag("text", y_label, x=13, y=middle, transform=turned, class_="label middle"),
        ]
        return join(parts)

    def level(self, value: float, name: str) -> Markup:
        """A dashed line across, its name in the margin at the right."""
        y = self.y(value)
        line = tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="level")
        return join([line, tag("text", name, x=WIDTH - _RIGHT + 6, y=y + 4, class_="tick")])

    def line(self, x: Floats, y: Floats, colour: str, **attributes: str) -> Markup:
        """colour: of the stroke, as CSS; a gap where ``y`` is no number."""
        drawn = tag("path", d=self._path(x, y), class_="line", style=f"stroke: {colour}")
        return tag("g", drawn, *self._marks(x, y, colour), **attributes)

    def band(self, x: Floats, low: Floats, high: Floats, colour: str) -> Markup:
        """Between two lines of finite numbers."""
        there, back = self._path(x, high), self._path(x[::-1], low[::-1])
        outline = f"{there}L{back[1:]}Z"
        return tag("path", d=outline, class_="band", style=f"fill: {colour}")

    def _path(self, x: Floats, y: Floats) -> str:
        parts, pen = [], "M"
        for value, height in zip(x.tolist(), y.tolist(), strict=True):
            if math.isfinite(height):
                parts.append(f"{pen}{self.x(value):g},{self.y(height):g}")
            pen = "L" if math.isfinite(height) else "M"
        return "".join(parts)

    def _marks(self, x: Floats, y: Floats, colour: str) -> list[Markup]:
        if len(x) > _FEW:
            return []
        finite = np.isfinite(y)
        pairs = zip(x[finite].tolist(), y[finite].tolist(), strict=True)
        style = f"fill: {colour}"
        return [tag("circle", cx=self.x(a), cy=self.y(b), r=2.6, style=style) for a, b in pairs]


def picture(name: str, *parts: Markup) -> Markup:
    """The whole chart; name: what a screen reader says it is."""
    box = f"0 0 {WIDTH} {HEIGHT}"
    return tag("svg", *parts, viewBox=box, class_="chart", role="img", aria_label=name)


def ticks(low: float, high: float) -> list[float]:
    """About ``_TICKS`` round numbers from ``low`` to ``high``."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    # Multiples of a whole number of digits: 3 · 0.1 would print as 0.30000000000000004.
    digits = max(0, -math.floor(math.log10(step)))
    return [round(number * step, digits) for number in range(first, last + 1)]


def span(values: Sequence[Floats], margin: float = 0.04) -> tuple[float, float]:
    """From the least to the greatest finite number of all, with a margin; never empty."""
    every = np.concatenate([np.ravel(value) for value in values])
    finite = every[np.isfinite(every)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    room = margin * (high - low) or 0.5
    return float(low - room), float(high + room)
