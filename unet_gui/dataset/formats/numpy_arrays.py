"""NumPy: an .npz an image, or one stack of all.

    <split>/<name>.npz                        image (H×W×3 uint8), mask (H×W uint8)    layout=files
    <split>_images.npy, <split>_masks.npy     N×H×W×3, N×H×W uint8                     layout=stack
    classes.json                              ids, names and colours
    names.json                                names by split, in the order of the stack

255 is unlabelled. A stack can be opened with `numpy.load(…, mmap_mode="r")`. Read, too, are .npz
files with other common names of the arrays, and a folder with images.npy and masks.npy.
"""

from __future__ import annotations

import json
import struct
import tokenize
import zipfile
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.errors import DatasetError, ExportError, MaskReadError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats.arrays import classes_of, image_bytes, image_suffix, to_mask
from unet_gui.dataset.formats.format import Format, Option
from unet_gui.dataset.formats.label_images import classes_data
from unet_gui.dataset.formats.records import ImportPlan, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.records import Findings
    from unet_gui.dataset.formats.work import Work

_SPLITS: Final = ("train", "val", "test")
_IMAGE_KEYS: Final = ("image", "images", "img", "x", "data", "arr_0")
_MASK_KEYS: Final = ("mask", "masks", "label", "labels", "y", "seg", "annotation", "gt", "arr_1")


# -- writing ---------------------------------------------------------------------------------------

_DAMAGE: Final = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SyntaxError,
    OverflowError,
    MemoryError,
    RuntimeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
)
"""What numpy and zipfile raise on files that are broken."""


def write(work: Work) -> Generator[Progress, None, None]:
    """Write arrays.

    Raises:
        ExportError: images of several sizes do not make a stack.
        UnetGuiError: an image or mask cannot be read or written.
        OSError: the disk is full, ….
    """
    if work.options["layout"] == "stack":
        yield from _write_stack(work)
    else:
        yield from work.spread(_file_writer)
    work.write_json("classes.json", classes_data(work.classes), indent=2)
    names = {split: [i.name for i in work.split(split)] for split in work.splits}
    work.write_json("names.json", names, indent=2)


def _file_writer(work: Work) -> Callable[[Item], None]:
    save = np.savez_compressed if work.options["compressed"] == "yes" else np.savez

    def one(item: Item) -> None:
        target = work.target(f"{item.split}/{item.name}.npz")
        save(target, image=work.shown(item), mask=work.mask(item))

    return one


def _write_stack(work: Work) -> Generator[Progress, None, None]:
    # One file for all cannot be gone on with: a stack that was stopped starts anew.
    work.journal = None
    height, width = yield from _one_size(work)
    stacks: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
    places: dict[str, int] = {}
    for split in work.splits:
        items = work.split(split)
        places |= {item.name: i for i, item in enumerate(items)}
        stacks[split] = (
            _new(work, f"{split}_images.npy", (len(items), height, width, 3)),
            _new(work, f"{split}_masks.npy", (len(items), height, width)),
        )

    def one(item: Item) -> None:
        images, masks = stacks[item.split]
        images[places[item.name]] = work.shown(item)
        masks[places[item.name]] = work.mask(item)

    yield from work.each(one)


