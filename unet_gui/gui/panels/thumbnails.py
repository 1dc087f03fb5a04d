"""Thumbnails read on a background thread, what is on the screen first."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from unet_gui.core.errors import UnetGuiError
from unet_gui.gui.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.dataset.thumbnails import Held

SIDE: Final = 96
KEPT: Final = 800
WAITING: Final = 80
"""Rows scrolled past longer ago than this are not worth reading any more."""

_KEY: Final = "thumbnails"

Opened = tuple[str, "Held | None"]
"""The name of the open image, empty for none, and its pixels once they are read."""


class ThumbnailLoader(QObject):
    """Asked while rows are painted; answers at once from memory, or later through `ready`.

    Signals:
        ready: the name of the image whose thumbnail has come.
    """

    ready = Signal(str)

    def __init__(self, parent: QObject | None = None, *, synchronous: bool = False) -> None:
        super().__init__(parent)
        self._runner = JobRunner("thumbnails", self, synchronous=synchronous)
        self._project: Project | None = None
        self._kept: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._fresh: list[ImageEntry] = []
        self._queue: deque[ImageEntry] = deque()
        self._reading = False
        self._open: Opened = ("", None)
        self._later: dict[str, ImageEntry] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._enqueue)

    def use(self, project: Project | None) -> None:
        """Another project; None for none."""
        self._runner.cancel(_KEY)
        self._project = project
        self._reading = False
        self._queue.clear()
        self._fresh.clear()
        self._kept.clear()
        self._later.clear()

    def set_open(self, name: str, held: Held | None = None) -> None:
        """Which image is open; while it is being read, its pixels are still None.

        Its thumbnail waits for that: a huge image decoded twice at a time takes twice the memory.
        An empty name is for none.
        """
        self._open = (name, held)
        ready = [e for e in self._later.values() if e.name != name or held is not None]
        for entry in ready:
            del self._later[entry.name]
        self._fresh += ready
        if ready:
            self._timer.start()

    def known(self, name: str) -> bool:
        """Whether it was read, be it in vain."""
        return name in self._kept

    def get(self, entry: ImageEntry) -> QPixmap | None:
        """The thumbnail, or None when it is still to come or the image cannot be read."""
        if entry.name in self._kept:
            self._kept.move_to_end(entry.name)
            return self._kept[entry.name]
        self._fresh.append(entry)
        self._timer.start()
        return None

    def shutdown(self) -> None:
        self._runner.shutdown()

    def _enqueue(self) -> None:
        """What was painted last goes first, in the order of the rows."""
        fresh = {entry.name: entry for entry in self._fresh}
        older = [entry for entry in self._queue if entry.name not in fresh]
        self._fresh.clear()
        self._queue.clear()
        self._queue.extend([*fresh.values(), *older][:WAITING])
        self._read()

    def _read(self) -> None:
        if self._queue and not self._reading and self._project is not None:
            self._reading = True
            project = self._project
            self._runner.submit(
                _KEY,
                lambda: _read_all(self._queue, project, lambda: self._open),
                on_item=lambda item: self._on_read(*item),
                on_done=lambda _: self._on_done(),
                on_error=lambda _: self._on_done(),
            )

    def _on_read(self, entry: ImageEntry, image: QImage | None, read: bool) -> None:
        name = entry.name
        if not read:
            self._later[name] = entry
            self.set_open(*self._open)  # it may have been opened since
            return
        self._kept[name] = None if image is None else QPixmap.fromImage(image)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(name)

    def _on_done(self) -> None:
        self._reading = False
        self._read()


def _read_all(
    queue: deque[ImageEntry], project: Project, opened: Callable[[], Opened]
) -> Generator[tuple[ImageEntry, QImage | None, bool], None, None]:
    """Each image with its picture, if it can be read, and whether that was tried."""
    while True:
        try:
            entry = queue.popleft()
        except IndexError:  # the other thread may empty it between a look and a take
            return
        name, held = opened()
        if name == entry.name and held is None:
            yield entry, None, False
            continue
        try:
            image = _to_qimage(project.thumbnail(entry, SIDE, held if name == entry.name else None))
        except UnetGuiError:
            image = None  # said in full when the person opens that image
        yield entry, image, True


def _to_qimage(rgb: RgbImage) -> QImage:
    height, width = rgb.shape[:2]
    data = rgb.tobytes()
    view = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.copy()  # `data` does not outlive this function
