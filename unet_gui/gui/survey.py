"""The instant learner looks over other images while the person pauses: which are doubtful?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.gui.documents import read_image_job

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from unet_gui.dataset.project import Project
    from unet_gui.gui.session import Session

PAUSE_MS: Final = 3000
"""So long without a stroke before other images are looked at: the next answer comes first."""

MOST: Final = 24
SIDE: Final = 384
"""Pixels of an image's middle that are looked at, so that no look takes longer than a stroke."""

_KEY: Final = "survey"


class Surveyor(Protocol):
    """As much of the instant service as is needed here."""

    def employ(
        self, key: str, job: Callable[[Any], Generator[Any, None, Any]], on_item: Callable[..., Any]
    ) -> None: ...

    def dismiss(self, key: str) -> None: ...


class Survey(QObject):
    """Tells how doubtful images are that nobody has proposed for.

    Signals:
        looked: the name of an image and the share of its pixels that is likely to be wrong.
    """

    looked = Signal(str, float)

    def __init__(self, session: Session, surveyor: Surveyor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._surveyor = surveyor
        self._wanted: list[str] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._look)
        for busy in (session.mask_touched, session.history_changed, session.image_opened):
            busy.connect(self._on_busy)
        session.project_closed.connect(lambda: self.want([]))

    def want(self, names: Sequence[str]) -> None:
        """Look at these when there is time, in this order; at no others any more."""
        self._wanted = list(names)[:MOST]
        self._on_busy()

    def _on_busy(self, _what: object = None) -> None:
        self._surveyor.dismiss(_KEY)
        if self._wanted:
            self._pause.start()
        else:
            self._pause.stop()

    def _look(self) -> None:
        project = self._session.project
        if project is None or self._session.stroking:
            return
        names = list(self._wanted)
        self._surveyor.employ(
            _KEY, lambda learner: _looked_over(learner, project, names), self._on_looked
        )

    def _on_looked(self, item: object) -> None:
        if isinstance(item, tuple):  # not how far it is
            if item[0] in self._wanted:
                self._wanted.remove(item[0])
            self.looked.emit(*item)


def _looked_over(learner: Any, project: Project, names: list[str]) -> Generator[object, None, None]:
    """The doubt of each image, in its middle; nothing from a learner that knows nothing yet.

    Yields:
        A name and how doubtful that image is; anything else is progress.
    """
    yield None
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.geometry import Rect
    from unet_gui.dataset import pages
    from unet_gui.unet.image_order import doubt_of
    from unet_gui.unet.instant.live import View

    for name in names:
        entry = project.entry(name)
        look = pages.look(entry)
        try:
            source = yield from read_image_job(project, entry)
        except UnetGuiError:
            continue  # said when the person opens that image
        try:
            if pages.look(entry) != look:
                continue  # what is seen has no name
            height, width = source.shape
            top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
            middle = Rect(left, top, min(width, left + SIDE), min(height, top + SIDE))
            view = View(
                f"{name} middle",
                (middle.height, middle.width),
                partial(_read, source, middle),
                *look,
            )
            answer = yield from learner.answer(view)
        finally:
            source.close()
        if answer is None:
            return
        yield name, doubt_of(answer.mask, answer.confidence)


def _read(source: Any, middle: Any, rect: Any) -> Any:
    return source.read(rect.moved(middle.x0, middle.y0))
