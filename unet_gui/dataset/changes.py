"""Noticing masks that other programs change, add or remove while a project is open.

There may be a hundred thousand of them, so a look costs about the same however many there are:

* images that are open or were used lately are looked at each time;
* a folder whose modification time has changed is listed, because files appear, go, or are replaced
  in it, as most programs save; our own writes are known and cause no listing at once;
* of all others a slice is looked at each time, which finds what was written in place.

A file counts as unchanged while its time and size are; when those differ but the content is what
this program last read or wrote, it is unchanged too.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from unet_gui.dataset.files import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.files import Stamp
    from unet_gui.dataset.project import Project

_SUFFIXES: Final = (".png", ".tif")
_RECENT: Final = 64
_SLICE: Final = 1000
_RELIST_EVERY: Final = 20
_HASHED: Final = 16 << 20


class MaskWatch:
    """Tells which images' masks were changed by somebody else. Any thread may call it."""

    def __init__(self, project: Project, *, slice_size: int = _SLICE) -> None:
        """Begin to watch; what lies on disk now is taken as known.

        Args:
            project: The project; images that `refresh` finds later are watched too.
            slice_size: How many of the masks that nobody uses are looked at each time.
        """
        self._project = project
        self._slice = slice_size
        self._lock = Lock()
        self._began = time.time_ns()
        self._images: list[ImageEntry] | None = None
        self._by_place: dict[str, ImageEntry] = {}
        self._folders: dict[str, int] = {}
        self._names: dict[str, set[str]] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self._digests: dict[str, bytes] = {}
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._relist: set[str] = set()
        self._polls = 0
        self._sweep: Iterator[str] = iter(())
        self._ours = str(project.masks_dir)
        self._behind = None if project.masks_behind is None else str(project.masks_behind)
        for folder in filter(None, (self._ours, self._behind)):
            self._list_new(folder)

    def note_written(self, entry: ImageEntry) -> None:
        """The program has just saved this image's mask, or removed it."""
        with self._lock:
            for place in self._forms(entry):
                self._remember(place)
            folder = os.path.dirname(entry.mask_place)  # noqa: PTH120 - text all along
            for above in self._up_to_root(folder):
                self._folders[above] = _modified(above)
                self._relist.add(above)
            name = entry.mask_place.rpartition(os.sep)[2]
            if self._stamps.get(entry.mask_place) is not None:
                self._names.setdefault(folder, set()).add(name)

    def note_read(self, entry: ImageEntry) -> None:
        """The program has just read this image's mask, so it is looked at often from now on."""
        with self._lock:
            for place in self._forms(entry):
                self._remember(place)

    def poll(self) -> list[ImageEntry]:
        """Images whose mask was changed, added or removed since the last look.

        Returns:
            Each once, in the project's order. `Project.mask_file` tells whether it is gone.
        """
        with self._lock:
            self._polls += 1
            self._take_in_images()
            places = set(self._changed_folders())
            for place in [*self._recent, *self._next_slice()]:
                if self._is_changed(place):
                    places.add(place)
            found = {self._by_place[p].name for p in places if self._counts(p)}
            if not found:
                return []
            return [e for e in self._project.images if e.name in found]

    def _take_in_images(self) -> None:
        images = self._project.images
        if images is self._images:
            return
        self._images = images
        self._by_place = {place: e for e in images for place in self._forms(e)}

    def _forms(self, entry: ImageEntry) -> list[str]:
        """Where an image's mask may be: a PNG, or tiles in a TIFF, also of a read-only folder."""
        place = entry.mask_place
        forms = [place, f"{place.rpartition('.')[0]}{_SUFFIXES[1]}"]
        if self._behind is not None:
            forms += [self._behind + form.removeprefix(self._ours) for form in forms]
        return forms

    def _counts(self, place: str) -> bool:
        """Whether a file is the mask of an image, and not one that ours stands in front of."""
        entry = self._by_place.get(place)
        if entry is None or place.startswith(self._ours):
            return entry is not None
        file = self._project.mask_file(entry)
        return file is None or str(file).startswith(self._behind or "")

    def _changed_folders(self) -> Iterator[str]:
        """Masks that are new, gone or replaced in the folders that have changed."""
        due = self._relist if self._polls % _RELIST_EVERY == 0 else set()
        for folder, known in list(self._folders.items()):
            now = _modified(folder)
            if now == known and folder not in due:
                continue
            self._folders[folder] = now
            self._relist.discard(folder)
            yield from self._look_through(folder)

    def _look_through(self, folder: str) -> Iterator[str]:
        files, subfolders = _listed(folder)
        before = self._names.get(folder, set())
        self._names[folder] = files
        for name in files | before:
            place = os.path.join(folder, name)  # noqa: PTH118
            if name not in before and place not in self._stamps:
                self._stamps[place] = stamp(Path(place))
                yield place
            elif self._is_changed(place):
                yield place
        for name in subfolders:
            inside = os.path.join(folder, name)  # noqa: PTH118
            if inside not in self._folders:
                self._folders[inside] = _modified(inside)
                yield from self._look_through(inside)

    def _list_new(self, folder: str) -> None:
        """Take a folder and those below as they are."""
        self._folders[folder] = _modified(folder)
        self._names[folder], subfolders = _listed(folder)
        for name in subfolders:
            self._list_new(os.path.join(folder, name))  # noqa: PTH118

    def _next_slice(self) -> list[str]:
        chosen = []
        for place in self._sweep:
            chosen.append(place)
            if len(chosen) >= self._slice:
                return chosen
        self._sweep = iter(
            [
                os.path.join(folder, name)  # noqa: PTH118
                for folder, names in self._names.items()
                for name in names
            ]
        )
        return chosen

    def _is_changed(self, place: str) -> bool:
        now = stamp(Path(place))
        if place not in self._stamps:
            self._stamps[place] = now
            # It was there when watching began, so it has changed only if it is younger.
            return now is None or now[0] > self._began
        if now == self._stamps[place]:
            return False
        self._stamps[place] = now
        known = self._digests.get(place)
        if known is None:
            return True
        found = _digest(place, now)
        if found:
            self._digests[place] = found
        else:
            del self._digests[place]
        return found != known

    def _remember(self, place: str) -> None:
        now = stamp(Path(place))
        self._stamps[place] = now
        digest = _digest(place, now)
        if digest:
            self._digests[place] = digest
        else:
            self._digests.pop(place, None)
        self._recent[place] = None
        self._recent.move_to_end(place)
        while len(self._recent) > 2 * _RECENT:
            self._recent.popitem(last=False)

    def _up_to_root(self, folder: str) -> Iterable[str]:
        """The folder and those above it as far as the masks', which a save may have made."""
        root = str(self._project.masks_dir)
        while folder.startswith(root):
            yield folder
            if folder == root:
                return
            folder = os.path.dirname(folder)  # noqa: PTH120


def _listed(folder: str) -> tuple[set[str], set[str]]:
    """Names of masks and of subfolders; none where there is no such folder."""
    files, subfolders = set(), set()
    try:
        with os.scandir(folder) as items:
            for item in items:
                if item.name.startswith("."):
                    continue
                if item.is_dir():
                    subfolders.add(item.name)
                elif item.name.endswith(_SUFFIXES):
                    files.add(item.name)
    except OSError:
        return set(), set()
    return files, subfolders


def _modified(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116
    except OSError:
        return -1


def _digest(place: str, now: Stamp | None) -> bytes:
    """The content in short; empty for a file that is gone, or so large that reading it is dear."""
    if now is None or now[1] > _HASHED:
        return b""
    try:
        return hashlib.blake2b(Path(place).read_bytes(), digest_size=16).digest()
    except OSError:
        return b""
