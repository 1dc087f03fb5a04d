"""What the masks of a project hold: pixels, areas and objects of each class and image."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import UnetGuiError
from unet_gui.core.progress import Progress
from unet_gui.dataset.class_files import with_missing
from unet_gui.dataset.files import write_atomic
from unet_gui.dataset.objects import MaskObjects, equivalent_diameter, find_objects

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.classes import ClassInfo
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project

_ROW: Final = (
    "image", "class_id", "class", "pixels", "share", "area", "objects", "object_area_mean",
    "object_area_median", "object_area_min", "object_area_max", "diameter_mean", "unit",
)  # fmt: skip
_OBJECT: Final = (
    "image", "class_id", "class", "object", "pixels", "area", "diameter", "center_x", "center_y",
    "left", "top", "width", "height", "at_border", "unit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of some objects, in pixels; nan without any."""

    count: int
    mean: float
    median: float
    smallest: float
    largest: float
    diameter: float

    @classmethod
    def of(cls, areas: NDArray[np.int64]) -> Sizes:
        if not areas.size:
            nan = float("nan")
            return cls(0, nan, nan, nan, nan, nan)
        return cls(
            int(areas.size),
            float(areas.mean()),
            float(np.median(areas)),
            float(areas.min()),
            float(areas.max()),
            float(equivalent_diameter(areas).mean()),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One class in one image, or in all of them.

    Attributes:
        image: Name of the image; "" for all.
        info: The class.
        pixels: How many it has.
        share: Of the labelled pixels, 0..1.
        sizes: Its objects.
    """

    image: str
    info: ClassInfo
    pixels: int
    share: float
    sizes: Sizes


@dataclass(slots=True)
class Statistics:
    """The outcome of `measure`.

    Attributes:
        rows: Class by class in each image that has a labelled pixel; only classes that occur.
        totals: Each class of the project over all images, in the project's order.
        images: How many images the project has.
        labelled_images: How many have a labelled pixel.
        pixels: Pixels of all masks.
        unlabelled: Those of them without a class.
        side: Side of a pixel in `unit`; 1 where the project does not know.
        unit: Unit of length, "px" where the project does not know.
        problems: Masks that could not be read, a sentence each.
    """

    rows: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    images: int = 0
    labelled_images: int = 0
    pixels: int = 0
    unlabelled: int = 0
    side: float = 1.0
    unit: str = "px"
    problems: list[str] = field(default_factory=list)
    objects: list[tuple[str, MaskObjects]] = field(default_factory=list, repr=False)

    @property
    def area(self) -> float:
        """How much one pixel covers, in `unit`²."""
        return self.side * self.side

    def record(self, row: Row) -> dict[str, Any]:
        """A row with its areas in `unit`², by the names of the columns."""
        sizes, area = row.sizes, self.area
        values = (
            row.image, row.info.id, row.info.name, row.pixels, row.share, row.pixels * area,
            sizes.count, sizes.mean * area, sizes.median * area, sizes.smallest * area,
            sizes.largest * area, sizes.diameter * self.side, self.unit,
        )  # fmt: skip
        return dict(zip(_ROW, values, strict=True))

    def to_json(self) -> dict[str, Any]:
        return {
            "images": self.images,
            "labelled_images": self.labelled_images,
            "pixels": self.pixels,
            "unlabelled_pixels": self.unlabelled,
            "unit": self.unit,
            "pixel_side": self.side,
            "classes": [
                {k: v for k, v in self.record(t).items() if k != "image"} for t in self.totals
            ],
        }

    def table(self) -> str:
        """The totals as lines of text."""
        square = f"{self.unit}²"
        width = max([5, *(len(t.info.name) for t in self.totals)])
        lines = [
            f"{'id':>3}  {'class':<{width}}  {'share':>7}  {f'area {square}':>14}  {'objects':>8}"
            f"  {'mean':>11}  {'median':>11}  {'diameter':>9}"
        ]
        for t in self.totals:
            r = self.record(t)
            lines.append(
                f"{t.info.id:>3}  {t.info.name:<{width}}  {t.share:7.2%}  {r['area']:14,.6g}"
                f"  {t.sizes.count:8,}  {r['object_area_mean']:11,.5g}"
                f"  {r['object_area_median']:11,.5g}  {r['diameter_mean']:9,.4g}"
            )
        left = self.unlabelled / self.pixels if self.pixels else 0.0
        lines += [
            "",
            f"{self.labelled_images} of {self.images} images have labelled pixels; "
            f"{left:.1%} of the pixels of all masks are unlabelled.",
        ]
        return "\n".join(lines)

    def write_csv(self, path: Path) -> None:
        """One line for each class in each image (UTF-8).

        Raises:
            OSError: it cannot be written.
        """
        _write_csv(path, _ROW, (self.record(r).values() for r in self.rows))

    def write_objects_csv(self, path: Path) -> None:
        """One line for each object; `measure` must have kept them.

        Raises:
            OSError: it cannot be written.
        """
        names = {t.info.id: t.info.name for t in self.totals}
        _write_csv(path, _OBJECT, self._object_lines(names))

    def _object_lines(self, names: dict[int, str]) -> Generator[Sequence[Any], None, None]:
        for image, found in self.objects:
            diameters = found.diameters * self.side
            name = names[found.class_id]
            for i, (pixels, center, box, cut) in enumerate(
                zip(found.areas, found.centers, found.boxes, found.cut, strict=True), 1
            ):
                yield (
                    image, found.class_id, name, i, int(pixels), pixels * self.area,
                    diameters[i - 1], *np.round(center * self.side, 4), *(box * self.side),
                    int(cut), self.unit,
                )  # fmt: skip


def measure(
    project: Project, entries: Sequence[ImageEntry] | None = None, *, keep_objects: bool = False
) -> Generator[Progress, None, Statistics]:
    """Count pixels and objects of the masks of a project.

    Objects are connected regions of one class, corners included. A mask that cannot be read is
    left out and reported.

    Args:
        project: The project; areas are in its `pixel_size` where it has one.
        entries: Which images; all when None.
        keep_objects: Also keep every single object, for `write_objects_csv`.
    """
    chosen = project.images if entries is None else list(entries)
    result = Statistics(images=len(chosen))
    if project.pixel_size is not None:
        result.side, result.unit = project.pixel_size
    per_class: dict[int, list[NDArray[np.int64]]] = defaultdict(list)
    pixels: dict[int, int] = defaultdict(int)
    pending: list[tuple[str, list[MaskObjects], int]] = []
    for i, entry in enumerate(chosen):
        yield Progress(i, len(chosen), entry.name)
        if project.mask_file(entry) is None:
            continue
        try:
            mask = project.load_mask(entry)
        except UnetGuiError as exc:
            result.problems.append(exc.message)
            continue
        found = find_objects(mask)
        labelled = sum(int(o.areas.sum()) for o in found)
        result.pixels += mask.size
        result.unlabelled += mask.size - labelled
        result.labelled_images += labelled > 0
        for objects in found:
            per_class[objects.class_id].append(objects.areas)
            pixels[objects.class_id] += int(objects.areas.sum())
            if keep_objects:
                result.objects.append((entry.name, objects))
        pending.append((entry.name, found, labelled))
    table = with_missing(project.classes, {*pixels} - {UNLABELLED})
    total = sum(pixels.values())
    result.rows = [
        _row(image, table[o.class_id], [o.areas], labelled)
        for image, found, labelled in pending
        for o in found
    ]
    result.totals = [_row("", info, per_class[info.id], total) for info in table]
    return result


def _row(image: str, info: ClassInfo, areas: Sequence[NDArray[np.int64]], labelled: int) -> Row:
    joined = np.concatenate(areas) if areas else np.zeros(0, np.int64)
    pixels = int(joined.sum())
    return Row(image, info, pixels, pixels / labelled if labelled else 0.0, Sizes.of(joined))


def _write_csv(path: Path, header: Sequence[str], lines: Iterable[Iterable[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for line in lines:
        writer.writerow([f"{v:.10g}" if isinstance(v, float) else v for v in line])
    data = text.getvalue().encode("utf-8", "surrogateescape")
    write_atomic(path, lambda file: file.write(data))
