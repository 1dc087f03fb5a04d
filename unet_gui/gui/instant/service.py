"""The instant learner in the background: a new proposal about a second after each stroke."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.dataset import pages
from unet_gui.gui.documents import Ghost
from unet_gui.gui.instant import work
from unet_gui.gui.instant.work import Work
from unet_gui.gui.jobs import JobRunner
from unet_gui.unet.proposers import LARGEST, class_key

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.geometry import Rect
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.gui.instant.work import Standing
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings

__all__ = ["ROUND", "InstantService"]

SETTING: Final = "learn/instant"
ROUND: Final = "instant"
DEBOUNCE_MS: Final = 30
"""After a stroke: an answer that is not wanted any more ends within a few milliseconds."""

AHEAD_MS: Final = 2000
"""So long without a stroke before the next image is looked at."""

LARGEST_AHEAD: Final = 1 << 20
"""Pixels of an image past which it is looked at when it is open, and there where it is seen."""

_NEVER: Final = -1
"""A revision that no mask has: whatever is painted counts as new."""

_KEEP: Final = "keep"
_LEAVE, _STUDY, _DEEPEN, _AHEAD, _OTHERS = -1, 5, 7, 8, 9
"""What comes first; the answer for the open image is 0."""


class InstantService(QObject):
    """Learns from every stroke and offers the rest of the open image, on its own QThread.

    It proposes as long as no round is in use, and after that while it does better on corrections
    than the round. When the person goes on to another image it takes in what was left, and while
    nobody paints it learns more from images that are labelled whole. torch is imported on the
    thread, not before.

    Signals:
        proposing: a line that says so while this learner proposes; empty while it does not.
        judged: how the learners stand, a `Standing`; None without a project.
    """

    proposing = Signal(str)
    judged = Signal(object)

    def __init__(
        self,
        session: Session,
        settings: Settings | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.enabled = True if settings is None else bool(settings.get(SETTING))
        self._settings = settings
        self._session = session
        self._runner = JobRunner("instant", self)
        self._proposer: Any = None
        self._leaving: Any = None
        self._started = self._loading = False
        self._class_key: tuple[Any, ...] = ()
        self._snapshots: dict[str, MaskSnapshot] = {}
        self._near: tuple[float, float] | None = None
        self._waiting: tuple[str, Any] | None = None
        self._open: tuple[Work, int] | None = None
        self._reloading = False
        self._shown = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DEBOUNCE_MS)
        self._soon.timeout.connect(self._answer)
        self._pause = QTimer(self, singleShot=True, interval=AHEAD_MS)
        self._pause.timeout.connect(self._look_ahead)
        session.project_closed.connect(self._on_session_project_closed)
        session.image_opened.connect(self._on_session_image_opened)
        session.images_reloading.connect(self._on_session_images_reloading)
        session.image_reloaded.connect(self._on_session_image_reloaded)
        session.history_changed.connect(self._on_session_history_changed)
        session.mask_touched.connect(self._on_session_mask_touched)
        session.classes_changed.connect(self._on_session_classes_changed)

    def set_enabled(self, enabled: bool) -> None:
        """Switch on or off, and remember."""
        if enabled == self.enabled:
            return
        self.enabled = enabled
        if self._settings is not None:
            self._settings.set(SETTING, enabled)
        if enabled:
            self.restart()
        else:
            self._stop()

    def restart(self) -> None:
        """Begin anew: another project, other classes, or another round in use."""
        project = self._session.project
        if not self.enabled or project is None:
            return
        self._started = True
        if self._reloading:
            return  # the pixels at hand are stale
        if self._open is None:
            # what is painted so far may not be on disk yet, and was not handed over either
            self._note_open(_NEVER)
            self._remember()
        if self._proposer is not None:
            self._soon.start()
            return
        self._class_key = class_key(project)
        source = self._session.source
        if self._loading or source is None or _too_large(source):
            return  # the first image that it can answer for loads it
        self._loading = True
        self._runner.submit(
            "load", partial(work.load, project), on_done=self._on_loaded, on_error=self._on_failed
        )

    def begin_anew(self) -> None:
        """Load the encoder again: a better one is on this computer."""
        if self._started:
            self._stop()
            self.restart()

    def employ(
        self, key: str, job: Callable[[Any], Generator[Any, None, Any]], on_item: Callable[..., Any]
    ) -> None:
        """Run `job(learner)` on this thread when nothing else is to do; not before it is loaded."""
        if self._proposer is not None:
            learner = self._proposer.learner
            self._runner.submit(
                key, lambda: job(learner), on_item=on_item,
                on_error=lambda _error: None, priority=_OTHERS,
            )  # fmt: skip

    def dismiss(self, key: str) -> None:
        """End it at its next pause."""
        self._runner.cancel(key)

    def shutdown(self) -> None:
        self._soon.stop()
        self._pause.stop()
        self._runner.shutdown()
        for proposer in (self._leaving, self._proposer):  # what is newer comes last
            if proposer is not None:
                proposer.save()

    def _stop(self) -> None:
        self._soon.stop()
        self._pause.stop()
        self._runner.cancel_all(but=_KEEP)
        if self._proposer is not None:
            # the next one is loaded after this, so there is never more than one to keep
            self._leaving = leaving = self._proposer
            self._runner.submit(_KEEP, partial(work.keep, leaving), on_done=self._on_saved)
        self._proposer = self._waiting = None
        self._shown = self._loading = False
        self._snapshots.clear()
        self._open = None
        self.proposing.emit("")
        self.judged.emit(None)

    def _on_saved(self, _nothing: None) -> None:
        self._leaving = None  # half a gigabyte of features

    def _on_session_project_closed(self) -> None:
        self._stop()

    def _on_session_classes_changed(self) -> None:
        project = self._session.project
        if project is not None and self._started and class_key(project) != self._class_key:
            self._stop()
            self.restart()

    def _on_session_image_opened(self) -> None:
        self._near = self._waiting = None
        self._reloading = False
        self._leave()
        self._remember()
        if self._started and self._proposer is None:
            self.restart()
        self._soon.start(0)

    def _on_session_images_reloading(self) -> None:
        """Channels are shown in another way: what was seen so far is no image any more."""
        self._stop()
        self._reloading = True

    def _on_session_image_reloaded(self) -> None:
        self._reloading = False
        if self._started:
            self.restart()

    def _leave(self) -> None:
        """Hand over what was done to the image that was open before this one."""
        left, entry = self._open, self._session.entry
        self._note_open()
        if left is None or entry is None or self._proposer is None:
            return
        before, revision = left
        name = before.entry.name
        labels = self._snapshots.get(name)
        if self._session.project is not before.project or name == entry.name:
            return
        if labels is None or labels.revision == revision or _too_large(before.source):
            return
        self._runner.submit(
            f"leave {name}",
            partial(work.leave, self._proposer, replace(before, labels=labels)),
            on_error=lambda _error: None,  # said when the person opens that image
            priority=_LEAVE,
        )

    def _note_open(self, revision: int | None = None) -> None:
        """Keep how the open image is; with a `revision`, as if its mask had been at that one."""
        session = self._session
        project, document = session.project, session.document
        entry, source = session.entry, session.source
        if project is None or entry is None or source is None or document is None:
            return
        opened = Work(project, entry, source, None, look=pages.look(entry))
        self._open = opened, document.revision if revision is None else revision

    def _deepen(self) -> None:
        """Learn on from images labelled whole, as long as nobody paints."""
        proposer = self._proposer
        if proposer is not None and not self._session.stroking and proposer.learner.eager:
            self._runner.submit(
                "deepen",
                partial(work.deepen, proposer),
                on_done=lambda done: self._soon.start() if done else None,
                on_error=lambda _error: None,
                priority=_DEEPEN,
            )

    def _look_ahead(self) -> None:
        project, proposer = self._session.project, self._proposer
        following = self._session.next_unfinished()
        if project is not None and proposer is not None and following is not None:
            self._runner.submit(
                "ahead",
                partial(work.look_ahead, proposer, project, following, LARGEST_AHEAD),
                on_error=lambda _error: None,
                priority=_AHEAD,
            )

    def _on_session_mask_touched(self, rect: Rect) -> None:
        self._pause.stop()
        for waiting in ("deepen", "ahead"):
            self._runner.cancel(waiting)
        self._near = ((rect.x0 + rect.x1) / 2, (rect.y0 + rect.y1) / 2)

    def _on_session_history_changed(self) -> None:
        """A stroke has ended, or something was undone."""
        if self._session.document is None or self._session.stroking:
            return
        if self._waiting is not None:
            self._offer(*self._waiting)
        if self._remember():
            self._soon.start(DEBOUNCE_MS)

    def _remember(self) -> bool:
        """Take what is painted now; False when nothing is new."""
        entry, document = self._session.entry, self._session.document
        if entry is None or document is None:
            return False
        before = self._snapshots.get(entry.name)
        self._snapshots[entry.name] = document.snapshot()
        return before is None or before.revision != document.revision

    def _answer(self) -> None:
        session, proposer = self._session, self._proposer
        entry, source = session.entry, session.source
        if proposer is None or self._open is None or entry is None or source is None:
            return
        if _too_large(source):
            self.proposing.emit("")
            return
        opened, _ = self._open
        if opened.entry != entry:
            return
        labels = self._snapshots.get(entry.name)
        wanted = replace(opened, labels=labels, near=self._near)
        self._pause.stop()
        for waiting in ("deepen", "ahead"):
            self._runner.cancel(waiting)
        self._runner.submit(
            "answer",
            partial(work.answer, proposer, wanted),
            on_item=lambda item: self._on_part(entry.name, item),
            on_done=lambda answer: self._on_answered(entry.name, *answer),
            on_error=self._on_failed,
        )

    def _on_loaded(self, proposer: Any) -> None:
        self._loading = False
        project = self._session.project
        if proposer is None or project is None:
            return
        self._proposer = proposer
        self.judged.emit(work.standing(proposer))
        self._answer()
        opened = self._session.entry
        for entry in project.images:
            if opened is None or entry.name != opened.name:
                wanted = Work(project, entry, None, self._snapshots.get(entry.name))
                self._runner.submit(
                    f"study {entry.name}",
                    partial(work.study, proposer, wanted),
                    on_done=self._on_studied,
                    on_error=lambda _error: None,  # said when the person opens that image
                    priority=_STUDY,
                )

    def _on_studied(self, learnt: bool) -> None:
        if learnt:
            self._soon.start(DEBOUNCE_MS)

    def _on_failed(self, error: object) -> None:
        self._loading = False
        self.proposing.emit("")
        self._session.noticed.emit(str(getattr(error, "message", error)))

    def _on_part(self, name: str, item: Any) -> None:
        """Of a large image what is near the last stroke comes first."""
        if getattr(item, "mask", None) is not None and not self._session.stroking:
            self._offer(name, item)

    def _on_answered(self, name: str, offer: Any, standing: Standing) -> None:
        self.judged.emit(standing)
        if self._session.stroking:
            # the picture must not change under the brush
            self._waiting = (name, offer)
        else:
            self._offer(name, offer)
        self._deepen()
        self._pause.start()

    def _offer(self, name: str, offer: Any) -> None:
        self._waiting = None
        proposes = offer is not None and offer.proposes
        shown = proposes and offer.helps
        if self._shown and not shown:
            self._session.forget_predictions()
        self._shown = shown
        self.proposing.emit(self._told(offer, shown=shown) if proposes else "")
        if shown:
            self._session.set_prediction(name, Ghost(offer.mask, offer.confidence, ROUND))

    def _told(self, offer: Any, *, shown: bool) -> str:
        """Who proposes, or why nobody does."""
        if not shown:
            return (
                self.tr("The instant learner keeps quiet: this image is unlike those before")
                if offer.strange
                else self.tr("The instant learner keeps quiet: its proposals were often wrong")
            )
        if offer.verdict is not None and offer.verdict.chosen != ROUND:
            return self.tr("The instant learner and the round propose together")
        return self.tr("The instant learner proposes")


def _too_large(source: ImageSource | None) -> bool:
    return source is not None and source.shape[0] * source.shape[1] > LARGEST
