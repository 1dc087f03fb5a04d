"""In which order images come up, and how long the rest may take."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.dataset.work_times import FILE_NAME, WorkTimes, seconds_left
from unet_gui.gui.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.dataset.project import Project
    from unet_gui.gui.documents import Ghost
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings
    from unet_gui.gui.state import ViewState

SETTING: Final = "images/order"
LOOK_MS: Final = 700
SAVE_MS: Final = 20000


class Order(Enum):
    """What decides which image comes up next."""

    FILE = "file"
    GAIN = "gain"


class ImageQueue(QObject):
    """Sorts the images so that those come first whose correction teaches most.

    What the person has looked at since the order was chosen stays where it is, so that going back
    is going back; the others follow by what they would teach now. How doubtful an image is is
    known from its proposal; how much it says about others, from its thumbnail.

    Args:
        session: whose images.
        state: tells of the person's pointer.
        settings: where the choice is remembered.

    Signals:
        changed: the estimate, or the order chosen.
        wanted: names of images whose doubt should be known, the most urgent first.
    """

    changed = Signal()
    wanted = Signal(list)

    def __init__(
        self,
        session: Session,
        state: ViewState,
        settings: Settings | None = None,
        parent: QObject | None = None,
        *,
        synchronous: bool = False,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._runner = JobRunner("queue", self, synchronous=synchronous)
        self.order = _remembered(settings)
        self.clock: Callable[[], float] = time.monotonic
        self._times: WorkTimes | None = None
        self._looks: dict[str, Any] = {}
        self._doubts: dict[str, float] = {}
        self._visited: list[str] = []
        self._asked = False
        self._soon = QTimer(self, singleShot=True, interval=0 if synchronous else LOOK_MS)
        self._soon.timeout.connect(self._sort)
        self._keep = QTimer(self, interval=SAVE_MS)
        self._keep.timeout.connect(self._save)
        session.project_opened.connect(self._on_session_project_opened)
        session.project_closed.connect(self._on_session_project_closed)
        session.image_opened.connect(self._on_session_image_opened)
        session.status_changed.connect(self._on_session_status_changed)
        session.images_changed.connect(self._sort_soon)
        for sign in (session.history_changed, session.mask_touched, state.hover_changed,
                     state.zoom_changed):  # fmt: skip
            sign.connect(self._on_sign)
        if session.project is not None:
            self._on_session_project_opened()

    def set_order(self, order: Order) -> None:
        """Choose, and remember."""
        if order is self.order:
            return
        self.order = order
        if self._settings is not None:
            self._settings.set(SETTING, order.value)
        entry = self._session.entry
        self._visited = [entry.name] if entry is not None else []
        if order is Order.FILE:
            self._runner.cancel_all()
            self._session.set_order(None)
            self.wanted.emit([])
        else:
            self._asked = False
            self._sort()
        self.changed.emit()

    def seconds_left(self, left: int) -> float | None:
        """How long so many images may take; None while too few were finished to tell."""
        project = self._session.project
        if project is None or self._times is None:
            return None
        times = self._times.seconds
        done = [
            name
            for name in times
            if project.position(name) >= 0 and project.is_done(project.entry(name))
        ]
        return seconds_left(times, done, left)

    def doubt(self, name: str) -> float | None:
        """Share of an image's pixels that is likely to be wrong; None where nobody has looked."""
        return self._doubts.get(name)

    def shutdown(self) -> None:
        """Keep what was measured and end the thread."""
        self._soon.stop()
        self._keep.stop()
        self._runner.shutdown()
        self._save()

    # -- time ------------------------------------------------------------------------------

    def _on_sign(self, _what: object = None) -> None:
        entry = self._session.entry
        if self._times is not None and entry is not None and self._session.document is not None:
            self._times.sign(entry.name, self.clock())

    def _save(self) -> None:
        if self._times is not None:
            self._times.save()

    # -- following the session -------------------------------------------------------------

    def _on_session_project_opened(self) -> None:
        project = self._session.project
        self._forget()
        if project is not None:
            self._times = WorkTimes(project.cache_dir / FILE_NAME)
            self._keep.start()
            self._sort_soon()

    def _on_session_project_closed(self) -> None:
        self._save()
        self._times = None
        self._keep.stop()
        self._forget()

    def _forget(self) -> None:
        self._runner.cancel_all()
        self._soon.stop()
        # new ones: a job that is just ending may still write into the old ones
        self._looks, self._doubts, self._visited = {}, {}, []

    def _on_session_image_opened(self) -> None:
        entry = self._session.entry
        if entry is None:
            return
        if entry.name not in self._visited:
            self._visited.append(entry.name)
            self._asked = False
        self._on_sign()
        self._sort_soon()

    def _on_session_status_changed(self, name: str) -> None:
        """A mask was saved, a proposal came, or an image was finished."""
        self.changed.emit()
        ghost = self._session.offered(name)
        if ghost is not None and self.order is Order.GAIN:
            self._runner.submit(
                f"doubt {name}",
                lambda: _doubt_of(ghost),
                on_done=lambda doubt: self.note_doubt(name, doubt),
                priority=5,
            )

    def note_doubt(self, name: str, doubt: float) -> None:
        """Somebody has looked at an image: this share of it is likely to be wrong."""
        self._doubts[name] = doubt
        self._sort_soon()

    # -- the order -------------------------------------------------------------------------

    def _sort_soon(self) -> None:
        if self.order is Order.GAIN and not self._soon.isActive():
            self._soon.start()

    def _sort(self) -> None:
        project = self._session.project
        if project is None or self.order is not Order.GAIN:
            return
        visited, looks, doubts = list(self._visited), self._looks, self._doubts
        self._runner.submit(
            "sort",
            lambda: _sorted(project, visited, looks, doubts),
            on_done=self._on_sorted,
        )

    def _on_sorted(self, names: list[str]) -> None:
        project = self._session.project
        if project is not None and self.order is Order.GAIN:
            current = [e.name for e in self._session.images[: len(names)]]
            if current != names:
                self._session.set_order(names)
            if not self._asked:
                # once for each image that is opened: by then the learner knows more
                self._asked = True
                self.wanted.emit(
                    [
                        name
                        for name in names[len(self._visited) :]
                        if not project.is_done(project.entry(name))
                    ]
                )


def _remembered(settings: Settings | None) -> Order:
    value = Order.FILE.value if settings is None else settings.get(SETTING)
    return Order(value) if value in {o.value for o in Order} else Order.FILE


def _doubt_of(ghost: Ghost) -> Generator[None, None, float]:
    yield
    from unet_gui.unet.image_order import doubt_of

    return doubt_of(ghost.mask, ghost.confidence)


def _sorted(
    project: Project, visited: list[str], looks: dict[str, Any], doubts: dict[str, float]
) -> Generator[None, None, list[str]]:
    yield
    from unet_gui.unet.image_order import by_gain

    return (yield from by_gain(project, visited=visited, looks=looks, doubts=doubts))
