"""Images of which a file holds many, and the door through which an entry's pixels are read.

Each page, plane or frame of a stack is an image of the project: `cells.tif` with 30 planes is
`cells#001.tif` to `cells#030.tif`, their masks `cells#001.png` and so on. The numbers start at 1,
have at least three digits, and do not change when the stack grows. Where a file of such a name is
there already, one more "#" tells them apart. A file of one image keeps its name.
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from unet_gui.dataset import tiff
from unet_gui.dataset.discovery import SLICED_SUFFIXES, TIFF_SUFFIXES, split_suffix
from unet_gui.dataset.files import stamp, write_atomic
from unet_gui.dataset.image_source import image_sample, open_source
from unet_gui.dataset.images import image_size, image_values, load_image, sliced, thumbnail
from unet_gui.dataset.tiff_pages import layout_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.channels import Values
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.files import Stamp
    from unet_gui.dataset.image_source import ImageSource

_log = logging.getLogger(__name__)

MARK: Final = "#"
_MANY: Final = (*TIFF_SUFFIXES, *SLICED_SUFFIXES, ".nii.gz")
_WORTH_KEEPING: Final = 0.25
_SAMPLE: Final = 1 << 20
_SQUARE: Final = 0.01


def read(entry: ImageEntry) -> RgbImage:
    """The pixels of an image as the project shows them: H×W×3 uint8.

    Raises:
        ImageReadError: as `images.load_image`.
    """
    return load_image(entry.path, entry.page, entry.view)


def read_values(entry: ImageEntry) -> Values:
    """All channels of an image in their own values.

    Raises:
        ImageReadError: as `images.load_image`.
    """
    return image_values(entry.path, entry.page)


def sample(entry: ImageEntry) -> Values:
    """About a million pixels spread over an image, with all channels in their own values.

    Returns:
        H×W×C, smaller than the image where that is large.

    Raises:
        ImageReadError: as `images.load_image`.
    """
    return image_sample(entry.path, entry.page, _SAMPLE)


def size(entry: ImageEntry) -> tuple[int, int]:
    """(width, height) from the header alone.

    Raises:
        ImageReadError: as `images.image_size`.
    """
    return image_size(entry.path, entry.page)


def source(entry: ImageEntry, *, cache: Path | None = None) -> ImageSource:
    """The pixels of an image, read as they are looked at where it is large.

    Raises:
        ImageReadError: as `image_source.open_source`.
    """
    return open_source(entry.path, entry.page, entry.view, cache=cache)


def small(entry: ImageEntry, side: int, *, cache: Path | None = None) -> RgbImage:
    """A copy at most `side` pixels wide and high.

    Raises:
        ImageReadError: as `images.thumbnail`.
    """
    return thumbnail(entry.path, side, entry.page, entry.view, cache=cache)


def is_whole_file(entry: ImageEntry) -> bool:
    """Whether the image, as it is shown, is all that its file holds, so that a copy will do."""
    # What is copied as it is (PNG, JPEG, …) has one channel or three.
    changed = entry.view is not None and not entry.view.rows.keys().isdisjoint({1, 3})
    return entry.page is None and not changed and sliced(entry.path) is None


def view_digest(entry: ImageEntry) -> str:
    """Tells images that are shown differently apart in caches; empty when shown as ever."""
    return entry.view.digest if entry.view is not None else ""


def look(entry: ImageEntry) -> tuple[Stamp | None, str]:
    """State of an image's file and `view_digest`, for the names of what is made of its pixels.

    To be asked before the pixels are read: another thread may change how they are shown.
    """
    return stamp(entry.path), view_digest(entry)


def told_pixel_size(path: Path) -> tuple[float, str] | None:
    """Side of a pixel and its unit, where a DICOM or NIfTI file tells and pixels are square."""
    reader = sliced(path)
    try:
        sides = None if reader is None else reader.pixel_size(path)
    except Exception as exc:  # noqa: BLE001 - only a convenience; reading the pixels tells more
        _log.debug("no size of a pixel in %s: %s", path, exc)
        return None
    if sides is None or not min(sides) > 0 or max(sides) / min(sides) > 1 + _SQUARE:
        return None
    return float(sides[0]), "mm"


def page_count(path: Path) -> int:
    """How many images a file holds; 1 where it cannot be read: opening it says why."""
    try:
        reader = sliced(path)
        if reader is not None:
            return int(reader.page_count(path))
        return layout_of(path).count if tiff.is_tiff(path) else 1
    except Exception as exc:  # noqa: BLE001 - decoders raise whatever they like on damaged files
        _log.debug("not asked for its pages: %s: %s", path, exc)
        return 1


def page_name(name: str, page: int, mark: str = MARK) -> str:
    """What an image of a stack is called: "a/cells.tif", 0 → "a/cells#001.tif"."""
    stem, suffix = _split(name)
    return f"{stem}{mark}{page + 1:03}{suffix}"


def first_page_masks(listed: Sequence[tuple[str, str, int | None]], masks: Path) -> dict[str, str]:
    """Masks called like a whole stack: they belong to its first page, of which they were made.

    Args:
        listed: What `PageCounts.listed` gives.
        masks: Folder of the masks.

    Returns:
        Mask file by name of the image.
    """
    first = {name: _split(file)[0] for name, file, page in listed if page == 0}
    return {
        name: f"{stem}.png"
        for name, stem in first.items()
        if (masks / f"{stem}.png").exists() and not (masks / f"{_split(name)[0]}.png").exists()
    }


class PageCounts:
    """How many images each file holds, looked at again only when it has changed."""

    def __init__(self, file: Path) -> None:
        """Counts are kept in `file` from one time to the next, where they took a while."""
        self._file = file
        self._known: dict[str, list[int]] | None = None

    def listed(self, names: Sequence[str], folder: Path) -> Iterator[tuple[str, str, int | None]]:
        """The images in files: their name, the file's name, and the page.

        Args:
            names: Files relative to `folder`.
            folder: Where they are.
        """
        taken: set[str] = set()
        began, fresh = time.monotonic(), False
        for name in names:
            if not name.lower().endswith(_MANY) and split_suffix(name)[1]:
                yield name, name, None
                continue
            count, new = self._count(name, folder / name)
            fresh = fresh or new
            if count > 1:
                taken = taken or {n.casefold() for n in names}
                mark = _free_mark(name, count, taken)
                yield from ((page_name(name, i, mark), name, i) for i in range(count))
            else:
                yield name, name, None
        if fresh and time.monotonic() - began > _WORTH_KEEPING:
            self._keep()

    def _count(self, name: str, path: Path) -> tuple[int, bool]:
        if self._known is None:
            self._known = self._remembered()
        now = stamp(path)
        if now is None:
            return 1, False
        known = self._known.get(name)
        if known is not None and (known[0], known[1]) == now:
            return known[2], False
        count = page_count(path)
        self._known[name] = [*now, count]
        return count, True

    def _remembered(self) -> dict[str, list[int]]:
        try:
            data: Any = json.loads(self._file.read_text(encoding="utf-8"))
            return {
                name: [int(v) for v in values] for name, values in data.items() if len(values) == 3
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _keep(self) -> None:
        data = json.dumps(self._known).encode()
        try:
            write_atomic(self._file, lambda out: out.write(data), durable=False)
        except OSError as exc:
            _log.debug("numbers of pages not kept: %s", exc)


def _free_mark(name: str, count: int, taken: set[str]) -> str:
    mark = MARK
    while any(page_name(name, i, mark).casefold() in taken for i in range(count)):
        mark += MARK
    return mark


def _split(name: str) -> tuple[str, str]:
    if name.lower().endswith(".nii.gz"):
        return name[:-7], name[-7:]
    return split_suffix(name)
