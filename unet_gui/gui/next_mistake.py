"""Goes from one likely mistake to the next, and to the next image when none is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from unet_gui.gui.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.core.geometry import Rect
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.gui.documents import Ghost
    from unet_gui.gui.session import Session
    from unet_gui.regions.mistakes import Spot

SAME: Final = 0.5
"""A place that lies in one seen before to this part is no news."""

REMEMBERED: Final = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A likely mistake in one image."""

    image: str
    spot: Spot


class NextMistake(QObject):
    """Finds where mask or proposal of the open image is likely to be wrong, on its own thread.

    A place is shown once as long as the image is open: one that the person leaves as it is was
    no mistake to them.

    Signals:
        found: a Spot of the open image to be looked at.
        said: a line for the status bar.
    """

    found = Signal(object)
    said = Signal(str)

    def __init__(
        self, session: Session, parent: QObject | None = None, *, synchronous: bool = False
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = JobRunner("mistakes", self, synchronous=synchronous)
        self._seen: list[Place] = []
        self._at = -1
        self._waiting: str | None = None
        self._empty: set[str] = set()
        self._reopening: Place | None = None
        session.project_closed.connect(self._forget)
        session.images_reloading.connect(self._forget)
        session.image_opened.connect(self._on_session_image_opened)
        session.ghost_changed.connect(self._on_session_ghost_changed)

    def go_on(self) -> None:
        """Show the next likely mistake; the next image when this one has no more."""
        if self._session.document is None or self._session.entry is None:
            return
        if self._at < len(self._seen) - 1:
            self._show(self._at + 1)
            return
        self._look()

    def go_back(self) -> None:
        """Show the one before, in whichever image it was."""
        if self._at > 0:
            self._show(self._at - 1)
        else:
            self.said.emit(self.tr("This was the first likely mistake."))

    def shutdown(self) -> None:
        self._runner.shutdown()

    def _look(self) -> None:
        session = self._session
        entry, document, ghost = session.entry, session.document, session.ghost
        if entry is None or document is None:
            return
        if ghost is None or ghost.mask.shape != document.shape:
            self._waiting = entry.name
            self.said.emit(self.tr("Nothing is proposed for this image yet."))
            return
        mask, name = document.snapshot(), entry.name
        self._runner.submit(
            "look",
            lambda: _spots(mask, ghost),
            on_done=lambda spots: self._on_spots(name, spots),
        )

    def _on_spots(self, name: str, spots: list[Spot]) -> None:
        entry = self._session.entry
        if entry is None or entry.name != name:
            return
        shown = [place.spot.rect for place in self._seen if place.image == name]
        news = next((s for s in spots if not any(_known(s.rect, r) for r in shown)), None)
        if news is None:
            self._next_image(name)
            return
        self._empty.clear()
        self._seen.append(Place(name, news))
        del self._seen[:-REMEMBERED]
        self._show(len(self._seen) - 1)

    def _next_image(self, name: str) -> None:
        self._empty.add(name)
        following = self._session.next_unfinished(around=True, skip=self._empty)
        if following is None:
            self._empty.clear()
            self.said.emit(self.tr("No likely mistake is left."))
            return
        self.said.emit(
            self.tr("No likely mistake is left in {0}; on to the next image.").format(name)
        )
        self._waiting = following.name
        self._session.open_image(following.name)

    def _show(self, at: int) -> None:
        self._at, place = at, self._seen[at]
        entry = self._session.entry
        if entry is not None and entry.name == place.image and self._session.document is not None:
            self.found.emit(place.spot)
            return
        self._reopening = place
        self._session.open_image(place.image)

    def _on_session_image_opened(self) -> None:
        entry, place = self._session.entry, self._reopening
        self._reopening = None
        if entry is None:
            return
        if place is not None and place.image == entry.name:
            self.found.emit(place.spot)
        elif self._waiting != entry.name:
            # come by another way: what was left as it was is worth a second look
            self._waiting = None
            self._empty.clear()
            self._seen = [p for p in self._seen if p.image != entry.name]
            self._at = len(self._seen) - 1
        elif self._session.ghost is not None:
            self._go_to_first()

    def _on_session_ghost_changed(self, _rect: Rect) -> None:
        entry = self._session.entry
        if entry is not None and entry.name == self._waiting and self._session.ghost is not None:
            self._go_to_first()

    def _go_to_first(self) -> None:
        self._waiting = None
        self._look()

    def _forget(self) -> None:
        self._runner.cancel_all()
        self._seen.clear()
        self._empty.clear()
        self._at, self._waiting, self._reopening = -1, None, None


def _known(rect: Rect, shown: Rect) -> bool:
    """Whether a place was shown before, be it larger or smaller then."""
    common = rect.intersection(shown)
    area = common.width * common.height
    smaller = min(rect.width * rect.height, shown.width * shown.height)
    return not common.empty and area >= SAME * smaller


def _spots(mask: MaskSnapshot, ghost: Ghost) -> Generator[None, None, list[Spot]]:
    yield
    from unet_gui.regions.mistakes import likely_mistakes

    return likely_mistakes(mask.to_array(), ghost.mask, ghost.confidence)
