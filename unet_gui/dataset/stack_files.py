"""TIFFs of many images, whose description is read once and not for every image in them.

What takes long is the series: which page is which plane. tifffile keeps it once it is read, so the
object is kept, its file closed: nothing stands in the way of whoever replaces the file.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import tifffile

from unet_gui.dataset.files import Stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEPT: Final = 4

_idle: OrderedDict[tuple[str, Stamp | None], tifffile.TiffFile] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def opened(path: Path, page: int | None) -> Iterator[tifffile.TiffFile]:
    """The file, open; described anew only when it has changed since.

    Any thread may call it; two that want the same file at a time get an object each.

    Args:
        path: The file.
        page: Which image of it is wanted; files of a single one (None) are not kept.

    Raises:
        Exception: what tifffile raises on damaged files.
    """
    key = (str(path), stamp(path))
    with _lock:
        tif = _idle.pop(key, None) if page is not None else None
    if tif is None:
        tif = tifffile.TiffFile(path)
    else:
        tif.filehandle.open()
    try:
        yield tif
    except BaseException:
        tif.close()
        raise
    tif.close()
    if page is not None:
        with _lock:
            _idle[key] = tif
            _idle.move_to_end(key)
            while len(_idle) > _KEPT:
                _idle.popitem(last=False)
