"""The instant learner in the background: a new proposal about a second after each stroke."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.documents import Ghost, read_image_job
from unet_gui.gui.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from unet_gui.core.geometry import Rect
    from unet_gui.core.tiled_mask import MaskSnapshot
    from unet_gui.dataset.image_source import ImageSource
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.session import Session
    from unet_gui.gui.settings import Settings

SETTING: Final = "learn/instant"
ROUND: Final = "instant"
DEBOUNCE_MS: Final = 150
STUDIED: Final = 24
"""Labelled images whose strokes are learnt from beside those painted since the start."""

LARGEST: Final = 64 << 20
"""Pixels of an image past which no proposal for all of it is kept in memory."""

NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class _Work:
    """What a job needs of an image, taken on the GUI thread."""

    project: Project
    entry: ImageEntry
    source: ImageSource | None
    labels: MaskSnapshot | None
    near: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the learners stand.

    Attributes:
        verdict: Who proposes and why, an `arbiter.Verdict`; None while there is but one.
        curve: What was shown for each finished image in the order of work, against what it was
            labelled: C×C pixels by true and by proposed class.
    """

    verdict: Any = None
    curve: Any = ()


class InstantService(QObject):
    """Learns from every stroke and offers the rest of the open image, on its own QThread.

    It proposes as long as no round is in use, and after that while it does better on corrections
    than the round. torch is imported on the thread, not before.

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
        self._shown = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DEBOUNCE_MS)
        self._soon.timeout.connect(self._answer)
        session.project_closed.connect(self._on_session_project_closed)
        session.image_opened.connect(self._on_session_image_opened)
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
        if self._proposer is not None:
            self._soon.start()
            return
        self._class_key = _class_key(project)
        source = self._session.source
        if self._loading or source is None or _too_large(source):
            return  # the first image that it can answer for loads it
        self._loading = True
        self._runner.submit(
            "load", lambda: _load(project), on_done=self._on_loaded, on_error=self._on_failed
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
                on_error=lambda _error: None, priority=9,
            )  # fmt: skip

    def dismiss(self, key: str) -> None:
        """End it at its next pause."""
        self._runner.cancel(key)

    def shutdown(self) -> None:
        self._soon.stop()
        self._runner.shutdown()
        for proposer in (self._proposer, self._leaving):
            if proposer is not None:
                proposer.save()

    def _stop(self) -> None:
        self._soon.stop()
        self._runner.cancel_all()
        if self._proposer is not None:
            self._leaving = leaving = self._proposer
            self._runner.submit("keep", lambda: _keep(leaving))
        self._proposer = self._waiting = None
        self._shown = self._loading = False
        self._snapshots.clear()
        self.proposing.emit("")
        self.judged.emit(None)

    def _on_session_project_closed(self) -> None:
        self._stop()

    def _on_session_classes_changed(self) -> None:
        project = self._session.project
        if project is not None and self._started and _class_key(project) != self._class_key:
            self._stop()
            self.restart()

    def _on_session_image_opened(self) -> None:
        self._near = self._waiting = None
        self._remember()
        if self._started and self._proposer is None:
            self.restart()
        self._soon.start(0)

    def _on_session_mask_touched(self, rect: Rect) -> None:
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
        project, entry, source = session.project, session.entry, session.source
        if proposer is None or project is None or entry is None or source is None:
            return
        if _too_large(source):
            self.proposing.emit("")
            return
        work = _Work(project, entry, source, self._snapshots.get(entry.name), self._near)
        self._runner.submit(
            "answer",
            lambda: _answer(proposer, work),
            on_done=lambda answer: self._on_answered(entry.name, *answer),
            on_error=self._on_failed,
        )

    def _on_loaded(self, proposer: Any) -> None:
        self._loading = False
        project = self._session.project
        if proposer is None or project is None:
            return
        self._proposer = proposer
        self.judged.emit(_standing(proposer))
        self._answer()
        opened = self._session.entry
        for entry in project.images:
            if opened is None or entry.name != opened.name:
                work = _Work(project, entry, None, self._snapshots.get(entry.name))
                self._runner.submit(
                    f"study {entry.name}",
                    partial(_study, proposer, work),
                    on_done=self._on_studied,
                    on_error=lambda _error: None,  # said when the person opens that image
                    priority=5,
                )

    def _on_studied(self, learnt: bool) -> None:
        if learnt:
            self._soon.start(DEBOUNCE_MS)

    def _on_failed(self, error: object) -> None:
        self._loading = False
        self.proposing.emit("")
        self._session.noticed.emit(str(getattr(error, "message", error)))

    def _on_answered(self, name: str, offer: Any, standing: Standing) -> None:
        self.judged.emit(standing)
        if self._session.stroking:
            # the picture must not change under the brush
            self._waiting = (name, offer)
        else:
            self._offer(name, offer)

    def _offer(self, name: str, offer: Any) -> None:
        self._waiting = None
        proposes = offer is not None and offer.proposes
        shown = proposes and offer.helps
        if self._shown and not shown:
            self._session.forget_predictions()
        self._shown = shown
        text = ""
        if proposes:
            text = (
                self.tr("Instant learner and round propose together")
                if shown and offer.verdict is not None and offer.verdict.chosen != ROUND
                else self.tr("Instant learner proposes")
                if shown
                else self.tr("Instant learner keeps quiet: its proposals were often wrong")
            )
        self.proposing.emit(text)
        if shown:
            self._session.set_prediction(name, Ghost(offer.mask, offer.confidence, ROUND))


def _too_large(source: ImageSource) -> bool:
    return source.shape[0] * source.shape[1] > LARGEST


def _class_key(project: Project) -> tuple[Any, ...]:
    return tuple(sorted((c.id, c.name.casefold()) for c in project.classes))


def _load(project: Project) -> Generator[None, None, Any]:
    """Encoder and empty learner."""
    yield
    _make_way()
    from unet_gui.unet.device import pick
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.live import LiveLearner
    from unet_gui.unet.instant.proposing import Proposer
    from unet_gui.unet.records import FILE_NAME
    from unet_gui.unet.rounds import starter
    from unet_gui.unet.starting import encoder_at_hand

    yield
    weights = encoder_at_hand(starter=starter())
    yield
    cache = FeatureCache(project.cache_dir / "features")
    learner = LiveLearner(weights, project.classes.num_outputs, pick("auto"), cache)
    return Proposer(learner, project.cache_dir / FILE_NAME, project.classes.ids)


def _make_way() -> None:
    """Painting comes first: one core is left to it, and what remains when it wants more."""
    import threading

    from unet_gui.unet.device import leave_cores

    leave_cores(1)
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _answer(proposer: Any, work: _Work) -> Generator[Any, None, Any]:
    yield
    labels = _labels(work)
    rival = None
    name = work.project.adopted
    if name is not None:
        cached = work.project.load_prediction(work.entry, round_name=name)
        if cached is not None and cached.mask.shape == labels.shape:
            rival = name, cached.mask, cached.confidence
        yield
    view = _view(work.entry, work.source)
    offer = yield from proposer.offer(view, labels, rival=rival, near=work.near)
    return offer, _standing(proposer, offer)


def _keep(proposer: Any) -> Generator[None, None, None]:
    """Its records to disk; not cancelled half way, for there is no second yield."""
    proposer.save()
    yield


def _standing(proposer: Any, offer: Any = None) -> Standing:
    return Standing(offer.verdict if offer is not None else None, proposer.arbiter.curve())


def _study(proposer: Any, work: _Work) -> Generator[None, None, bool]:
    """Strokes of an image that is not open; False when there are none, or enough already."""
    yield
    learner, name = proposer.learner, work.entry.name
    if name in learner.knows or len(learner.knows) >= STUDIED:
        return False
    counts = work.project.mask_counts(work.entry)
    if not any(counts.get(i) for i in work.project.classes.ids):
        return False
    source = yield from read_image_job(work.project, work.entry)
    try:
        labels = work.project.load_mask(work.entry, source.shape)
        labels = _known(labels, work.project)
        yield from learner.study(_view(work.entry, source), labels)
    finally:
        source.close()
    return True


def _labels(work: _Work) -> Any:
    assert work.source is not None
    if work.labels is None:
        return _known(work.project.load_mask(work.entry, work.source.shape), work.project)
    return _known(work.labels.to_array(), work.project)


def _known(labels: Any, project: Project) -> Any:
    """Ids that are no class of the project count as unlabelled."""
    import numpy as np

    meaning = np.full(256, UNLABELLED, np.uint8)
    ids = list(project.classes.ids)
    meaning[ids] = ids
    return meaning[labels]


def _view(entry: ImageEntry, source: ImageSource | None) -> Any:
    from unet_gui.dataset.files import stamp
    from unet_gui.unet.instant.live import View

    assert source is not None
    return View(entry.name, source.shape, source.read, stamp(entry.path))
