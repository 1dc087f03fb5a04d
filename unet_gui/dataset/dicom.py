"""DICOM files through pydicom: single images and series of frames, in the values they stand for.

Values are those after the modality's rescaling (Hounsfield units of a CT), the window that the
file asks for is what is shown of them at first (DICOM PS3.3, C.7.6.3, C.11.1 and C.11.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.channels import Values
from unet_gui.dataset.decoding import check_size
from unet_gui.dataset.discovery import is_nameless_dicom

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.dataset.channels import Limits

SUFFIXES: Final = (".dcm", ".dicom")

KIND: Final = "DICOM"

HINT: Final = 'Install what reads it: pip install "unet-gui[science]"'


def is_dicom(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) or is_nameless_dicom(path)


def page_count(path: Path) -> int:
    """How many frames there are; 1 where nothing here can read the file.

    Raises:
        Exception: what pydicom raises on damaged files.
    """
    header = _header(path, "NumberOfFrames")
    return max(1, int(header.get("NumberOfFrames", 1) or 1))


def size(path: Path) -> tuple[int, int]:
    """(width, height) of each frame.

    Raises:
        ImageReadError: pydicom is not installed, or the file holds no image.
        Exception: what pydicom raises on damaged files.
    """
    header = _header(path, "Rows", "Columns")
    _check(path, header)
    return int(header.Columns), int(header.Rows)


def pixel_size(path: Path) -> tuple[float, float] | None:
    """(height, width) of a pixel in millimetres; None when it is not told."""
    header = _header(path, "PixelSpacing", "SharedFunctionalGroupsSequence")
    groups = header.get("SharedFunctionalGroupsSequence") or [header]
    measures = groups[0].get("PixelMeasuresSequence") or [header]
    spacing = measures[0].get("PixelSpacing")
    return (float(spacing[0]), float(spacing[1])) if spacing else None


def values(path: Path, page: int | None = None) -> Values:
    """The pixels of a frame.

    Args:
        path: The file.
        page: Which frame, from 0; the first when None.

    Returns:
        H×W×1 rescaled, negative where the file counts white as zero, with the limits of the
        window; or H×W×3 colours.

    Raises:
        ImageReadError: pydicom is not installed, or the file holds no image it can decode.
        Exception: what pydicom raises on damaged files.
    """
    pydicom = _library(path)
    data = pydicom.dcmread(path)
    _check(path, data)
    check_size(int(data.Columns), int(data.Rows), 8)
    frame = _decoded(pydicom, path, page or 0)
    kind = str(data.get("PhotometricInterpretation", "MONOCHROME2"))
    if kind == "PALETTE COLOR":
        colors = pydicom.pixels.apply_color_lut(frame, data)
        return Values(np.asarray(colors if colors.dtype == np.uint8 else colors >> 8, np.uint8))
    if frame.ndim == 3:
        return Values(frame)
    plane = _rescaled(pydicom, frame, data, page or 0)
    limits = _window(data, page or 0)
    if limits is not None and plane.dtype == np.uint8:
        plane = plane.astype(np.int16)  # as 8 bits it would be shown without a window
    if kind == "MONOCHROME1":
        plane = -(plane.astype(np.int32) if plane.dtype.kind in "ui" else plane)
        limits = limits and ((-limits[0][1], -limits[0][0]),)
    return Values(plane[..., np.newaxis], limits)


def _decoded(pydicom: Any, path: Path, page: int) -> NDArray[Any]:
    try:
        return np.asarray(pydicom.pixels.pixel_array(path, index=page))
    except (RuntimeError, NotImplementedError) as exc:
        raise ImageReadError(
            f"{path.name} is compressed in a way that is not known here.",
            "Save it uncompressed, or install pylibjpeg with its plugins.",
        ) from exc


def _rescaled(pydicom: Any, frame: NDArray[Any], data: Any, page: int) -> NDArray[Any]:
    group = _group(data, page, "PixelValueTransformationSequence")
    if "ModalityLUTSequence" in group:
        return np.asarray(pydicom.pixels.apply_modality_lut(frame, group))
    slope = float(group.get("RescaleSlope", 1) or 1)
    intercept = float(group.get("RescaleIntercept", 0) or 0)
    if (slope, intercept) == (1, 0):
        return frame
    if slope.is_integer() and intercept.is_integer():
        whole = frame.astype(np.int64) * int(slope) + int(intercept)
        kind = np.int16 if whole.min() >= -32768 and whole.max() <= 32767 else np.int64
        return whole.astype(kind)
    return np.asarray(frame * slope + intercept, np.float32)


def _window(data: Any, page: int) -> Limits | None:
    group = _group(data, page, "FrameVOILUTSequence")
    center, width = (_first(group.get(k)) for k in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or not width > 1:
        return None
    return ((center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2),)


def _group(data: Any, page: int, name: str) -> Any:
    """What holds the attributes of a frame: its own group, the one of all frames, or the file."""
    frames = data.get("PerFrameFunctionalGroupsSequence") or []
    shared = data.get("SharedFunctionalGroupsSequence") or []
    for group in [*frames[page : page + 1], *shared[:1]]:
        if group.get(name):
            return group.get(name)[0]
    return data


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        return float(value)
    except TypeError:
        return float(value[0]) if len(value) else None


def _check(path: Path, header: Any) -> None:
    if not header.get("Rows") or not header.get("Columns"):
        raise ImageReadError(f"{path.name} holds no image.", "Not every DICOM file is one.")


def _header(path: Path, *tags: str) -> Any:
    return _library(path).dcmread(path, stop_before_pixels=True, specific_tags=list(tags))


def _library(path: Path) -> Any:
    try:
        import pydicom
        import pydicom.pixels
    except ImportError as exc:
        raise ImageReadError(
            f"{path.name} is DICOM, which needs the package pydicom.", HINT
        ) from exc
    return pydicom
