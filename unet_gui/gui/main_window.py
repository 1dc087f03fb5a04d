"""The window: connects its parts, follows the project, closes without losing anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QMessageBox

from unet_gui.gui.actions import Actions, Menu
from unet_gui.gui.actions.keys import FocusKey, HoldKey, TypingGuard
from unet_gui.gui.actions.watch import ActionWatch
from unet_gui.gui.canvas.tools import tool_hint
from unet_gui.gui.class_edits import ClassEdits
from unet_gui.gui.dialogs.data_flows import DataFlows
from unet_gui.gui.dialogs.flows import Flows
from unet_gui.gui.dialogs.keys import KeysDialog
from unet_gui.gui.dialogs.mask_flows import MaskFlows
from unet_gui.gui.image_queue import ImageQueue
from unet_gui.gui.mask_edits import MaskEdits
from unet_gui.gui.next_mistake import NextMistake
from unet_gui.gui.options import Tool
from unet_gui.gui.panels.job_strip import JobStrip
from unet_gui.gui.panels.wording import tip
from unet_gui.gui.settings import Settings
from unet_gui.gui.theme import Theme
from unet_gui.gui.window.handlers import all_handlers
from unet_gui.gui.window.memory import Memory
from unet_gui.gui.window.parts import Parts

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.gui.finetuning import FineTuning, Outcome
    from unet_gui.gui.prediction import PredictionService
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import ThemeMode

PREDICT_AFTER_MS = 150
"""The window is painted first; loading the network then takes the processor."""


class MainWindow(QMainWindow):
    """Everything a person sees.

    Args:
        session: project and document.
        state: tool and view.
        prediction: proposes; started once the window is on the screen.
        finetuning: runs rounds.
        theme: colours and icons; follows the system unless given.
        settings: what is remembered; the user's own unless given.

    Signals:
        instant_switched: whether the instant learner shall propose.
    """

    instant_switched = Signal(bool)

    def __init__(
        self,
        session: Session,
        state: ViewState,
        prediction: PredictionService,
        finetuning: FineTuning,
        *,
        theme: Theme | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.session, self.state = session, state
        self.prediction, self.finetuning = prediction, finetuning
        self.settings = settings or Settings()
        self.theme = theme or Theme(_application())
        self.edits = ClassEdits(session, self)
        self.commands = Actions(self, self.theme)
        self.flows = Flows(self, session, self.edits, self.settings, self.theme)
        self.data_flows = DataFlows(self, session, self.flows, self.theme)
        self.mask_edits = MaskEdits(session, state, self)
        self.mask_flows = MaskFlows(self, session, self.mask_edits, state)
        self.queue = ImageQueue(session, state, self.settings, self)
        self.mistakes = NextMistake(session, self)
        self._shut = self._arranged = False
        self.parts = parts = Parts(
            session, state, self.edits, theme=self.theme, actions=self.commands.by_id,
            services=(prediction, finetuning, self.queue),
        )  # fmt: skip
        self.canvas, self.start_page, self.stack = parts.canvas, parts.start_page, parts.stack
        self.tool_bar, self.options_bar = parts.tool_bar, parts.options_bar
        self.images, self.classes, self.learner = parts.images, parts.classes, parts.learner
        self.status, self.toaster = parts.status, parts.toaster
        self.docks, self.areas = parts.docks, parts.areas
        self.image_dock, self.class_dock = parts.image_dock, parts.class_dock
        parts.place(self)
        self.setAcceptDrops(True)
        self._fill_menus()
        self.watch = ActionWatch(
            self.commands, session, state, finetuning,
            can_roll_back=lambda: self.learner.previous_round is not None,
            is_done=self.images.model.is_done,
        )  # fmt: skip
        self.watch.follow_theme(self.theme)
        self.commands.explain({tool.value: tool_hint(tool) for tool in Tool})
        self.commands.bind(all_handlers(self))
        self._connect()
        self.memory = Memory(self.settings, state, parts, self.commands)
        self.memory.restore(self)
        self._on_project_changed()

    def _fill_menus(self) -> None:
        self.menus = self.commands.fill(self.menuBar())
        self.recent_menu = QMenu(self.tr("Open &recent"), self)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        self.menus[Menu.FILE].insertMenu(self.commands["open_sample"], self.recent_menu)
        panels = QMenu(self.tr("&Panels"), self)
        self.menus[Menu.VIEW].insertMenu(self.commands["next_area"], panels)
        for dock in self.docks:
            panels.addAction(dock.toggleViewAction())

    def _connect(self) -> None:
        session, commands = self.session, self.commands
        session.opening_changed.connect(self._on_opening_changed)
        session.project_opened.connect(self._on_project_changed)
        session.project_closed.connect(self._on_project_changed)
        session.image_opened.connect(self._show_title)
        session.image_closed.connect(self._show_title)
        session.failed.connect(self.flows.errors.show)
        self.finetuning.failed.connect(self._on_finetuning_failed)
        self.finetuning.finished.connect(self._on_finetuning_finished)
        self.images.counts_changed.connect(self.watch.refresh)
        self.images.counted.connect(self.status.show_done)
        self.mistakes.found.connect(lambda spot: self.parts.flash.show_place(spot.rect))
        self.mistakes.said.connect(self.status.notice)
        self.edits.finished.connect(self.images.read_statuses)
        self.learner.round_used.connect(self.images.read_statuses)
        self.classes.recolor_requested.connect(self.flows.recolor_class)
        self.flows.pixel_size_changed.connect(self.show_pixel_size)
        self.status.insertPermanentWidget(1, JobStrip(self.mask_edits, session.long_work))
        self.data_flows.round_made.connect(self.learner.use_round)
        self.data_flows.learn_requested.connect(
            lambda path: self.finetuning.start(float(self.learner.budget), parent=str(path))
        )
        self.data_flows.said.connect(self.toaster.say)
        self.start_page.recent_chosen.connect(self.flows.open_path)
        self.options_bar.typed.connect(self.canvas.setFocus)
        commands.shortcuts.listen("panels", FocusKey(self.canvas, commands["panels"]).set_keys)
        TypingGuard(self)
        hide = HoldKey(
            self,
            lambda: self.state.set_overlay_visible(False),
            lambda: self.state.set_overlay_visible(True),
        )
        commands.shortcuts.listen("overlay", hide.set_keys)
        commands.shortcuts.changed.connect(self._share_tool_keys)

    def _share_tool_keys(self) -> None:
        """The canvas hears when such a key is let go, which no shortcut tells."""
        keys = self.commands.shortcuts.keys
        self.canvas.set_tool_keys({key: tool for tool in Tool for key in keys(tool.value)})

    def switch_instant(self, *, on: bool) -> None:
        """Whether an answer after every stroke is wanted."""
        self.instant_switched.emit(on)

    # -- panels, areas, screen -------------------------------------------------------------------

    def go_to_next_area(self) -> None:
        """The keyboard to the next of image list, canvas, classes, learner."""
        focus = QApplication.focusWidget()
        at = next((i for i, w in enumerate(self.areas) if w is focus), -1)
        for step in range(1, len(self.areas) + 1):
            area = self.areas[(at + step) % len(self.areas)]
            if area.isVisible() and area.isEnabled():
                area.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.commands["full_screen"].setChecked(self.isFullScreen())

    def set_theme(self, mode: ThemeMode) -> None:
        self.theme.set_mode(mode)
        self.settings.set("window/theme", mode.value)

    def change_keys(self) -> None:
        """Let the person give actions other keys."""
        dialog = KeysDialog(self, self.theme, self.commands.rows(), self.commands.shortcuts)
        dialog.accepted.connect(self.memory.keep_keys)
        dialog.open()

    # -- following -------------------------------------------------------------------------------

    def _on_opening_changed(self) -> None:
        opening = self.session.opening
        if self.session.project is None:
            self._on_project_changed()
        elif opening is not None:
            self.status.notice(self.tr("Opening {0} …").format(opening.name or opening))

    def _on_project_changed(self) -> None:
        is_open = self.session.project is not None or self.session.opening is not None
        self.parts.panels.set_aside(aside=not is_open)
        page = self.canvas if is_open else self.start_page
        self.stack.setCurrentWidget(page)
        page.setFocus()
        QTimer.singleShot(0, self, self._share_room)
        if not is_open:
            self.start_page.show_recent(self.settings.recent_projects())
        self.show_pixel_size()
        self._show_title()

    def show_pixel_size(self) -> None:
        """Rulers measure in the project's unit."""
        project = self.session.project
        size, unit = (project.pixel_size if project is not None else None) or (None, "")
        self.canvas.set_pixel_size(size, unit)

    def _show_title(self) -> None:
        project, entry = self.session.project, self.session.entry
        parts = [entry.name if entry else "", project.name if project else "", "U-Net GUI"]
        self.setWindowTitle(" – ".join(part for part in parts if part))

    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for folder in self.settings.recent_projects():
            action = QAction(Path(folder).name or folder, self.recent_menu)
            action.setStatusTip(folder)
            action.setToolTip(tip(folder))
            action.triggered.connect(lambda _=False, f=folder: self.flows.open_path(f))
            self.recent_menu.addAction(action)
        if self.recent_menu.isEmpty():
            self.recent_menu.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _on_finetuning_finished(self, outcome: Outcome) -> None:
        self.toaster.say(self.learner.judgement(outcome))
        if outcome.adopted:
            self.prediction.reload()

    def _on_finetuning_failed(self, error: UnetGuiError) -> None:
        self.toaster.say(
            error.message, level="error", details=lambda: self.flows.errors.show(error)
        )

    # -- events ------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.memory.arranged and not self._arranged:
            # Not before: Qt would leave tab bars of a layout behind that was never seen.
            self.parts.arrange(self)
        self._arranged = True
        QTimer.singleShot(0, self, self._share_room)
        QTimer.singleShot(PREDICT_AFTER_MS, self, self._start_predicting)

    def _share_room(self) -> None:
        """As is best, unless the person has arranged the panels once."""
        if not self.memory.arranged:
            self.parts.share_room(self)

    def _start_predicting(self) -> None:
        if not self._shut:
            self.prediction.start()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A project opens; a dataset is offered to be imported, a network to be loaded."""
        local = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if local:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, lambda: self.data_flows.dropped(local[0]))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks nothing unless something could not be saved."""
        error = None if self._shut else self.session.flush()
        if error is not None and not self._may_lose(error):
            event.ignore()
            return
        self.shutdown()
        event.accept()

    def _may_lose(self, error: UnetGuiError) -> bool:
        box = QMessageBox(self)
        box.setObjectName("unsaved_question")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(self.tr("Not everything is saved."))
        box.setInformativeText(tip(" ".join(filter(None, (error.message, error.hint)))))
        leave = box.addButton(self.tr("Leave all the same"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is leave

    def shutdown(self) -> None:
        """End all background work and remember how things stood. Safe to call twice."""
        if self._shut:
            return
        self._shut = True
        for dialog in self.findChildren(QDialog):
            dialog.close()
        self.memory.remember(self)
        # A thread in the midst of loading the network cannot be hurried; nobody has to watch it.
        self.hide()
        self.finetuning.abandon()
        self.prediction.shutdown()
        self.images.shutdown()
        self.mistakes.shutdown()
        self.queue.shutdown()
        self.session.shutdown()


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
