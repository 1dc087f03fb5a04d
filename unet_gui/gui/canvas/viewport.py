"""Which part of the image the canvas shows, how large and how turned: plain numbers, no widget."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtGui import QTransform

from unet_gui.core.geometry import Rect

MAX_ZOOM: Final = 64.0
FIT_MARGIN: Final = 12

THINNEST: Final = 3.0
"""Logical pixels of which the shorter side of a fitted image has at least as many."""
STEPS: Final = (
    *(1 / 64, 1 / 48, 1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0),
)

Point = tuple[float, float]

_Way = tuple[float, float, float, float, float, float, float, float, float, float]
"""Where the image's corner lies on the canvas, the linear part row by row; then for the way back
cosine and sine of the turn, and logical pixels per image pixel along both axes of the image."""


@dataclass(slots=True)
class Viewport:
    """Maps image coordinates to the canvas and back.

    Attributes:
        width, height: the part of the canvas that shows the image, in logical pixels.
        ratio: device pixels per logical pixel.
        left, top: where that part begins on the canvas, in logical pixels.
        image_width, image_height: the image in image pixels; 0 when there is none.
        zoom: device pixels per image pixel, so that 1.0 shows each pixel once on any screen.
        center: the image point in the middle of the canvas.
        fitted: the whole image is shown and shall stay so when the canvas changes its size.
        rotation: how far the image is turned clockwise, in degrees, 0 ≤ rotation < 360.
        mirrored: left and right of the image are swapped before it is turned.
        thinnest: logical pixels that the shorter side of a fitted image has at least.
    """

    width: int = 0
    height: int = 0
    ratio: float = 1.0
    left: int = 0
    top: int = 0
    image_width: int = 0
    image_height: int = 0
    zoom: float = 1.0
    center: Point = (0.0, 0.0)
    fitted: bool = True
    rotation: float = 0.0
    mirrored: bool = False
    thinnest: float = THINNEST
    _known: _Way | None = field(default=None, init=False, repr=False, compare=False)
    _edges: tuple[float, float, float, float] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    _transforms: dict[float, QTransform] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def scale(self) -> float:
        """Logical pixels per image pixel."""
        return self.zoom / self.ratio

    @property
    def upright(self) -> bool:
        """The image is neither turned nor mirrored."""
        return self.rotation == 0 and not self.mirrored

    @property
    def square(self) -> bool:
        """Rows and columns of the image lie along those of the screen."""
        return self.rotation % 90 == 0

    @property
    def middle(self) -> Point:
        """The middle of what shows the image, in canvas coordinates."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def origin(self) -> Point:
        """Where the image's corner lies on the canvas, on a whole device pixel.

        At 1:1 each image pixel then falls on one device pixel and is copied, not interpolated.
        """
        way = self._way()
        return way[0], way[1]

    def transform(self, size: float = 1.0) -> QTransform:
        """From image to canvas coordinates; with a size, from pixels that wide on the image."""
        way = self._way()  # forgets those of another view
        known = self._transforms.get(size)
        if known is None:
            left, top, xx, xy, yx, yy = way[:6]
            known = QTransform(size * xx, size * yx, size * xy, size * yy, left, top)
            self._transforms[size] = known
        return known

    @property
    def fit_zoom(self) -> float:
        """The zoom that shows the whole image with a small margin.

        Of one that would be thinner than a hair, its middle part, thick enough to be seen.
        """
        whole, filling = self._fits()
        thin = min(self.image_width, self.image_height)
        return max(whole, min(self.thinnest * self.ratio / thin, filling)) if thin else whole

    def _fits(self) -> tuple[float, float]:
        """The zoom at which the image is just within the canvas, and at which it just covers it."""
        if not (self.image_width and self.image_height):
            return 1.0, 1.0
        width = max(1, self.width - 2 * FIT_MARGIN) * self.ratio
        height = max(1, self.height - 2 * FIT_MARGIN) * self.ratio
        cos, sin = (abs(v) for v in _turned(self.rotation))
        across = self.image_width * cos + self.image_height * sin
        down = self.image_width * sin + self.image_height * cos
        return min(width / across, height / down), max(width / across, height / down)

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest zoom: from a quarter of the whole image to 64 times."""
        return min(self._fits()[0] / 4, 1.0), max(self.fit_zoom, MAX_ZOOM)

    def set_view(
        self, width: int, height: int, ratio: float, *, left: int = 0, top: int = 0
    ) -> None:
        """The canvas has another size; the image point in its middle stays there."""
        self.width, self.height, self.ratio = width, height, ratio
        self.left, self.top = left, top
        self._settle()

    def set_image(self, width: int, height: int) -> None:
        """Another image: one of the same size is shown where the last one was, others fitted."""
        if (width, height) != (self.image_width, self.image_height):
            self.image_width, self.image_height = width, height
            self.fitted = True
        self._settle()

    def fit(self) -> None:
        self.fitted = True
        self._settle()

    def zoom_to(self, zoom: float, at: Point | None = None) -> None:
        """Change the zoom, keeping the image point under `at` (canvas coordinates) in place."""
        at = at or self.middle
        point = self.to_image(*at)
        low, high = self.limits
        self.zoom = max(low, min(high, zoom))
        self.fitted = False
        self._hold(point, at)

    def stepped(self, steps: int) -> float:
        """The next larger (or smaller) round zoom."""
        near = self.zoom * 1.001 if steps > 0 else self.zoom * 0.999
        if steps > 0:
            return STEPS[min(bisect_right(STEPS, near) + steps - 1, len(STEPS) - 1)]
        return STEPS[max(bisect_left(STEPS, near) + steps, 0)]

    def pan(self, dx: float, dy: float) -> None:
        """Move the image by so many logical pixels."""
        self.fitted = False
        x, y = self._back(dx, dy)
        self.center = (self.center[0] - x, self.center[1] - y)
        self._settle()

    def look_at(self, x: float, y: float) -> None:
        """Bring an image point to the middle of the canvas."""
        self.fitted = False
        self.center = (x, y)
        self._settle()

    def rotate(self, degrees: float) -> None:
        """Turn what is seen clockwise about the middle of the canvas."""
        self.rotation = (self.rotation + degrees) % 360 % 360
        self._settle()

    def mirror(self) -> None:
        """Swap left and right of what is seen."""
        # Mirroring what is turned is the same as turning what is mirrored the other way round.
        self.rotation = -self.rotation % 360
        self.mirrored = not self.mirrored
        self._settle()

    def straighten(self) -> None:
        """Neither turned nor mirrored."""
        self.rotation, self.mirrored = 0.0, False
        self._settle()

    def look_like(self, other: Viewport) -> None:
        """Same point in the middle, same zoom on the screen, turned alike; the size stays."""
        self.rotation, self.mirrored = other.rotation, other.mirrored
        self.zoom, self.center = other.scale * self.ratio, other.center
        self.fitted, self._known = False, None

    def to_image(self, x: float, y: float) -> Point:
        """Image coordinates of a point on the canvas."""
        left, top, _, _, _, _, cos, sin, across, down = self._way()
        dx, dy = x - left, y - top
        return (cos * dx + sin * dy) / across, (cos * dy - sin * dx) / down

    def to_view(self, x: float, y: float) -> Point:
        """Canvas coordinates of a point in the image."""
        left, top, xx, xy, yx, yy, _, _, _, _ = self._way()
        return left + xx * x + xy * y, top + yx * x + yy * y

    def covers(self, x: int, y: int, width: int, height: int) -> bool:
        """Whether there is nothing but image in a rectangle of the canvas; False if turned."""
        if not self.square:
            return False
        self._way()  # forgets those of another view
        if self._edges is None:
            far = self.to_view(self.image_width, self.image_height)
            self._edges = _around(self.to_view(0, 0), far)
        left, top, right, bottom = self._edges
        return left <= x and top <= y and x + width <= right and y + height <= bottom

    def to_view_box(self, rect: Rect) -> tuple[int, int, int, int]:
        """(x, y, width, height) of the whole logical pixels that image pixels in `rect` touch."""
        box = self.seen(rect)
        return box.x0, box.y0, box.width, box.height

    def seen(self, rect: Rect) -> Rect:
        """The whole logical pixels of the canvas that image pixels in `rect` touch."""
        if self.upright:
            left, top, scale = self._upright_way()
            box = (
                left + scale * rect.x0, top + scale * rect.y0,
                left + scale * rect.x1, top + scale * rect.y1,
            )  # fmt: skip
        else:
            box = _around(
                self.to_view(rect.x0, rect.y0),
                self.to_view(rect.x1, rect.y1),
                self.to_view(rect.x0, rect.y1),
                self.to_view(rect.x1, rect.y0),
            )
        # One pixel more: smooth scaling lets a pixel shine a little beyond its own square.
        x0, y0, x1, y1 = box
        return Rect(math.floor(x0) - 1, math.floor(y0) - 1, math.ceil(x1) + 1, math.ceil(y1) + 1)

    def image_box(self, x: int, y: int, width: int, height: int) -> Rect:
        """The image pixels seen through a rectangle of the canvas; empty when none are."""
        if self.upright:
            left, top, scale = self._upright_way()
            box = (
                (x - left) / scale, (y - top) / scale,
                (x + width - left) / scale, (y + height - top) / scale,
            )  # fmt: skip
        else:
            box = _around(
                self.to_image(x, y),
                self.to_image(x + width, y + height),
                self.to_image(x, y + height),
                self.to_image(x + width, y),
            )
        x0, y0, x1, y1 = box
        return Rect(
            math.floor(x0) if x0 > 0 else 0,
            math.floor(y0) if y0 > 0 else 0,
            math.ceil(x1) if x1 < self.image_width else self.image_width,
            math.ceil(y1) if y1 < self.image_height else self.image_height,
        )

    @property
    def visible(self) -> Rect:
        """The image pixels on the canvas; of a turned image, the rectangle around them."""
        return self.image_box(self.left, self.top, self.width, self.height)

    def _way(self) -> _Way:
        """The way from image to canvas; asked for some ten times with each move of a brush."""
        if self._known is None:
            self._known, self._edges = self._work_out(), None
            self._transforms.clear()
        return self._known

    def _upright_way(self) -> tuple[float, float, float]:
        """Of a view that is upright, where nearly all painting happens: corner and scale."""
        way = self._way()
        return way[0], way[1], way[9]

    def _work_out(self) -> _Way:
        cos, sin = _turned(self.rotation)
        side = -self.scale if self.mirrored else self.scale
        xx, xy, yx, yy = cos * side, -sin * self.scale, sin * side, cos * self.scale
        (x, y), (cx, cy) = self.middle, self.center
        return (
            round((x - xx * cx - xy * cy) * self.ratio) / self.ratio,
            round((y - yx * cx - yy * cy) * self.ratio) / self.ratio,
            *(xx, xy, yx, yy, cos, sin, side, self.scale),
        )  # fmt: skip

    def _back(self, dx: float, dy: float) -> Point:
        """How far in the image a way on the canvas leads."""
        cos, sin = _turned(self.rotation)
        side = -self.scale if self.mirrored else self.scale
        return (cos * dx + sin * dy) / side, (cos * dy - sin * dx) / self.scale

    def _hold(self, point: Point, at: Point) -> None:
        """Put an image point at a point of the canvas."""
        middle = self.middle
        x, y = self._back(middle[0] - at[0], middle[1] - at[1])
        self.center = (point[0] + x, point[1] + y)
        self._settle()

    def _settle(self) -> None:
        """Keep zoom within its limits and some of the image in view. After every change."""
        self._known = None
        if self.fitted:
            self.zoom = self.fit_zoom
            self.center = (self.image_width / 2, self.image_height / 2)
            return
        low, high = self.limits
        self.zoom = max(low, min(high, self.zoom))
        self.center = (
            max(0.0, min(float(self.image_width), self.center[0])),
            max(0.0, min(float(self.image_height), self.center[1])),
        )


_QUARTERS: Final = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}


def _turned(degrees: float) -> Point:
    """(cos, sin), exact for quarter turns: they must not interpolate."""
    exact = _QUARTERS.get(degrees)
    return exact or (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def _around(*points: Point) -> tuple[float, float, float, float]:
    """The box around points: left, top, right, bottom."""
    across, down = [p[0] for p in points], [p[1] for p in points]
    return min(across), min(down), max(across), max(down)
