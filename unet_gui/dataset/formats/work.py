"""One export on its way: what a format's `write` gets, and the only door to pixels it has.

Cropping, leaving out classes, going on where an earlier run stopped and taking over files that are
already what is wanted happen in here, so that no format has to know of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from unet_gui.core.progress import Progress
from unet_gui.dataset import pages
from unet_gui.dataset.files import stamp
from unet_gui.dataset.formats.journal import Done, Journal, fingerprint
from unet_gui.dataset.formats.opened import MaskSource, Opened
from unet_gui.dataset.formats.output import Output, Parts, Written, read_whole
from unet_gui.dataset.formats.pixels import (
    Tally,
    holds_rgb,
    jpeg_bytes,
    mask_bytes,
    palette_of,
    png_bytes,
    png_of,
)
from unet_gui.dataset.formats.verbatim import verbatim
from unet_gui.dataset.mask_counts import count
from unet_gui.dataset.mask_png import repainted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.dataset.class_choice import Resolved
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.formats.survey import Survey

    Writer = Callable[["Work"], Callable[[Item], object]]
    Several = Callable[["Work", Writer, Sequence[Item]], Generator["Outcome | None", None, None]]

_IN_MEMORY = 64 << 20
_JPEG = frozenset({".jpg", ".jpeg", ".jpe"})


class Outcome(NamedTuple):
    """What was written of one item.

    Attributes:
        files: Its files, by name.
        tally: What happened to its pixels.
        part: What it adds to a file about all items, as JSON; None for nothing.
    """

    files: dict[str, Written]
    tally: Tally
    part: str | None


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
        journal: What an earlier run has completed; None where this one cannot be gone on with.
        summed: Whether checksums of the files are wanted.
        several: Writes items by several processes; None where one must do.
        said: What the person should know about how it went, a sentence each.
        output: Where files go.
    """

    project: MaskSource
    items: Sequence[Item]
    folder: Path
    options: Mapping[str, str]
    survey: Survey
    chosen: Resolved | None = None
    tally: Tally = field(default_factory=Tally)
    parts: dict[str, Tally] = field(default_factory=dict)
    journal: Journal | None = None
    summed: bool = True
    several: Several | None = None
    said: list[str] = field(default_factory=list)
    output: Output = field(init=False)
    _kept: Parts = field(init=False)
    _open: Opened | None = None
    _mask: ClassMask | None = None
    _part: str | None = None
    _shape: tuple[int, int] | None = None
    _counted: bool = False
    _here: Tally = field(default_factory=Tally)
    _keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.output = Output(self.folder, sums=self.summed)
        self._kept = Parts(self.folder)
        if self.journal is not None:
            self.journal.clear(self.keys())
            self._kept.places = self.journal.parts()

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
        return self._gathered(lambda items: (self.write(write, i) for i in items))

    def spread(self, writer: Writer) -> Generator[Progress, None, None]:
        """As `each`, by several processes where that pays.

        Args:
            writer: A function of a module, which makes the `write` of `each` for a `Work`, in each
                process anew: items must not need what others have left behind.
        """
        if self.several is None:
            return self.each(writer(self))
        return self._gathered(partial(self.several, self, writer))

    def _gathered(
        self, outcomes: Callable[[Sequence[Item]], Generator[Outcome | None, None, None]]
    ) -> Generator[Progress, None, None]:
        earlier = {i.name: tally for i in self.items if (tally := self._earlier(i)) is not None}
        made = outcomes([i for i in self.items if i.name not in earlier])
        try:
            for i, item in enumerate(self.items):
                yield Progress(i, len(self.items), item.entry.name)
                tally = earlier.get(item.name)
                if tally is None:
                    while (outcome := next(made)) is None:  # another process is still at it
                        yield Progress(i, len(self.items), item.entry.name)
                    self._finish(item, outcome)
                    tally = outcome.tally
                self.tally.add(tally)
                self.parts.setdefault(item.split, Tally()).add(tally)
        finally:
            made.close()
            self.release()
            self._kept.close()
            if self.journal is not None:
                self.journal.close()

    def write(self, write: Callable[[Item], object], item: Item) -> Outcome:
        """Write one item."""
        self.output.begin()
        self._here, self._mask, self._shape, self._part = Tally(), None, None, None
        self._counted = False
        write(item)
        return Outcome(self.output.settled(), self._here, self._part)

    def _earlier(self, item: Item) -> Tally | None:
        if self.journal is None:
            return None
        done = self.journal.done(item.name, self._key(item))
        if done is None:
            return None
        self.output.known(done.files.items())
        return done.tally

    def _finish(self, item: Item, outcome: Outcome) -> None:
        self.output.known(outcome.files.items())
        if outcome.part is not None:
            self._kept.add(item.name, outcome.part)
        if self.journal is None:
            return
        part = self._kept.places.get(item.name)
        done = Done(self._key(item), outcome.files, outcome.tally, part)
        if self.journal.finish(item.name, done):
            self._kept.flush()
            self.journal.flush()

    def release(self) -> None:
        """Close the image that crops were taken from."""
        if self._open is not None:
            self._open.close()
        self._mask = self._open = None

    def keys(self) -> Iterator[tuple[str, str]]:
        """Name and fingerprint of each item."""
        for item in self.items:
            yield item.name, self._key(item)

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
        if self._mask is None:
            mask = self._mask = self.peek(item, self._shape)
            mask.flags.writeable = False
            if not self._counted:
                self._here.count(count(mask))
                self._counted = True
        return self._mask

    def peek(self, item: Item, shape: tuple[int, int] | None = None) -> ClassMask:
        """As `mask`, without counting; `shape` is (height, width) of the image where known."""
        if item.window is not None:
            mask = self._opened(item).mask(item.window)
        else:
            mask = self.project.load_mask(item.entry, shape)
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
        return self.output.target(name)

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file by this name relative to the export."""
        self.output.write(name, data)

    def note(self, sentence: str) -> None:
        """Remember for the report that `sentence` is true of this item: "{} images …"."""
        self._here.notes[sentence] = self._here.notes.get(sentence, 0) + 1

    def write_png(self, item: Item, name: str) -> None:
        """The image as PNG without loss: the very file when it is one and upright."""
        if item.window is not None:
            self.write_bytes(name, png_bytes(Image.fromarray(self.shown(item))))
        elif not self._take_over(item, name, "PNG"):
            self.write_bytes(name, png_of(item.entry, self._here))

    def write_jpeg(self, item: Item, name: str) -> None:
        """The image as JPEG: the very file when it is one, else quality 95, 4:4:4."""
        if item.window is not None:
            self.write_bytes(name, jpeg_bytes(self.shown(item), item.entry.name, self._here))
        elif not self._take_over(item, name, "JPEG"):
            self.write_bytes(name, jpeg_bytes(self.image(item), item.entry.name, self._here))

    def _take_over(self, item: Item, name: str, kind: str) -> bool:
        """Copy the very file of an image, if that is of this kind and upright."""
        found = verbatim(item.entry.path, kind) if pages.is_whole_file(item.entry) else None
        if found is None:
            return False
        self._shape = found.shape
        if found.data is None:
            self.output.copy(name, item.entry.path)
        else:
            self.write_bytes(name, found.data)
        return True

    def write_image(self, item: Item, stem: str) -> str:
        """The image without loss: a JPEG as it is, anything else as PNG. Returns the name."""
        whole = item.window is None and item.entry.path.suffix.lower() in _JPEG
        suffix = ".jpg" if whole else ".png"
        name = stem + suffix
        (self.write_jpeg if suffix == ".jpg" else self.write_png)(item, name)
        return name

    def write_mask(self, item: Item, name: str, mask: ClassMask | None = None) -> None:
        """A mask (by default the item's own) as palette PNG in the colours of the classes."""
        data = self._mask_file(item) if mask is None else None
        if data is None:
            data = mask_bytes(self.mask(item) if mask is None else mask, self.classes)
        self.write_bytes(name, data)

    def _mask_file(self, item: Item) -> bytes | None:
        """The mask's own file in the colours of the classes, where no pixel of it has to change."""
        changed = self.chosen is not None and self.chosen.lut is not None
        path = None if changed or item.window else self.project.mask_file(item.entry)
        if path is None:
            return None
        shape = self._shape or self.size(item)
        try:
            file = read_whole(path, _IN_MEMORY)
        except OSError:
            return None
        data = None if file is None else repainted(file, shape, palette_of(self.classes))
        if data is not None and not self._counted:
            # Counted from the pixels of just this file, so it can be decoded.
            self._here.count(self.project.mask_counts(item.entry))
            self._counted = True
        return data

    def write_json(self, name: str, data: Any, *, indent: int | None = None) -> None:
        """JSON in UTF-8; names of bytes that are no UTF-8 are escaped."""
        try:
            encoded = json.dumps(data, ensure_ascii=False, indent=indent).encode("utf-8")
        except UnicodeEncodeError:
            encoded = json.dumps(data, indent=indent).encode("ascii")
        self.write_bytes(name, encoded + b"\n")

    def keep(self, item: Item, data: Any) -> None:
        """Put aside what the item adds to a file about all of them; `kept` gives it back."""
        self._part = json.dumps(data)

    def kept(self, split: str | None = None) -> Iterator[tuple[Item, Any]]:
        """What was kept, one item at a time in order; only of this part of the split, if any."""
        items = [i for i in self.items if split is None or i.split == split]
        lines = self._kept.lines(i.name for i in items)
        return ((item, json.loads(line)) for item, line in zip(items, lines, strict=True))

    def _key(self, item: Item) -> str:
        """Equal when everything that an item's files are made from is equal."""
        if not self._keys:
            lut = None if self.chosen is None or self.chosen.lut is None else self.chosen.lut
            self._keys[""] = fingerprint(
                sorted(self.options.items()),
                [(c.id, c.name, c.color) for c in self.classes],
                None if lut is None else lut.tolist(),
            )
        key = self._keys.get(f"/{item.name}")
        if key is None:
            mask, window = self.project.mask_file(item.entry), item.window
            key = self._keys[f"/{item.name}"] = fingerprint(
                self._keys[""],
                item.entry.name,
                item.split,
                stamp(item.entry.path),
                pages.view_digest(item.entry),
                mask and stamp(mask),
                window and (window.x0, window.y0, window.x1, window.y1),
            )
        return key
