"""The pixels of a mask, whatever they are stored as, and the few facts that checks need of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.counting import histogram
from unet_gui.dataset.decoding import open_image, raw_mode
from unet_gui.dataset.mask_tiles import TILED_SUFFIX, tiled_mask_owner
from unet_gui.dataset.masks import OWNER_KEY, load_mask

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

_SPREAD: Final = {"L;2": 85, "L;4": 17}
_RARE: Final = 0.25
_BORDER: Final = 7
_KEPT: Final = 300


@dataclass(slots=True)
class MaskPixels:
    """A decoded mask.

    Attributes:
        kind: "ids" (whole numbers) or "colors" (numbers 0xrrggbb).
        values: H×W integers.
        grey: Whether ids were stored as grey RGB.
        alpha: Whether it has a transparency channel.
        palette: Colour by value, for palette images.
        owner: The image named inside the file, where this program wrote it.
        fractional: Whether it holds numbers that are not whole; they were rounded.
    """

    kind: str
    values: NDArray[Any]
    grey: bool = False
    alpha: bool = False
    palette: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    owner: str = ""
    fractional: bool = False


@dataclass(slots=True)
class MaskFacts:
    """What is kept of a mask's pixels.

    Attributes:
        kind, grey, alpha, palette, owner, fractional: as in `MaskPixels`; the palette has only
            colours in use.
        counts: Pixels by value; the most common ones of a picture with very many.
        distinct: How many values there are.
        stray: Values that are neither a class nor 255.
        thin: Whether the stray values lie only along borders, as smoothing leaves them.
        pixels: How many there are in all.
        digest: Tells masks of different content apart.
    """

    kind: str
    counts: dict[int, int]
    distinct: int
    stray: frozenset[int]
    thin: bool
    pixels: int
    digest: bytes
    grey: bool = False
    alpha: bool = False
    palette: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    owner: str = ""
    fractional: bool = False


def decode(path: Path) -> MaskPixels:
    """Decode a mask file.

    Raises:
        Exception: whatever Pillow and tifffile raise on damaged files.
    """
    tiled = tiled_mask_owner(path) if path.suffix == TILED_SUFFIX else None
    if tiled is not None:
        return MaskPixels("ids", load_mask(path), owner=tiled or path.name)
    with open_image(path) as image:
        owner = str(image.info.get(OWNER_KEY) or "")
        spread = _SPREAD.get(raw_mode(image), 1)
        mode = image.mode
        if mode == "P":
            used = image.getpalette() or []
            ids = np.asarray(image)
            colors = {
                int(v): (used[3 * v], used[3 * v + 1], used[3 * v + 2])
                for v in np.unique(ids).tolist()
                if 3 * v + 2 < len(used)
            }
            return MaskPixels("ids", ids, palette=colors, owner=owner)
        if mode == "1":
            return MaskPixels("ids", np.asarray(image).astype(np.uint8), owner=owner)
        if mode == "L":
            return MaskPixels("ids", np.asarray(image) // np.uint8(spread), owner=owner)
        if mode.startswith(("I", "F")):
            return _deep(np.asarray(image), owner)
        alpha = mode in {"LA", "La", "PA", "RGBA", "RGBa"}
        data = np.asarray(image.convert("RGBA" if alpha else "RGB"))[..., :3]
    return _colored(data, owner, alpha=alpha)


def _deep(data: NDArray[Any], owner: str) -> MaskPixels:
    if data.dtype.kind != "f":
        return MaskPixels("ids", data, owner=owner)
    finite = np.nan_to_num(data, nan=UNLABELLED, posinf=UNLABELLED, neginf=UNLABELLED)
    rounded = np.rint(finite)
    fractional = bool(np.any(rounded != finite))
    return MaskPixels("ids", rounded.astype(np.int64), owner=owner, fractional=fractional)


def _colored(data: NDArray[np.uint8], owner: str, *, alpha: bool) -> MaskPixels:
    first = data[..., 0]
    if np.array_equal(first, data[..., 1]) and np.array_equal(first, data[..., 2]):
        return MaskPixels("ids", first.copy(), grey=True, alpha=alpha, owner=owner)
    codes = data[..., 0].astype(np.int32) << 16 | data[..., 1].astype(np.int32) << 8 | data[..., 2]
    return MaskPixels("colors", codes, alpha=alpha, owner=owner)


def facts_of(pixels: MaskPixels, known: Collection[int]) -> MaskFacts:
    """Count a mask; `known` are the values, or colours, that classes have; may be empty."""
    values, counts = _count(pixels.values)
    order = np.argsort(-counts, kind="stable")
    common = {int(values[i]): int(counts[i]) for i in order[:_KEPT]}
    total = int(pixels.values.size)
    sure = _sure(common, total, known)
    stray = frozenset(common) - sure
    rare = total - sum(common[v] for v in sure & set(common))
    thin = bool(sure & set(common)) and 0 < rare <= _RARE * total and _is_thin(pixels.values, sure)
    return MaskFacts(
        kind=pixels.kind,
        counts=common,
        distinct=len(values),
        stray=stray,
        thin=thin,
        pixels=total,
        digest=_digest(pixels.values),
        grey=pixels.grey,
        alpha=pixels.alpha,
        palette=pixels.palette,
        owner=pixels.owner,
        fractional=pixels.fractional,
    )


def _count(array: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if array.dtype == np.uint8:
        counted = histogram(array)
        values = np.flatnonzero(counted)
        return values.astype(np.int64), counted[values]
    values, counts = np.unique(array, return_counts=True)
    return values.astype(np.int64), counts.astype(np.int64)


def _sure(common: dict[int, int], total: int, known: Collection[int]) -> set[int]:
    """The values that are meant: those of classes, or else the ones that cover a good part."""
    meant = {*known, UNLABELLED} if known else set()
    large = {v for v, n in common.items() if n >= 0.02 * total}
    if not meant & set(common):
        meant = large
    # 0 and 255 as the two ends of a smoothed two-class mask, whatever the classes are.
    return meant | ({0, UNLABELLED} & large)


def _is_thin(values: NDArray[Any], sure: set[int]) -> bool:
    """Whether hardly a square of `_BORDER` pixels holds nothing but values that are not meant."""
    from scipy import ndimage

    stray = ~np.isin(values, np.array(sorted(sure)))
    cores = ndimage.minimum_filter(stray, _BORDER, mode="constant", cval=0)
    return int(cores.sum()) <= 0.02 * int(stray.sum())


def _digest(values: NDArray[Any]) -> bytes:
    small = np.ascontiguousarray(values, np.uint8 if values.dtype == np.uint8 else np.int64)
    head = repr(values.shape).encode()
    return hashlib.blake2b(head + small.tobytes(), digest_size=12).digest()
