"""Which part of the image the canvas shows, and how large: plain numbers, no widget."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

from unet_gui.core.geometry import Rect

MAX_ZOOM: Final = 64.0
FIT_MARGIN: Final = 12
STEPS: Final = (
    *(1 / 64, 1 / 48, 1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0),
)

Point = tuple[float, float]


@dataclass(slots=True)
class Viewport:
    """Maps image coordinates to the canvas and back.

    Attributes:
        width, height: the canvas in logical pixels.
        ratio: device pixels per logical pixel.
        image_width, image_height: the image in image pixels; 0 when there is none.
        zoom: device pixels per image pixel, so that 1.0 shows each pixel once on any screen.
        center: the image point in the middle of the canvas.
        fitted: the whole image is shown and shall stay so when the canvas changes its size.
    """

    width: int = 0
    height: int = 0
    ratio: float = 1.0
    image_width: int = 0
    image_height: int = 0
    zoom: float = 1.0
    center: Point = (0.0, 0.0)
    fitted: bool = True

    @property
    def scale(self) -> float:
        """Logical pixels per image pixel."""
        return self.zoom / self.ratio

    @property
    def origin(self) -> Point:
        """Where the image's corner lies on the canvas, on a whole device pixel.

        At 1:1 each image pixel then falls on one device pixel and is copied, not interpolated.
        """
        return (
            round((self.width / 2 - self.center[0] * self.scale) * self.ratio) / self.ratio,
            round((self.height / 2 - self.center[1] * self.scale) * self.ratio) / self.ratio,
        )

    @property
    def fit_zoom(self) -> float:
        """The zoom that shows the whole image with a small margin."""
        if not (self.image_width and self.image_height):
            return 1.0
        width = max(1, self.width - 2 * FIT_MARGIN) * self.ratio
        height = max(1, self.height - 2 * FIT_MARGIN) * self.ratio
        return min(width / self.image_width, height / self.image_height)

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest zoom: from a quarter of the fitted image to 64 times."""
        fit = self.fit_zoom
        return min(fit / 4, 1.0), max(fit, MAX_ZOOM)

    def set_view(self, width: int, height: int, ratio: float) -> None:
        """The canvas has another size; the image point in its middle stays there."""
        self.width, self.height, self.ratio = width, height, ratio
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
        at = at or (self.width / 2, self.height / 2)
        x, y = self.to_image(*at)
        low, high = self.limits
        self.zoom = max(low, min(high, zoom))
        self.fitted = False
        self.center = (
            x + (self.width / 2 - at[0]) / self.scale,
            y + (self.height / 2 - at[1]) / self.scale,
        )
        self._settle()

    def stepped(self, steps: int) -> float:
        """The next larger (or smaller) round zoom."""
        near = self.zoom * 1.001 if steps > 0 else self.zoom * 0.999
        if steps > 0:
            return STEPS[min(bisect_right(STEPS, near) + steps - 1, len(STEPS) - 1)]
        return STEPS[max(bisect_left(STEPS, near) + steps, 0)]

    def pan(self, dx: float, dy: float) -> None:
        """Move the image by so many logical pixels."""
        self.fitted = False
        self.center = (self.center[0] - dx / self.scale, self.center[1] - dy / self.scale)
        self._settle()

    def to_image(self, x: float, y: float) -> Point:
        """Image coordinates of a point on the canvas."""
        left, top = self.origin
        return (x - left) / self.scale, (y - top) / self.scale

    def to_view(self, x: float, y: float) -> Point:
        """Canvas coordinates of a point in the image."""
        left, top = self.origin
        return left + x * self.scale, top + y * self.scale

    def to_view_box(self, rect: Rect) -> tuple[int, int, int, int]:
        """(x, y, width, height) of the whole logical pixels that image pixels in `rect` touch."""
        (left, top), (right, bottom) = (
            self.to_view(rect.x0, rect.y0),
            self.to_view(rect.x1, rect.y1),
        )
        # One pixel more: smooth scaling lets a pixel shine a little beyond its own square.
        x, y = math.floor(left) - 1, math.floor(top) - 1
        return x, y, math.ceil(right) + 1 - x, math.ceil(bottom) + 1 - y

    def image_box(self, x: int, y: int, width: int, height: int) -> Rect:
        """The image pixels seen through a rectangle of the canvas; empty when none are."""
        (left, top), (right, bottom) = self.to_image(x, y), self.to_image(x + width, y + height)
        box = Rect(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
        return box.intersection(Rect(0, 0, self.image_width, self.image_height))

    @property
    def visible(self) -> Rect:
        """The image pixels on the canvas."""
        return self.image_box(0, 0, self.width, self.height)

    def _settle(self) -> None:
        """Keep zoom within its limits and some of the image in view."""
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
