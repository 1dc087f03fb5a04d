"""Reading YOLO segmentation, by the rules of Ultralytics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.errors import DatasetError
from unet_gui.core.progress import Progress
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.formats.canvas import Canvas
from unet_gui.dataset.formats.damage import damaged
from unet_gui.dataset.formats.polygons import fill_centres
from unet_gui.dataset.formats.records import ImportPlan, Record, table_of
from unet_gui.dataset.formats.uncovered import fill_for
from unet_gui.dataset.images import image_size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.formats.format import Options
    from unet_gui.dataset.formats.records import Findings

_SPLITS: Final = ("train", "val", "test")
_SAMPLED: Final = 500


def sniff(src: Path) -> float:
    """A YAML file with names and folders, or folders images and labels with text files."""
    file = _yaml_of(src)
    if file is not None:
        try:
            head = file.read_bytes()[: 1 << 16]
        except OSError:
            return 0.0
        return 0.95 if b"names:" in head and (b"train:" in head or b"val:" in head) else 0.0
    labels = src / "labels"
    return 0.6 if labels.is_dir() and any(labels.glob("**/*.txt")) else 0.0


def read(src: Path, options: Options) -> Generator[Progress, None, ImportPlan]:
    """Images of all splits with their outlines.

    Raises:
        DatasetError: no data.yaml and no folder of labels, or damaged ones.
    """
    yield Progress(0, 0, src.name)
    file = _yaml_of(src)
    root = src if src.is_dir() else src.parent
    data = _load(file) if file is not None else {}
    with damaged(file or root):
        names = _names(data, root)
        ours = data.get("unet_gui")
        ours = ours if isinstance(ours, dict) else {}
        numbers = [int(i) for i in ours.get("numbers", [])] or list(range(len(names)))
        listed = ours.get("classes") or [
            {"id": i, "name": n} for i, n in zip(numbers, names, strict=True)
        ]
        table, said = table_of((c["id"], str(c["name"]), c.get("color")) for c in listed)
        places = list(_images(data, root))
    if not places:
        raise DatasetError(f"{src} has no images with labels.", "Name the folder of data.yaml.")
    used = _used([_label_file(image) for image, _, _ in places], numbers)
    fill, table = fill_for(options, table, used, ours.get("uncovered"))
    records = [
        Record(name, image, _Mask(image, _label_file(image), numbers, fill), split)
        for image, name, split in places
    ]
    return ImportPlan("yolo", table, records, tuple(said))


def _yaml_of(src: Path) -> Path | None:
    if src.is_file():
        return src if src.suffix.lower() in {".yaml", ".yml"} else None
    for pattern in ("data.yaml", "data.yml", "dataset.yaml", "*.yaml", "*.yml"):
        if found := sorted(src.glob(pattern)):
            return found[0]
    return None


def _load(file: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError as exc:
        raise DatasetError(
            "Reading data.yaml needs PyYAML, which is not installed.",
            'Install it: pip install "unet-gui[formats]".',
        ) from exc
    with damaged(file):
        try:
            data = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError as exc:
            raise DatasetError(f"{file.name} is not YAML.") from exc
        if not isinstance(data, dict):
            raise DatasetError(f"{file.name} holds no names and folders.")
    return data


def _names(data: dict[str, Any], root: Path) -> list[str]:
    names = data.get("names")
    if isinstance(names, dict):
        numbered = {int(k): str(v) for k, v in names.items()}
        return [numbered.get(i, f"class {i}") for i in range(max(numbered, default=-1) + 1)]
    if isinstance(names, list):
        return [str(n) for n in names]
    file = root / "classes.txt"
    if file.is_file():
        return [n for n in file.read_text(encoding="utf-8").splitlines() if n.strip()]
    used = _used(sorted((root / "labels").glob("**/*.txt"))[:_SAMPLED], None)
    return [f"class {i}" for i in range(max(used, default=-1) + 1)]


def _images(data: dict[str, Any], root: Path) -> Iterator[tuple[Path, str, str]]:
    """Image, its name and its split."""
    base = root
    if isinstance(data.get("path"), str):
        base = next((p for p in (root / data["path"], root) if p.is_dir()), root)
    found = False
    seen: set[Path] = set()
    for split in _SPLITS:
        given = data.get(split)
        for place in given if isinstance(given, list) else [given]:
            for image, name in _listed(base, root, place):
                if image not in seen and _label_file(image).is_file():
                    found = True
                    seen.add(image)
                    yield image, name, split
    if not found:
        for name in image_names(root / "images") if (root / "images").is_dir() else ():
            image = root / "images" / name
            if _label_file(image).is_file():
                split = name.partition("/")[0]
                yield image, name, split if split in _SPLITS else ""


def _listed(base: Path, root: Path, place: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(place, str):
        return
    # Roboflow writes ../train/images although the folder lies beside data.yaml.
    tried = (base / place, root / place, root / place.removeprefix("../"))
    folder = next((p for p in tried if p.exists()), None)
    if folder is not None and folder.is_dir():
        for name in image_names(folder):
            yield folder / name, name
    elif folder is not None:
        for line in folder.read_text(encoding="utf-8").splitlines():
            if line.strip():
                path = (folder.parent / line.strip()).absolute()
                yield path, path.name


def _label_file(image: Path) -> Path:
    """The last folder called images becomes labels, as Ultralytics' `img2label_paths` does."""
    parts = list(image.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == "images":
            parts[i] = "labels"
            break
    return Path(*parts).with_name(f"{image.name.rpartition('.')[0]}.txt")


def _used(files: list[Path], numbers: list[int] | None) -> set[int]:
    """Classes that have objects, from some of the files."""
    step = max(1, len(files) // _SAMPLED)
    found: set[int] = set()
    for file in files[::step]:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            found.update(int(float(line.split()[0])) for line in lines if line.strip())
        except (OSError, ValueError):
            continue  # it is named when its image's turn comes
    if numbers is None:
        return found
    return {numbers[n] for n in found if 0 <= n < len(numbers)}


@dataclass(frozen=True, slots=True)
class _Mask:
    """Decodes the mask of one image when it is called."""

    image: Path
    labels: Path
    numbers: list[int]
    fill: int

    def __call__(self, findings: Findings) -> ClassMask:
        width, height = image_size(self.image)
        canvas = Canvas((height, width), self.fill)
        with damaged(self.labels):
            shapes = []
            for line in self.labels.read_text(encoding="utf-8").splitlines():
                if line.strip():
                    number, points = _parsed(line, height, width)
                    if not 0 <= number < len(self.numbers):
                        findings.skip(f"number {number}")
                        continue
                    if len(line.split()) == 5:
                        findings.note("{} objects are boxes; a box was taken for the object.")
                    shapes.append((number, *fill_centres(points)))
        # Small ones on top, as Ultralytics lays them.
        for number, rect, where in sorted(shapes, key=lambda s: -int(s[2].sum())):
            canvas.put(self.numbers[number], rect, where)
        findings.overlap(self.image.name, canvas.overlap)
        return canvas.mask()


def _parsed(line: str, height: int, width: int) -> tuple[int, NDArray[np.int64]]:
    words = line.split()
    values = np.array(words[1:], np.float64)
    if len(values) == 4:
        x, y, w, h = values
        # A box covers what is inside of it, while a line would add its border.
        low = [(x - w / 2) * width + 1e-6, (y - h / 2) * height + 1e-6]
        high = [(x + w / 2) * width - 1e-6, (y + h / 2) * height - 1e-6]
        values = np.array([*low, high[0], low[1], *high, low[0], high[1]])
        points = values.reshape(-1, 2)
    else:
        if len(values) < 6 or len(values) % 2:
            raise ValueError(f"a line of {len(words)} numbers is no outline")
        points = values.reshape(-1, 2) * (width, height)
    if not np.isfinite(points).all() or (np.abs(points) > 1 << 20).any():
        raise ValueError("coordinates far outside the image")
    return int(float(words[0])), np.trunc(points).astype(np.int64)
