"""Masks as other programs keep them in image files: grey values or colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskReadError
from unet_gui.dataset.decoding import bands, open_image
from unet_gui.dataset.formats.flat_png import flat_png
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask


_NO_CLASS: Final = 256


def table(
    values: Mapping[int, int], other: int, dtype: type[np.generic] = np.uint8
) -> NDArray[Any]:
    """256 values to look mask values up in: those given, and `other` for all that are not."""
    lut = np.full(256, other, dtype)
    for value, new in values.items():
        lut[value] = new
    return lut


def known_only(mask: ClassMask, classes: ClassTable) -> ClassMask:
    """The mask with all ids that no class has made unlabelled."""
    return table({c.id: c.id for c in classes}, UNLABELLED)[mask]


def grey_png(values: NDArray[Any]) -> bytes:
    """H×W uint8 or uint16 as grey PNG, which every reader gives back as it is."""
    return flat_png(values)


def color_png(mask: ClassMask, colors: NDArray[np.uint8]) -> bytes:
    """A mask in true colours; `colors` is 256×3 uint8 by mask value."""
    return flat_png(colors.take(mask, axis=0))


def read_values(path: Path, lut: NDArray[np.uint8], reach: int) -> ClassMask:
    """Read a grey or palette image of any depth and look its values up.

    Args:
        path: The file.
        lut: uint8, new value by value in the file.
        reach: Values from here on are not in the dataset's table.

    Raises:
        MaskReadError: it cannot be read or holds a value that the table does not know.
    """
    values = _deep(path) if len(lut) > 256 else load_mask(path)
    highest = int(values.max(initial=0))
    if highest >= reach:
        raise MaskReadError(
            f"{path.name} holds the value {highest}, which the dataset's table does not know."
        )
    return np.asarray(lut[values])


def color_table(ids: Mapping[int, int]) -> NDArray[np.uint16]:
    """Mask value by colour as 0xrrggbb; 256 where there is none. Quicker than sorting pixels."""
    lut = np.full(1 << 24, _NO_CLASS, np.uint16)
    for color, class_id in ids.items():
        lut[color] = class_id
    return lut


def read_colors(path: Path, lut: NDArray[np.uint16]) -> ClassMask:
    """Read an image in colours; `lut` is a `color_table`.

    Raises:
        MaskReadError: it cannot be read or holds a colour that is none of these.
    """
    try:
        with open_image(path) as image:
            if image.format == "JPEG":
                raise MaskReadError(f"{path.name} is a JPEG; its compression has changed colours.")
            mask = np.empty((image.height, image.width), np.uint8)
            for rows, band in bands(image):
                mask[rows] = _band_ids(path, np.asarray(band.convert("RGB")), lut)
    except MaskReadError:
        raise
    except Exception as exc:
        raise MaskReadError(f"The mask {path.name} cannot be read: it may be damaged.") from exc
    return mask


def _band_ids(path: Path, pixels: NDArray[np.uint8], lut: NDArray[np.uint16]) -> NDArray[np.uint16]:
    codes = pixels[..., 0].astype(np.int32) << 16 | pixels[..., 1].astype(np.int32) << 8
    codes |= pixels[..., 2]
    ids: NDArray[np.uint16] = lut[codes]
    if int(ids.max(initial=0)) == _NO_CLASS:
        foreign = int(codes[ids == _NO_CLASS][0])
        raise MaskReadError(
            f"{path.name} holds the colour #{foreign:06x}, which no class has.",
            "Colours must be exact, without smoothed edges; add it to the dataset's table.",
        )
    return ids


def code(rgb: tuple[int, int, int]) -> int:
    """A colour as 0xrrggbb."""
    return rgb[0] << 16 | rgb[1] << 8 | rgb[2]


def distinct_colors(classes: ClassTable) -> dict[int, tuple[int, int, int]]:
    """A colour for each class, its own where that is not black and no earlier class has it.

    Others get the nearest free one, a step of blue, green or red away: told apart by a program, not
    by the eye.
    """
    taken = {0}
    colors: dict[int, tuple[int, int, int]] = {}
    for c in sorted(classes, key=lambda c: c.id):
        free = code(c.rgb)
        while free in taken:
            free = (free + 1) % (1 << 24)
        taken.add(free)
        colors[c.id] = (free >> 16, free >> 8 & 255, free & 255)
    return colors


def _deep(path: Path) -> NDArray[Any]:
    try:
        with open_image(path) as image:
            values = np.asarray(image)
    except Exception as exc:
        raise MaskReadError(f"The mask {path.name} cannot be read: it may be damaged.") from exc
    if values.ndim != 2 or values.dtype.kind not in "ui" or int(values.min(initial=0)) < 0:
        raise MaskReadError(f"{path.name} holds no plain label values.")
    return values


def classes_data(classes: ClassTable) -> dict[str, Any]:
    """What stands in classes.json, which opening a folder understands too."""
    return {
        "format": 1,
        "unlabelled": UNLABELLED,
        "classes": [{"id": c.id, "name": c.name, "color": c.color} for c in classes],
    }
