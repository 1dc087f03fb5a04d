"""The bottom line: device and proposal, class and place under the pointer, zoom, saving, count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QSize, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QWidget

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.panels.wording import score
from unet_gui.gui.saver import SaveState
from unet_gui.gui.theme.tokens import ICON_SMALL, SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QPixmap

    from unet_gui.gui.prediction import PredictionService, PredictionState
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import Hover, ViewState
    from unet_gui.gui.theme import Theme

NOTICE_MS = 6000
HOVER_MS = 40
SAVE_MS = 150


class MainStatusBar(QStatusBar):
    """Listens to session, view state and prediction; asks for nothing."""

    def __init__(
        self, session: Session, state: ViewState, prediction: PredictionService, theme: Theme
    ) -> None:
        super().__init__()
        self.setObjectName("status_bar")
        self.setSizeGripEnabled(False)
        self._session = session
        self._state = state
        self._prediction = prediction
        self._theme = theme
        self._hover_timer = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._save_timer = QTimer(self, singleShot=True, interval=SAVE_MS)
        self._build()
        self._connect()
        self._refresh()

    def show_done(self, text: str) -> None:
        """How many images are done, in words."""
        self._done.setText(text)

    def notice(self, text: str) -> None:
        """Say something for a few seconds."""
        self.showMessage(text, NOTICE_MS)

    def _build(self) -> None:
        self._learner = _label("status_learner")
        self._busy = named(QProgressBar(), "status_progress")
        self._busy.setRange(0, 100)
        self._busy.setTextVisible(False)
        self._busy.setFixedWidth(90)
        learner = QWidget()
        row = QHBoxLayout(learner)
        row.setContentsMargins(SPACE_M, 0, 0, 0)
        row.setSpacing(SPACE_M)
        row.addWidget(self._learner)
        row.addWidget(self._busy)
        row.addStretch(1)
        self.addWidget(learner, 1)
        self._class = FactLabel("status_class", "n" * 24)
        self._position = FactLabel("status_position", "x 00000  y 00000")
        self._zoom = FactLabel("status_zoom", self.tr("{0} %").format("6400"))
        self._save_icon = QLabel()
        self._save = FactLabel("status_saved", self.tr("Not saved"))
        self._save.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._done = _label("status_done")
        facts = QWidget()
        line = QHBoxLayout(facts)
        line.setContentsMargins(0, 0, SPACE_M, 0)
        line.setSpacing(2 * SPACE_M)
        saved = QHBoxLayout()
        saved.setSpacing(SPACE_S)
        saved.addWidget(self._save_icon)
        saved.addWidget(self._save)
        for label in (self._class, self._position, self._zoom):
            line.addWidget(label)
        line.addLayout(saved)
        line.addWidget(self._done)
        self.addPermanentWidget(facts)

    def _connect(self) -> None:
        session, state = self._session, self._state
        state.hover_changed.connect(self._show_hover_soon)
        state.zoom_changed.connect(self._show_zoom)
        session.mask_touched.connect(self._show_hover_soon)
        session.ghost_changed.connect(self._show_hover_soon)
        self._hover_timer.timeout.connect(lambda: self._show_hover(state.hover))
        session.image_closed.connect(self._on_session_image_changed)
        session.image_opened.connect(self._on_session_image_changed)
        session.project_opened.connect(self._refresh)
        session.project_closed.connect(self._refresh)
        session.save_state_changed.connect(self._show_save_soon)
        self._save_timer.timeout.connect(lambda: self._show_save(session.save_state))
        session.noticed.connect(self.notice)
        self._prediction.state_changed.connect(self._show_learner)
        self._theme.changed.connect(self._refresh)

    def _show_hover_soon(self) -> None:
        """Laying out and drawing words for each move would cost more than the paint."""
        if not self._hover_timer.isActive():
            self._hover_timer.start()

    def _on_session_image_changed(self) -> None:
        self._show_zoom(self._state.zoom)
        self._show_hover(self._state.hover)

    def _refresh(self) -> None:
        self._show_learner(self._prediction.state)
        self._show_zoom(self._state.zoom)
        self._show_hover(self._state.hover)
        self._show_save(self._session.save_state)

    def _show_learner(self, state: PredictionState) -> None:
        parts = [part for part in (state.device, state.text) if part]
        self._learner.setText(" · ".join(parts))
        self._busy.setVisible(state.kind in ("loading", "predicting"))
        if state.kind == "loading" or state.fraction <= 0:
            self._busy.setRange(0, 0)
        else:
            self._busy.setRange(0, 100)
            self._busy.setValue(round(100 * state.fraction))

    def _show_zoom(self, zoom: float) -> None:
        if self._session.document is None:
            self._zoom.setText("")
            return
        percent = 100 * zoom
        digits = 0 if percent >= 10 else 1
        self._zoom.setText(self.tr("{0} %").format(QLocale().toString(percent, "f", digits)))

    def _show_hover(self, hover: Hover | None) -> None:
        self._position.setText("" if hover is None else f"x {hover.x}  y {hover.y}")
        self._class.setText("" if hover is None else self._class_at(hover))

    def _class_at(self, hover: Hover) -> str:
        """The class in the mask, else the one proposed and how sure the network is."""
        session = self._session
        project, document, ghost = session.project, session.document, session.ghost
        if project is None or document is None:
            return ""
        height, width = document.shape
        if not (0 <= hover.x < width and 0 <= hover.y < height):
            return ""
        value = document.value_at(hover.x, hover.y)
        if value != UNLABELLED:
            return self._name(value)
        if ghost is None or ghost.mask.shape != document.shape:
            return self.tr("unlabelled")
        proposed = int(ghost.mask[hover.y, hover.x])
        if proposed == UNLABELLED:
            return self.tr("unlabelled")
        sure = score(int(ghost.confidence[hover.y, hover.x]) / 255)
        return self.tr("{0} {1} (proposed)").format(self._name(proposed), sure)

    def _name(self, class_id: int) -> str:
        classes = self._session.project.classes if self._session.project is not None else ()
        for info in classes:
            if info.id == class_id:
                return info.name
        return self.tr("class {0}, not in the list").format(class_id)

    def _show_save_soon(self, state: SaveState) -> None:
        """Failing is said at once; what is saved in a moment need not lay the bar out anew."""
        if state is SaveState.FAILED:
            self._show_save(state)
        elif not self._save_timer.isActive():
            self._save_timer.start()

    def _show_save(self, state: SaveState) -> None:
        open_project = self._session.project is not None
        text, icon, token = {
            SaveState.SAVED: (self.tr("Saved"), "accept", "success"),
            SaveState.SAVING: (self.tr("Saving…"), "down", "muted"),
            SaveState.FAILED: (self.tr("Not saved"), "warning", "danger"),
        }[state]
        self._save.setText(text)
        styled(self._save, level="error" if state is SaveState.FAILED else "")
        self._save_icon.setPixmap(self._picture(icon, token))
        self._save.setVisible(open_project)
        self._save_icon.setVisible(open_project)

    def _picture(self, icon: str, token: str) -> QPixmap:
        return self._theme.pixmap(icon, ICON_SMALL, getattr(self._theme.tokens, token))


class FactLabel(QLabel):
    """A label for what changes with every move of the pointer: it never asks for another size.

    QLabel does whenever its text changes, and then the whole window is laid out anew.

    Args:
        name: objectName.
        widest: a text that fits just so; longer ones are cut with an ellipsis.
    """

    def __init__(self, name: str, widest: str) -> None:
        super().__init__()
        named(self, name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("muted", True)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._text = ""
        self._widest = widest

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._widest), metrics.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        place = self.alignment()
        shown = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), place, shown)


def _label(name: str) -> QLabel:
    label = named(QLabel(), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("muted", True)
    return label
