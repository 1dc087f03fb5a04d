"""The plain values behind tools and view: what `ViewState` holds and announces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

MIN_SIZE: Final = 1
MAX_SIZE: Final = 2000


class Tool(Enum):
    """What a click or drag on the canvas does."""

    BRUSH = "brush"
    ERASER = "eraser"
    POLYGON = "polygon"
    LASSO = "lasso"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    FILL = "fill"
    WAND = "wand"
    SUPERPIXEL = "superpixel"
    EDGE = "edge"
    SMART = "smart"
    ACCEPT = "accept_region"
    PAN = "pan"


class Compare(Enum):
    """How mask and prediction are shown together."""

    OFF = "off"
    FLICKER = "flicker"
    SPLIT = "split"
    SIDE_BY_SIDE = "side_by_side"


@dataclass(frozen=True, slots=True)
class Hover:
    """The image pixel under the pointer."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """What the tools do beyond class and size.

    Attributes:
        square: the brush is a square, not a disc.
        pressure: a pen's pressure sets the brush size.
        tolerance: of the wand, 0..255 steps of colour.
        connected: the wand takes only what hangs together with the clicked pixel.
        superpixel: side of a superpixel in image pixels, 4..256.
        speck: specks of fewer pixels are removed.
        radius: pixels for smooth border, grow and shrink.
        accept_above: only pixels of at least this confidence are accepted, 0..1.
        accept_only: only this class is accepted; None accepts all.
        paint_only: only pixels of this value are painted over: a class id, 255 for unlabelled ones,
            None for all.
    """

    square: bool = False
    pressure: bool = True
    tolerance: int = 24
    connected: bool = True
    superpixel: int = 24
    speck: int = 32
    radius: int = 2
    accept_above: float = 0.0
    accept_only: int | None = None
    paint_only: int | None = None


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What the canvas shows around mask and image.

    Attributes:
        smooth: enlarged pixels are blended; otherwise each is a square.
        pixel_grid: lines between pixels at high zoom.
        rulers: along the upper and left edge.
        superpixels: borders of the superpixels while that tool is in hand.
        compare: mask and prediction beside each other.
        uncertainty: where the learner is unsure, in colour over all.
        uncertainty_opacity: of these colours, 0..1.
    """

    smooth: bool = False
    pixel_grid: bool = True
    rulers: bool = False
    superpixels: bool = True
    compare: Compare = Compare.OFF
    uncertainty: bool = False
    uncertainty_opacity: float = 0.7