def _new(work: Work, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    made: NDArray[np.uint8] = np.lib.format.open_memmap(
        work.target(name), mode="w+", dtype=np.uint8, shape=shape
    )
    return made


def _one_size(work: Work) -> Generator[Progress, None, tuple[int, int]]:
    sizes: dict[tuple[int, int], str] = {}
    for i, item in enumerate(work.items):
        if i % 100 == 0:
            yield Progress(0, len(work.items), item.entry.name)
        sizes.setdefault(work.size(item), item.entry.name)
        if len(sizes) > 1:
            (first, second) = (
                f"{name} is {size[1]}×{size[0]} pixels" for size, name in sizes.items()
            )
            raise ExportError(
                f"A stack holds images of one size: {first}, {second}.",
                "Write a file an image (--set layout=files), or crops of one size.",
            )
    return next(iter(sizes))


# -- reading ---------------------------------------------------------------------------------------


def read(path: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Look through a folder of .npz files or stacks.

    Raises:
        DatasetError: there are none.
    """
    yield Progress(0, 0, path.name)
    records = [*_stack_records(path)]
    files = sorted(path.rglob("*.npz"))
    for i, file in enumerate(files):
        if i % 100 == 0:
            yield Progress(i, len(files), file.name)
        records.append(_file_record(path, file))
    if not records:
        raise DatasetError(
            f"There are no arrays in {path}.", "They are .npz files, or images.npy and masks.npy."
        )
    classes = yield from classes_of(path, records)
    return ImportPlan("numpy", classes, records)


def sniff(path: Path) -> float:
    """Stacks, or .npz files and nothing better."""
    if not path.is_dir():
        return 0.0
    if any(_stacks(path)):
        return 0.9
    return 0.7 if any(any(folder.glob("*.npz")) for folder in _folders(path)) else 0.0


def _folders(path: Path) -> list[Path]:
    return [path, *(path / split for split in _SPLITS)]


def _stacks(path: Path) -> Iterator[tuple[str, Path, Path]]:
    for split in (*_SPLITS, ""):
        prefix = f"{split}_" if split else ""
        images, masks = path / f"{prefix}images.npy", path / f"{prefix}masks.npy"
        if images.is_file() and masks.is_file():
            yield split, images, masks


def _stack_records(path: Path) -> Iterator[Record]:
    for split, images, masks in _stacks(path):
        shapes = _open(images), _open(masks)
        number = len(shapes[0])
        if len(shapes[1]) != number:
            raise DatasetError(
                f"{images.name} holds {number} images, {masks.name} {len(shapes[1])}."
            )
        names = _names(path, split, number)
        suffix = image_suffix(shapes[0].shape[1:], shapes[0].dtype)
        for i, name in enumerate(names):
            yield Record(
                name + suffix,
                images,
                partial(_stacked_mask, masks, i),
                split,
                content=partial(_stacked_image, images, i),
            )


def _names(path: Path, split: str, number: int) -> list[str]:
    try:
        names = json.loads((path / "names.json").read_text(encoding="utf-8"))[split]
        if len(names) == number:
            return [str(n) for n in names]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return [f"{split or 'image'}_{i:06}" for i in range(number)]


def _file_record(path: Path, file: Path) -> Record:
    arrays = _headers(file)
    image = next((k for k in _IMAGE_KEYS if k in arrays), None)
    mask = next((k for k in _MASK_KEYS if k in arrays), None)
    if image is None:
        raise DatasetError(
            f"{file.name} holds no image but {', '.join(arrays) or 'nothing'}.",
            "The arrays are called image and mask.",
        )
    part = file.relative_to(path).parts[0]
    return Record(
        file.stem + image_suffix(*arrays[image]),
        file,
        None if mask is None else partial(_zipped_mask, file, mask),
        part if part in _SPLITS else "",
        content=partial(_zipped_image, file, image),
    )


def _headers(file: Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Shape and type of each array, without reading the pixels."""
    found = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    version = np.lib.format.read_magic(member)
                    header = (
                        np.lib.format.read_array_header_1_0
                        if version == (1, 0)
                        else np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = header(member)
                    found[name.removesuffix(".npy")] = (shape, dtype)
    except _DAMAGE as exc:
        raise DatasetError(f"{file.name} cannot be read: it may be damaged.") from exc
    return found


def _open(file: Path) -> NDArray[Any]:
    try:
        stack: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except _DAMAGE as exc:
        raise DatasetError(f"{file.name} cannot be read: {exc}.") from exc
    if stack.ndim not in {3, 4}:
        raise DatasetError(f"{file.name} is no stack of images: its shape is {stack.shape}.")
    return stack


def _stacked_image(file: Path, i: int) -> bytes:
    return image_bytes(np.asarray(_open(file)[i]))


def _stacked_mask(file: Path, i: int, findings: Findings) -> ClassMask:
    return to_mask(np.asarray(_open(file)[i]), file.name)


def _zipped_image(file: Path, key: str) -> bytes:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return image_bytes(arrays[key])
    except _DAMAGE as exc:
        raise DatasetError(f"{file.name} cannot be read: it may be damaged.") from exc


def _zipped_mask(file: Path, key: str, findings: Findings) -> ClassMask:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return to_mask(arrays[key], file.name)
    except _DAMAGE as exc:
        raise MaskReadError(f"{file.name} cannot be read: it may be damaged.") from exc


FORMAT = Format(
    key="numpy",
    title="NumPy arrays",
    description="An .npz an image, or one .npy stack of all images and one of all masks; nothing "
    "is lost.",
    write=write,
    read=read,
    sniff=sniff,
    options=(
        Option("layout", ("files", "stack"), "An .npz an image, or one stack of all."),
        Option("compressed", ("yes", "no"), "Whether .npz files are compressed."),
    ),
)
