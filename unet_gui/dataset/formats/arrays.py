"""Images and masks that lie as arrays inside other files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from unet_gui.core.errors import DatasetError, MaskReadError
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import classes_from_ids, find_classes
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.mask_counts import count

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.records import Record


def image_suffix(shape: Sequence[int], dtype: np.dtype[Any]) -> str:
    """The suffix of a file that holds such an image without loss."""
    plain = dtype == np.uint8 and (len(shape) == 2 or (len(shape) == 3 and shape[2] in {3, 4}))
    return ".png" if plain else ".tif"


def image_bytes(pixels: NDArray[Any]) -> bytes:
    """The image as a file of the kind that `image_suffix` says.

    Args:
        pixels: H×W or H×W×C of any number type.

    Raises:
        DatasetError: it is no image.
    """
    if pixels.ndim not in {2, 3} or 0 in pixels.shape or pixels.dtype.kind not in "uifb":
        raise DatasetError(f"An array of {pixels.shape} {pixels.dtype} is no image.")
    buffer = io.BytesIO()
    if image_suffix(pixels.shape, pixels.dtype) == ".png":
        Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
    else:
        plain = np.asarray(pixels, np.uint8) * 255 if pixels.dtype == np.bool_ else pixels
        rgb = pixels.ndim == 3 and pixels.shape[2] == 3
        tifffile.imwrite(
            buffer,
            plain,
            photometric="rgb" if rgb else "minisblack",
            planarconfig="contig" if pixels.ndim == 3 else None,
            metadata=None,
        )
    return buffer.getvalue()


def to_mask(values: NDArray[Any], source: str) -> ClassMask:
    """An array as a mask.

    Raises:
        MaskReadError: it has more axes, or values outside 0..255.
    """
    values = values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    if values.ndim != 2 or values.dtype.kind not in "uib" or not values.size:
        raise MaskReadError(f"{source} holds no class ids but {values.shape} {values.dtype}.")
    if int(values.min()) < 0 or int(values.max()) > 255:
        raise MaskReadError(
            f"{source} holds the value {int(values.max())}.",
            "Class ids go from 0 to 254; 255 is unlabelled. Are these numbers of single objects?",
        )
    return np.ascontiguousarray(values, np.uint8)


def classes_of(folder: Path, records: Sequence[Record]) -> Generator[Progress, None, ClassTable]:
    """The classes of a file beside the dataset, or else one for each value in the masks.

    Raises:
        MaskReadError: there is no file and a mask cannot be read.
    """
    found = find_classes(folder)
    if found is not None:
        return found
    ids: set[int] = set()
    for i, record in enumerate(records):
        yield Progress(i, len(records), record.name)
        if record.mask is not None:
            ids.update(count(record.mask(Findings())))
    return classes_from_ids(ids)
