"""Thumbnails kept on disk, so that a folder of large images shows at once the second time."""

from __future__ import annotations

import hashlib
import io
import logging
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, PngImagePlugin

from unet_gui.dataset.files import stamp, write_atomic
from unet_gui.dataset.pages import small, view_digest

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.entries import ImageEntry

_log = logging.getLogger(__name__)


def cached_thumbnail(entry: ImageEntry, side: int, folder: Path) -> RgbImage:
    """`pages.small` with a memory in `folder`; a folder that cannot be written is no matter.

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
    made = small(entry, side, cache=folder.parent / "overviews")
    _store(cached, made, version)
    return made


def _store(cached: Path, small: RgbImage, version: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("stamp", version)
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "PNG", compress_level=1, pnginfo=info)
    try:
        write_atomic(cached, lambda file: file.write(buffer.getvalue()), durable=False)
    except OSError as exc:
        _log.debug("thumbnail not kept: %s", exc)
