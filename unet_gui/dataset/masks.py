"""Mask files: 8-bit palette PNG, pixel = class id, 255 = unlabelled; huge ones in tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import MaskReadError, MaskWriteError
from unet_gui.core.tiled_mask import TILE, TiledMask
from unet_gui.dataset.decoding import bands, check_size, open_image, raw_mode
from unet_gui.dataset.files import explain, write_atomic
from unet_gui.dataset.mask_png import ArrayRows, PlainPng, write_png
from unet_gui.dataset.mask_tiles import TiledMaskFile, tiled_mask_owner
from unet_gui.dataset.tiff import is_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.mask_png import Rows

OWNER_KEY: Final = "image"
"""PNG text entry: which image the mask belongs to, asked when several share one stem."""

_IDS_HINT = "A mask is an 8-bit PNG whose pixel values are class ids; 255 means unlabelled."
_PLAIN = frozenset({"P", "L", "1"})
# Pillow spreads the values of shallow grey images over 0..255; these undo it.
_SPREAD = {"L;2": 85, "L;4": 17}


@dataclass(frozen=True, slots=True)
class _Pixels:
    mode: str
    data: NDArray[Any]


def load_mask(
    path: Path, shape: tuple[int, ...] | None = None, classes: ClassTable | None = None
) -> ClassMask:
    """Read a mask.

    Palette, grey (1, 2, 4, 8 and 16 bit) and, where `classes` are given, RGB images that hold
    nothing but class colours are understood.

    Args:
        path: The mask file.
        shape: (height, width, …) that the mask must have; any when None.
        classes: For masks stored in colours.

    Returns:
        H×W uint8 of class ids, 255 = unlabelled. Ids that have no class are left as they are.

    Raises:
        MaskReadError: missing, damaged, of another size, or holding something else than ids.
    """
    plain = _read_plain(path, shape)  # first, as most are
    if plain is not None:
        return plain
    if _in_tiles(path):
        return TiledMaskFile(path, "").load(shape).snapshot().to_array()
    pixels = _read(path, shape)
    if pixels.mode in _PLAIN:
        return pixels.data
    if pixels.mode.startswith("I"):
        return _from_deep(path, pixels.data)
    if pixels.mode in {"RGB", "RGBA"}:
        return _from_colors(path, pixels.data[..., :3], classes)
    raise MaskReadError(f"{path.name} holds {pixels.mode} pixels, not class ids.", _IDS_HINT)


def load_mask_tiles(
    path: Path, shape: tuple[int, ...] | None = None, classes: ClassTable | None = None
) -> TiledMask:
    """As `load_mask`, in tiles; the usual kind of file is never in memory whole.

    Raises:
        MaskReadError: as `load_mask`.
    """
    if _in_tiles(path):
        return TiledMaskFile(path, "").load(shape)
    try:
        with path.open("rb") as file:
            png = PlainPng(file)
            if shape is None or png.shape == tuple(shape[:2]):
                return _tiles_of(png)
    except (OSError, ValueError):
        pass  # not the usual kind, or damaged: found out, and told, below
    return TiledMask.of_array(load_mask(path, shape, classes))


def save_mask(path: Path, mask: ClassMask, classes: ClassTable, *, owner: str = "") -> None:
    """Write a mask: whole or not at all, on disk when this returns.

    Args:
        path: Where to; folders on the way are made.
        mask: H×W uint8 of class ids, 255 = unlabelled.
        classes: Their colours become the palette, so that any viewer shows the mask as we do.
        owner: Name of the image it belongs to, noted inside the file.

    Raises:
        MaskWriteError: the disk is full, the folder read-only, …; an older file is as it was.
    """
    if mask.ndim != 2 or mask.dtype != np.uint8 or 0 in mask.shape:
        raise MaskWriteError(
            f"{path.name} was not written: a mask is height×width uint8, not "
            f"{mask.dtype} {'×'.join(map(str, mask.shape))}."
        )
    save_rows(path, ArrayRows(mask), classes, owner=owner)


def save_rows(path: Path, mask: Rows, classes: ClassTable, *, owner: str = "") -> None:
    """As `save_mask`, for a mask that is read a band at a time, such as a snapshot.

    Raises:
        MaskWriteError: as `save_mask`.
    """
    text = {OWNER_KEY: owner.encode("utf-8", "replace").decode("utf-8")} if owner else {}
    try:
        write_atomic(path, lambda file: write_png(file, mask, classes.palette(), text))
    except OSError as exc:
        reason, hint = explain(exc)
        raise MaskWriteError(f"{path.name} could not be saved: {reason}.", hint) from exc


def mask_owner(path: Path) -> str | None:
    """The image named inside a mask file; None when there is none or the file cannot be read."""
    try:
        if is_tiff(path):
            return tiled_mask_owner(path) or None
        with open_image(path) as image:
            owner = image.info.get(OWNER_KEY)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it names nobody
        return None
    return str(owner) if owner else None


def _in_tiles(path: Path) -> bool:
    """Whether a file is a mask in tiles, or was one before it was damaged."""
    try:
        return is_tiff(path) and tiled_mask_owner(path) is not None
    except FileNotFoundError:
        return False
    except Exception:  # noqa: BLE001 - what is wrong with it is told when it is read
        return True


def _tiles_of(png: PlainPng) -> TiledMask:
    mask = TiledMask(png.shape)
    for row, band in enumerate(png.bands()):
        for column in range(-(-png.shape[1] // TILE)):
            part = band[:, column * TILE : (column + 1) * TILE]
            mask.put((row, column), TiledMask.padded(part))
    return mask


def _read_plain(path: Path, shape: tuple[int, ...] | None) -> ClassMask | None:
    """The usual kind of mask, read without a second copy; None for all others."""
    try:
        with path.open("rb") as file:
            png = PlainPng(file)
            if shape is not None and png.shape != tuple(shape[:2]):
                return None
            check_size(png.shape[1], png.shape[0], 1)
            ids = np.empty(png.shape, np.uint8)
            top = 0
            for band in png.bands():
                ids[top : top + len(band)] = band
                top += len(band)
            return ids
    except (OSError, ValueError):
        return None  # not the usual kind, or damaged: found out, and told, by Pillow


def _read(path: Path, shape: tuple[int, ...] | None) -> _Pixels:
    try:
        with open_image(path) as image:
            if shape is not None and image.size != (shape[1], shape[0]):
                raise MaskReadError(
                    f"{path.name} is {image.width}×{image.height} pixels, "
                    f"its image {shape[1]}×{shape[0]}.",
                    "The mask may belong to another image, or one of them was resized.",
                )
            if image.format == "JPEG":
                raise MaskReadError(
                    f"{path.name} is a JPEG; its compression has changed the class ids.", _IDS_HINT
                )
            spread = _SPREAD.get(raw_mode(image), 1)
            if image.mode in _PLAIN:
                return _Pixels(image.mode, _plain_ids(image, spread))
            return _Pixels(image.mode, np.asarray(image))
    except MaskReadError:
        raise
    except FileNotFoundError as exc:
        raise MaskReadError(f"The mask {path.name} is not there.") from exc
    except Exception as exc:
        raise MaskReadError(
            f"The mask {path.name} cannot be read: it may be damaged or cut short.",
            "The file was left as it is. Restore it from a copy, or move it away to start anew.",
        ) from exc


def _plain_ids(image: Image.Image, spread: int) -> ClassMask:
    ids = np.empty((image.height, image.width), np.uint8)
    for rows, band in bands(image):
        ids[rows] = np.asarray(band)
    if spread > 1:
        ids //= np.uint8(spread)
    return ids


def _from_deep(path: Path, data: NDArray[Any]) -> ClassMask:
    low, high = int(data.min()), int(data.max())
    if low < 0 or high > UNLABELLED:
        wrong = low if low < 0 else high
        raise MaskReadError(f"{path.name} holds the value {wrong}.", f"{_IDS_HINT} Ids end at 254.")
    return data.astype(np.uint8)


def _from_colors(path: Path, data: NDArray[Any], classes: ClassTable | None) -> ClassMask:
    if classes is None:
        raise MaskReadError(f"{path.name} holds colours, not class ids.", _IDS_HINT)
    codes = data[..., 0].astype(np.int32) << 16 | data[..., 1].astype(np.int32) << 8 | data[..., 2]
    known = {int(c.color[1:], 16): c.id for c in classes}
    void = classes.palette()[UNLABELLED]
    known.setdefault(int(void[0]) << 16 | int(void[1]) << 8 | int(void[2]), UNLABELLED)
    values, inverse = np.unique(codes, return_inverse=True)
    foreign = [v for v in values.tolist() if v not in known]
    if foreign:
        raise MaskReadError(
            f"{path.name} holds the colour #{foreign[0]:06x}, which no class has.",
            "A mask in colours must use exactly the class colours, without smoothed edges. "
            + _IDS_HINT,
        )
    ids = np.array([known[v] for v in values.tolist()], np.uint8)
    return ids[inverse].reshape(codes.shape)
