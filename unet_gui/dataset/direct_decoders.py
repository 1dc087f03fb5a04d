"""Decoders that write straight into the result: quicker than Pillow, and half its memory.

Only for files of which the result is the same; all others, and whatever goes wrong, are Pillow's.
"""

from __future__ import annotations

import logging
import mmap
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.dataset.decoding import raw_mode

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from unet_gui.core.document import RgbImage

_log = logging.getLogger(__name__)

JPEG_FROM: Final = 100_000_000
"""JPEG images of this many pixels are decoded directly. Two decoders may round a value differently,
so smaller ones, whose memory is no matter, stay with Pillow."""

_CHANNELS: Final = {"RGB": 3, "L": 1}
_BAND: Final = 256
_LATE_EXIF: Final = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")


def decode(path: Path, image: Image.Image) -> RgbImage | None:
    """The pixels of a PNG or JPEG that Pillow has opened but not decoded.

    Returns:
        H×W×3 uint8 as they are stored, not turned upright; None when Pillow must do it.
    """
    decoder = _decoder(image)
    if decoder is None:
        return None
    shape = (image.height, image.width)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if image.mode == "RGB":
                pixels = np.empty((*shape, 3), np.uint8)
                decoder(data, out=pixels)
                return pixels
            return _grey_as_rgb(decoder(data, out=np.empty(shape, np.uint8)))
    except Exception as exc:  # noqa: BLE001 - Pillow decides whether the file is damaged
        _log.debug("%s was left to Pillow: %s", path, exc)
        return None


def late_exif(path: Path) -> bool:
    """Whether a PNG has metadata about the camera behind its pixels, where Pillow looks last.

    Pillow decodes all pixels to find out; this only steps over them.

    Raises:
        OSError, ValueError: the file is gone or empty.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, behind = 8, False
        while at + 8 <= len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            behind = behind or kind == b"IDAT"
            if behind and (kind == b"eXIf" or data[at + 8 : at + 30].startswith(_LATE_EXIF)):
                return True
            at += 12 + size
    return False


def _decoder(image: Image.Image) -> Any:
    import imagecodecs

    if image.mode not in _CHANNELS or getattr(image, "is_animated", False):
        return None
    if image.format == "PNG" and raw_mode(image) == image.mode:
        # With a transparent colour, or rows in seven passes, decoders differ.
        plain = "transparency" not in image.info and not image.info.get("interlace")
        return imagecodecs.spng_decode if plain else None
    if image.format == "JPEG" and image.width * image.height >= JPEG_FROM:
        return imagecodecs.jpeg_decode
    return None


def _grey_as_rgb(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> RgbImage:
    rgb = np.empty((*grey.shape, 3), np.uint8)
    for top in range(0, len(grey), _BAND):
        rgb[top : top + _BAND] = grey[top : top + _BAND, :, np.newaxis]
    return rgb
