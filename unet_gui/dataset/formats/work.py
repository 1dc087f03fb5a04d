"""One export on its way: what a format's `write` gets, and the only door to pixels it has.

Cropping, leaving out classes and going on where an earlier run stopped happen in here, so that no
format has to know of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unet_gui.core.progress import Progress
from unet_gui.dataset import pages
from unet_gui.dataset.files import stamp
from unet_gui.dataset.formats.journal import PARTS, Journal, fingerprint
from unet_gui.dataset.formats.opened import Opened
from unet_gui.dataset.formats.pixels import (
    Tally,
    holds_rgb,
    save_jpeg,
    save_png,
    tally_mask,
    write_jpeg,
    write_mask,
    write_png,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.class_choice import Resolved
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.project import Project

_JPEG = frozenset({".jpg", ".jpeg", ".jpe"})

_PARTS_BYTES = 64 << 20
"""So much of what is kept for the end stays in memory too."""


@dataclass(slots=True)
class Work:
    """One export on its way.

    Attributes:
        project: Whose images and masks are written.
        items: Which, under which name, in which part of the split.
        folder: The empty folder to write into.
        options: What the person chose, by key.
        survey: What the masks hold, counted beforehand.
        chosen: Which classes are exported, and the ids they get.
        tally: What happened to pixels; told in the report.
        parts: The same for each part of the split.
    """

    project: Project
    items: Sequence[Item]
    folder: Path
    options: Mapping[str, str]
    survey: Survey
    chosen: Resolved | None = None
    tally: Tally = field(default_factory=Tally)
    parts: dict[str, Tally] = field(default_factory=dict)
    journal: Journal | None = None
    _open: Opened | None = None
    _mask: tuple[str, ClassMask] | None = None
    _written: list[Path] = field(default_factory=list)
    _here: Tally = field(default_factory=Tally)
    _folders: set[Path] = field(default_factory=set)
    _parts: dict[str, str] = field(default_factory=dict)
    _room: int = _PARTS_BYTES

    @property
    def classes(self) -> ClassTable:
        """The classes that are exported."""
        return self.survey.classes

    def split(self, name: str) -> list[Item]:
        """The items of "train", "val" or "test"."""
        return [i for i in self.items if i.split == name]

    @property
    def splits(self) -> list[str]:
        """The parts of the split that have items."""
        there = {i.split for i in self.items}
        return [s for s in ("train", "val", "test") if s in there]

    def each(self, write: Callable[[Item], object]) -> Generator[Progress, None, None]:
        """Call `write` with each item; those that an earlier run has completed are skipped.

        All files that `write` makes must come from `target`, `write_*` or `keep`.
        """
        try:
            for i, item in enumerate(self.items):
                yield Progress(i, len(self.items), item.entry.name)
                key = self._fingerprint(item) if self.journal else ""
                done = self.journal.done(item.name, key) if self.journal else None
                if done is None:
                    self._written, self._here, self._mask = [], Tally(), None
                    write(item)
                    done = self._here
                    if self.journal:
                        self.journal.finish(item.name, key, self._written, done)
                self.tally.add(done)
                self.parts.setdefault(item.split, Tally()).add(done)
        finally:
            self.release()
            if self.journal is not None:
                self.journal.close()

    def release(self) -> None:
        """Close the image that crops were taken from."""
        if self._open is not None:
            self._open.close()
        self._mask = self._open = None

    def keys(self) -> Iterator[tuple[str, str]]:
        """Name and fingerprint of each item."""
        for item in self.items:
            yield item.name, self._fingerprint(item)

    # -- pixels --------------------------------------------------------------------------------

    def size(self, item: Item) -> tuple[int, int]:
        """(height, width) of what is written of the image."""
        if item.window is not None:
            return item.window.height, item.window.width
        width, height = pages.size(item.entry)
        return height, width

    def image(self, item: Item) -> RgbImage:
        """H×W×3 uint8 as the program shows it.

        Raises:
            ImageReadError: the image cannot be read.
        """
        if item.window is not None:
            return self._opened(item).image(item.window)
        return pages.read(item.entry)

    def shown(self, item: Item) -> RgbImage:
        """As `image`, and told in the report where the file holds more than that."""
        if not (pages.is_whole_file(item.entry) and holds_rgb(item.entry.path)):
            self._here.converted += 1
        return self.image(item)

    def mask(self, item: Item) -> ClassMask:
        """H×W uint8 of class ids, 255 = unlabelled. Counted in the tally; do not change it.

        Raises:
            UnetGuiError: the mask cannot be read.
        """
        if self._mask is None or self._mask[0] != item.name:
            mask = self.peek(item)
            mask.flags.writeable = False
            tally_mask(mask, self._here)
            self._mask = (item.name, mask)
        return self._mask[1]

    def peek(self, item: Item) -> ClassMask:
        """As `mask`, without counting."""
        if item.window is not None:
            mask = self._opened(item).mask(item.window)
        else:
            mask = self.project.load_mask(item.entry)
        return mask if self.chosen is None else self.chosen.apply(mask)

    def _opened(self, item: Item) -> Opened:
        """The image of a crop, kept for the next crop of it."""
        if self._open is None or self._open.entry != item.entry:
            self.release()
            self._open = Opened(self.project, item.entry)
        return self._open

    # -- files ---------------------------------------------------------------------------------

    def target(self, name: str) -> Path:
        """The file to write for this name relative to the export; its folder is there."""
        path = self.folder / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        self._written.append(path)
        return path

    def note(self, sentence: str) -> None:
        """Remember for the report that `sentence` is true of this item: "{} images …"."""
        self._here.notes[sentence] = self._here.notes.get(sentence, 0) + 1

    def write_png(self, item: Item, name: str) -> None:
        """The image as PNG without loss: the very file when it is one and upright."""
        if item.window is not None:
            save_png(self.shown(item), self.target(name))
        else:
            write_png(item.entry, self.target(name), self._here)

    def write_jpeg(self, item: Item, name: str) -> None:
        """The image as JPEG: the very file when it is one, else quality 95, 4:4:4."""
        if item.window is not None:
            save_jpeg(self.shown(item), self.target(name), item.entry.name, self._here)
        else:
            write_jpeg(item.entry, self.target(name), self._here)

    def write_image(self, item: Item, stem: str) -> str:
        """The image without loss: a JPEG as it is, anything else as PNG. Returns the name."""
        whole = item.window is None and item.entry.path.suffix.lower() in _JPEG
        suffix = ".jpg" if whole else ".png"
        name = stem + suffix
        (self.write_jpeg if suffix == ".jpg" else self.write_png)(item, name)
        return name

    def write_mask(self, item: Item, name: str, mask: ClassMask | None = None) -> None:
        """A mask (by default the item's own) as palette PNG in the colours of the classes."""
        write_mask(self.target(name), self.mask(item) if mask is None else mask, self.classes)

    def write_json(self, name: str, data: Any, *, indent: int | None = None) -> None:
        """JSON in UTF-8; names of bytes that are no UTF-8 are escaped."""
        path = self.target(name)
        try:
            encoded = json.dumps(data, ensure_ascii=False, indent=indent).encode("utf-8")
        except UnicodeEncodeError:
            encoded = json.dumps(data, indent=indent).encode("ascii")
        path.write_bytes(encoded + b"\n")

    def keep(self, item: Item, data: Any) -> None:
        """Put aside what the item adds to a file about all of them; `kept` gives it back."""
        text = json.dumps(data)
        self.target(f"{PARTS}/{item.name}.json").write_text(text, encoding="ascii")
        self._hold(item, text)

    def kept(self, split: str | None = None) -> Iterator[tuple[Item, Any]]:
        """What was kept, one item at a time in order; only of this part of the split, if any."""
        for item in self.items:
            if split is not None and item.split != split:
                continue
            text = self._parts.get(item.name)
            if text is None:
                path = self.folder / PARTS / f"{item.name}.json"
                text = path.read_text(encoding="ascii")
                self._hold(item, text)
            yield item, json.loads(text)

    def _hold(self, item: Item, text: str) -> None:
        """Opening thousands of small files again and again costs more than writing them did."""
        if len(text) <= self._room:
            self._parts[item.name] = text
            self._room -= len(text)

    def _fingerprint(self, item: Item) -> str:
        mask = self.project.mask_file(item.entry)
        return fingerprint(
            item.entry.name,
            item.split,
            stamp(item.entry.path),
            pages.view_digest(item.entry),
            mask and stamp(mask),
            sorted(self.options.items()),
            [(c.id, c.name, c.color) for c in self.classes],
            item.window and (item.window.x0, item.window.y0, item.window.x1, item.window.y1),
            None if self.chosen is None or self.chosen.lut is None else self.chosen.lut.tolist(),
        )
