"""Proposals in the background: the image on the screen first, the next ones ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from PySide6.QtCore import QObject, Signal

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.progress import Progress
from unet_gui.dataset.bundled import starter_classes
from unet_gui.gui.documents import Ghost
from unet_gui.gui.jobs import JobRunner
from unet_gui.unet.proposers import LARGEST, class_key, proposing_name

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.core.errors import UnetGuiError
    from unet_gui.dataset.project import ImageEntry, Project
    from unet_gui.gui.session import Session

AHEAD: Final = 3
"""How many images are predicted before the person gets there."""

Kind = Literal["idle", "loading", "predicting", "off", "failed"]


@dataclass(frozen=True, slots=True)
class PredictionState:
    """What the predicting thread is at, in words for the status bar."""

    kind: Kind
    text: str
    fraction: float = 0.0
    device: str = ""


class PredictionService(QObject):
    """Predicts the open image and the next ones with the adopted round, on its own QThread.

    Results are kept in the project's cache and offered through the session; a result for a learner
    that is no longer the adopted one is dropped. torch is imported on the thread, not before.

    Signals:
        state_changed: a PredictionState.
        reloaded: who proposes may be another one from now on, and all ghosts are gone.
        stopped: the window is closing.
    """

    state_changed = Signal(object)
    reloaded = Signal()
    stopped = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = PredictionState("off", self.tr("No project"))
        self.round = ""
        self._session = session
        self._runner = JobRunner("predict", self)
        self._predictor: Any = None
        self._device = ""
        self._started = False
        self._quiet = ""
        self._wanted = self._loading = False
        session.project_opened.connect(self.reload)
        session.project_closed.connect(self._on_session_project_closed)
        session.image_opened.connect(self._on_session_image_opened)
        session.images_reloading.connect(self._on_session_images_reloading)
        session.image_reloaded.connect(self._on_session_image_opened)
        session.classes_changed.connect(self._on_session_classes_changed)
        self._class_key: tuple[Any, ...] = ()

    @property
    def device_text(self) -> str:
        """Such as "CPU bf16"; empty until the learner is loaded."""
        return self._device

    def start(self) -> None:
        """Begin; before this nothing is loaded, so that the window can open first."""
        if not self._started:
            self._started = True
            self.reload()

    def reload(self) -> None:
        """Take the adopted round (or the starter) anew and propose again."""
        project = self._session.project
        self._runner.cancel_all()
        self._predictor = None
        self._session.forget_predictions()
        if project is None or not self._started:
            return
        self.reloaded.emit()
        self._class_key = class_key(project)
        self._wanted, self._loading = True, False
        self._set("off", self.tr("Nothing proposes yet"))
        self._load_where_wanted()

    def _load_where_wanted(self) -> None:
        """Load the network for the first image that it is to propose for."""
        project, source = self._session.project, self._session.source
        if not self._wanted or project is None or source is None or self._too_large():
            return
        self._wanted, self._loading = False, True
        self._set("loading", self.tr("Loading the network…"))
        self._runner.submit(
            "load", lambda: _load(project), on_done=self._on_loaded, on_error=self._on_load_failed
        )

    @property
    def silent(self) -> bool:
        """Another learner proposes instead."""
        return bool(self._quiet)

    def leave_to(self, text: str) -> None:
        """Another learner proposes, which `text` says; with an empty text this one does again.

        While it is silent it still predicts, so that both can be compared.
        """
        if text == self._quiet:
            return
        was_quiet, self._quiet = bool(self._quiet), text
        if text:
            self._set(self.state.kind, text)
        elif was_quiet:
            self.state_changed.emit(self.state)
            self._request_around()

    def request(self, entry: ImageEntry, *, priority: int = 0) -> None:
        """Predict one image unless that is done already."""
        project, predictor = self._session.project, self._predictor
        if project is None or predictor is None:
            return
        if not self._quiet and self._session.has_prediction(entry.name):
            return
        current = self._session.entry
        image = self._session.image if current is not None and current.name == entry.name else None
        round_name = self.round
        self._runner.submit(
            f"predict {entry.name}",
            lambda: _predict(project, predictor, entry, image, round_name),
            on_item=lambda progress: self._on_progress(entry, progress),
            on_done=lambda ghost: self._on_predicted(entry, ghost),
            on_error=lambda error: self._on_predict_failed(entry, error),
            priority=priority,
        )

    def shutdown(self) -> None:
        self.stopped.emit()
        self._runner.shutdown()

    def _request_around(self) -> None:
        """The open image, then its neighbours; older wishes are dropped."""
        entry = self._session.entry
        if entry is None or self._predictor is None:
            return
        self._runner.cancel_all()
        wanted = self._session.neighbours(AHEAD)
        if not self._too_large():
            self._set("idle", self.tr("Ready"))
            wanted = [entry, *wanted]
        for priority, wish in enumerate(wanted):
            self.request(wish, priority=priority)

    def _on_session_image_opened(self) -> None:
        self._load_where_wanted()
        self._request_around()

    def _on_session_images_reloading(self) -> None:
        """Nothing goes on with stale pixels; a network that was being loaded is wanted still."""
        self._runner.cancel_all()
        if self._loading:
            self._wanted, self._loading = True, False

    def _too_large(self) -> bool:
        """Says so, where the open image is."""
        source = self._session.source
        if source is None or source.shape[0] * source.shape[1] <= LARGEST:
            return False
        self._set("off", self.tr("No proposals for images this large"))
        return True

    def _on_session_project_closed(self) -> None:
        self._runner.cancel_all()
        self._predictor = None
        self._wanted = self._loading = False
        self.round = ""
        self._set("off", self.tr("No project"))

    def _on_session_classes_changed(self) -> None:
        project = self._session.project
        if project is not None and self._started and class_key(project) != self._class_key:
            self.reload()

    def _on_loaded(self, loaded: tuple[Any, str, str] | None) -> None:
        self._loading = False
        if loaded is None:
            self._set("off", self.tr("Paint a few strokes of each class first"))
            return
        self._predictor, self.round, self._device = loaded
        self._set("idle", self.tr("Ready"))
        self._request_around()

    def _on_load_failed(self, error: UnetGuiError) -> None:
        self._loading = False
        self._set("failed", error.message)
        self._session.failed.emit(error)

    def _on_progress(self, entry: ImageEntry, progress: Progress) -> None:
        current = self._session.entry
        if current is not None and current.name == entry.name:
            fraction = progress.done / max(1, progress.total)
            self._set("predicting", self.tr("Proposing…"), fraction)

    def _on_predicted(self, entry: ImageEntry, result: tuple[Ghost, str] | None) -> None:
        if result is None:
            return
        ghost, note = result
        if not self._quiet:
            self._session.set_prediction(entry.name, ghost)
        if note:
            self._session.noticed.emit(note)
        current = self._session.entry
        if current is not None and current.name == entry.name:
            self._set("idle", self.tr("Ready"))

    def _on_predict_failed(self, entry: ImageEntry, error: UnetGuiError) -> None:
        current = self._session.entry
        if current is not None and current.name == entry.name:
            self._set("failed", error.message)

    def _set(self, kind: Kind, text: str, fraction: float = 0.0) -> None:
        if self._quiet and kind not in ("failed", "loading"):
            kind, text, fraction = "idle", self._quiet, 0.0
        self.state = PredictionState(kind, text, fraction, self._device)
        self.state_changed.emit(self.state)


def _load(project: Project) -> Generator[None, None, tuple[Any, str, str] | None]:
    """Load the adopted round, else the starter where its classes are the project's."""
    yield
    if proposing_name(project, starter_classes()) is None:
        return None
    from unet_gui.unet.device import pick
    from unet_gui.unet.predict import Predictor
    from unet_gui.unet.rounds import proposing_checkpoint

    device = pick("auto")
    found = proposing_checkpoint(project)
    if found is None:
        return None
    checkpoint, name = found
    return Predictor(checkpoint, device), name, device.description


