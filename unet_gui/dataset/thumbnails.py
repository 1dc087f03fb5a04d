"""Thumbnails kept on disk, so that a folder of large images shows at once the second time."""

from __future__ import annotations

import hashlib
import io
import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.files import stamp, write_atomic
from unet_gui.dataset.pages import small, view_digest

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.channel_view import ChannelView
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.image_source import ImageSource

_log = logging.getLogger(__name__)


class Held(NamedTuple):
    """An image that is open.

    Attributes:
        source: its pixels.
        view: how its channels are shown in them.
    """

    source: ImageSource
    view: ChannelView | None


def cached_thumbnail(
    entry: ImageEntry, side: int, folder: Path, held: Held | None = None
) -> RgbImage:
    """`pages.small` with a memory in `folder`; a folder that cannot be written is no matter.

    Args:
        entry: the image.
        side: the longer side, at most.
        folder: where thumbnails are kept.
        held: its pixels if it is open, so that nothing needs to be decoded again.

    Raises:
        ImageReadError: as `images.load_image`.
    """
    path = entry.path
    place = str(path) if entry.page is None else f"{path}#{entry.page}"
    key = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    cached = folder / f"{key}-{side}.png"
    version = repr(stamp(path)) + view_digest(entry)
    try:
        with Image.open(cached) as image:
            if image.info.get("stamp") == version:
                return np.array(image.convert("RGB"))
    except Exception as exc:  # noqa: BLE001 - a cache is never worth an error
        _log.debug("no thumbnail of %s yet: %s", path, exc)
    # Asked after the version is known: the view may change at any time.
    if held is not None and held.source.resident and held.view is entry.view:
        made = _of_levels(held.source, side)
    else:
        made = small(entry, side, cache=folder.parent / "overviews")
    _store(cached, made, version)
    return made


def _of_levels(source: ImageSource, side: int) -> RgbImage:
    """Of an image in memory, whose levels are made now if they are not yet."""
    drain(source.build_levels())
    enough = [k for k in range(source.levels) if max(source.level_shape(k)) >= 2 * side]
    level = enough[-1] if enough else 0
    pixels = source.read(Rect.of_shape(source.level_shape(level)), level)
    shrunk = Image.fromarray(pixels)
    shrunk.thumbnail((side, side), Image.Resampling.BOX)
    return np.array(shrunk)


def _store(cached: Path, small: RgbImage, version: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("stamp", version)
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "PNG", compress_level=1, pnginfo=info)
    try:
        write_atomic(cached, lambda file: file.write(buffer.getvalue()), durable=False)
    except OSError as exc:
        _log.debug("thumbnail not kept: %s", exc)