def _predict(
    project: Project,
    predictor: Any,
    entry: ImageEntry,
    image: RgbImage | None,
    round_name: str,
) -> Generator[Progress, None, tuple[Ghost, str] | None]:
    """A cached prediction of this round, or a new one, kept for the next time.

    Returns:
        What is offered, and what a person should know; None for an image that is too large.
    """
    from unet_gui.dataset import pages

    yield Progress(0, 1)
    cached = project.load_prediction(entry, round_name=round_name)
    if cached is not None:
        return _offered(project, cached.mask, cached.confidence, round_name), ""
    width, height = pages.size(entry)
    if width * height > LARGEST:
        return None
    if image is None:
        image = pages.read(entry)
        yield Progress(0, 1)
    prediction = yield from predictor.predict(image)
    project.save_prediction(entry, prediction.mask, prediction.confidence, round_name=round_name)
    ghost = _offered(project, prediction.mask, prediction.confidence, round_name)
    return ghost, prediction.note


def _offered(
    project: Project, mask: NDArray[np.uint8], confidence: NDArray[np.uint8], round_name: str
) -> Ghost:
    """Silent where the round's proposals of this confidence were wrong on held-back corrections."""
    found = {r.name: r for r in project.rounds()}.get(round_name)
    scores = found.info.get("scores") if found is not None else None
    threshold = scores.get("threshold") if isinstance(scores, dict) else None
    if not isinstance(threshold, int | float):
        return Ghost(mask, confidence, round_name)
    sure = mask.copy()
    sure[confidence < 255 * threshold] = UNLABELLED
    return Ghost(sure, confidence, round_name)
