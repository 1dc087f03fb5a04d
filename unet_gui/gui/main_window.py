"""The window: places the widgets, connects them, remembers how they stood."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from unet_gui.gui.actions import Actions, Menu
from unet_gui.gui.actions.keys import HoldKey, TypingGuard
from unet_gui.gui.actions.watch import ActionWatch
from unet_gui.gui.canvas.view import CanvasView
from unet_gui.gui.class_edits import ClassEdits
from unet_gui.gui.dialogs.flows import Flows
from unet_gui.gui.panels.class_list import ClassListPanel
from unet_gui.gui.panels.dock import PanelDock, PanelSwitch
from unet_gui.gui.panels.image_list import ImageListPanel
from unet_gui.gui.panels.learner import LearnerPanel
from unet_gui.gui.panels.start_page import StartPage
from unet_gui.gui.panels.status_bar import MainStatusBar
from unet_gui.gui.panels.toast import Toaster
from unet_gui.gui.panels.tool_bar import MainToolBar
from unet_gui.gui.panels.wording import tip
from unet_gui.gui.settings import Settings
from unet_gui.gui.state import Tool
from unet_gui.gui.theme import Theme, ThemeMode
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.gui.finetuning import FineTuning, Outcome
    from unet_gui.gui.prediction import PredictionService
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

DEFAULT_SIZE: Final = (1360, 860)
SIDE_WIDTH: Final = 272
PREDICT_AFTER_MS: Final = 150
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
    """

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
        self._shut = False
        self._place()
        self._fill_menus()
        self.watch = ActionWatch(
            self.commands, session, state, finetuning,
            can_roll_back=lambda: self.learner.previous_round is not None,
            is_done=self.images.model.is_done,
        )  # fmt: skip
        self.watch.follow_theme(self.theme)
        self.commands.bind(self._handlers())
        self._connect()
        self._restore()
        self._on_project_changed()

    # -- placing -------------------------------------------------------------------------------

    def _place(self) -> None:
        actions, theme = self.commands.by_id, self.theme
        self.canvas = CanvasView(self.session, self.state)
        self.start_page = StartPage(theme, actions)
        self.stack = named(QStackedWidget(), "stack")
        self.stack.addWidget(self.start_page)
        self.stack.addWidget(self.canvas)
        self.setCentralWidget(self.stack)
        self.tool_bar = MainToolBar(self.state, theme, actions)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.tool_bar)
        self.images = ImageListPanel(self.session, theme)
        self.classes = ClassListPanel(self.session, self.state, self.edits, theme, actions)
        self.learner = LearnerPanel(self.session, self.prediction, self.finetuning, theme)
        self.image_dock = PanelDock("image_dock", self.tr("Images"), self.images, theme)
        self.class_dock = PanelDock("class_dock", self.tr("Classes"), self.classes, theme)
        self.learner_dock = PanelDock("learner_dock", self.tr("Learner"), self.learner, theme)
        # A larger window gives its height to the curves: there are only so many classes.
        self.class_dock.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.docks = (self.image_dock, self.class_dock, self.learner_dock)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.image_dock)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.class_dock)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.learner_dock)
        self.resizeDocks(list(self.docks), [SIDE_WIDTH] * 3, Qt.Orientation.Horizontal)
        self.panels = PanelSwitch([*self.docks, self.tool_bar])
        self.status = MainStatusBar(self.session, self.state, self.prediction, theme)
        self.setStatusBar(self.status)
        self.toaster = Toaster(self.stack, theme)
        self.setAcceptDrops(True)
        self.areas = (self.images.view, self.canvas, self.classes.view, self.learner.button)
        for before, after in zip(self.areas, self.areas[1:], strict=False):
            QWidget.setTabOrder(before, after)

    def _fill_menus(self) -> None:
        self.menus = self.commands.fill(self.menuBar())
        self.recent_menu = QMenu(self.tr("Open &recent"), self)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        self.menus[Menu.FILE].insertMenu(self.commands["open_sample"], self.recent_menu)
        before = self.commands["next_area"]
        for dock in self.docks:
            action = dock.toggleViewAction()
            action.setText(self.tr("Panel: {0}").format(dock.windowTitle()))
            self.menus[Menu.VIEW].insertAction(before, action)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        session, state, canvas, flows = self.session, self.state, self.canvas, self.flows
        classes, learner, actions = self.classes, self.learner, self.commands
        tools = {"brush": Tool.BRUSH, "eraser": Tool.ERASER, "pan": Tool.PAN,
                 "accept_lasso": Tool.ACCEPT}  # fmt: skip
        return {
            "new_project": flows.new_project, "open": flows.open,
            "open_sample": flows.open_sample, "refresh": flows.refresh,
            "export": flows.export, "close_project": flows.close_project, "quit": self.close,
            "undo": session.undo, "redo": session.redo,
            **{key: partial(state.set_tool, tool) for key, tool in tools.items()},
            "smaller": lambda: state.step_size(-1), "larger": lambda: state.step_size(+1),
            "pick": canvas.pick_class,
            "zoom_in": canvas.zoom_in, "zoom_out": canvas.zoom_out,
            "zoom_fit": canvas.zoom_fit, "zoom_actual": canvas.zoom_actual,
            "overlay": lambda: state.set_overlay_visible(not actions["overlay"].isChecked()),
            "outline": lambda: state.set_outline(actions["outline"].isChecked()),
            "ghost": lambda: state.set_ghost_visible(actions["ghost"].isChecked()),
            "panels": self.panels.toggle, "next_area": self.go_to_next_area,
            "full_screen": self.toggle_full_screen,
            **{f"theme_{m.value}": partial(self._set_theme, m) for m in ThemeMode},
            "previous": session.previous_image, "next": session.next_image,
            "accept": self._accept, "accept_next": session.accept_and_next,
            "discard": session.discard_ghost,
            "done": lambda: session.mark_done(actions["done"].isChecked()),
            "class_add": classes.add, "class_rename": classes.rename_chosen,
            "class_recolor": lambda: flows.recolor_class(classes.chosen),
            "class_up": lambda: classes.move_chosen(-1),
            "class_down": lambda: classes.move_chosen(+1),
            "class_merge": lambda: flows.merge_class(classes.chosen),
            "class_delete": lambda: flows.delete_class(classes.chosen),
            "swap_class": state.swap_class,
            **{f"class_{n}": partial(classes.choose_position, n - 1) for n in range(1, 10)},
            "fine_tune": learner.start, "stop_learning": self.finetuning.stop,
            "roll_back": self._roll_back,
            "keys": lambda: flows.keys(actions.rows()),
            "commands": lambda: flows.commands(actions.rows()),
            "log": flows.show_log, "about": lambda: flows.about(self.prediction.device_text),
        }  # fmt: skip

    def _connect(self) -> None:
        session = self.session
        session.project_opened.connect(self._on_project_changed)
        session.project_closed.connect(self._on_project_changed)
        session.image_opened.connect(self._show_title)
        session.image_closed.connect(self._show_title)
        session.failed.connect(self.flows.errors.show)
        self.finetuning.failed.connect(self._on_finetuning_failed)
        self.finetuning.finished.connect(self._on_finetuning_finished)
        self.images.counts_changed.connect(self._show_done)
        self.edits.finished.connect(self.images.read_statuses)
        self.learner.round_used.connect(self.images.read_statuses)
        self.classes.recolor_requested.connect(self.flows.recolor_class)
        self.start_page.recent_chosen.connect(self.flows.open_path)
        self.tool_bar.typed.connect(self.canvas.setFocus)
        self.commands.only_in(self.canvas, "panels", Qt.Key.Key_Tab)
        TypingGuard(self)
        HoldKey(
            Qt.Key.Key_H,
            self,
            lambda: self.state.set_overlay_visible(False),
            lambda: self.state.set_overlay_visible(True),
        )

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

    def _set_theme(self, mode: ThemeMode) -> None:
        self.theme.set_mode(mode)
        self.settings.set("window/theme", mode.value)

    def _accept(self) -> None:
        if self.session.accept() == 0:
            self.status.notice(self.tr("Nothing is left to accept: all of it is painted already."))

    def _roll_back(self) -> None:
        previous = self.learner.previous_round
        if previous is not None:
            self.learner.use_round(previous)

    # -- following -------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        is_open = self.session.project is not None
        self.panels.set_aside(aside=not is_open)
        page = self.canvas if is_open else self.start_page
        self.stack.setCurrentWidget(page)
        page.setFocus()
        QTimer.singleShot(0, self, self._share_room)
        if not is_open:
            self.start_page.show_recent(self.settings.recent_projects())
        self._show_title()

    def _show_title(self) -> None:
        project, entry = self.session.project, self.session.entry
        parts = [entry.name if entry else "", project.name if project else "", "U-Net GUI"]
        self.setWindowTitle(" – ".join(part for part in parts if part))

    def _show_done(self, done: int, total: int) -> None:
        self.watch.refresh()
        self.status.show_done(self.tr("{0} of {1} done").format(done, total) if total else "")

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
        QTimer.singleShot(0, self, self._share_room)
        QTimer.singleShot(PREDICT_AFTER_MS, self, self._start_predicting)

    def _share_room(self) -> None:
        """Classes as high as they need, the rest for the curves; unless the person chose once."""
        docks = (self.class_dock, self.learner_dock)
        if self.settings.get("window/docks") or any(d.isHidden() or d.isFloating() for d in docks):
            return
        height = sum(dock.height() for dock in docks)
        title = self.class_dock.height() - self.classes.height()
        wanted = min(self.classes.wanted_height + title, height // 2)
        self.resizeDocks(list(docks), [wanted, height - wanted], Qt.Orientation.Vertical)

    def _start_predicting(self) -> None:
        if not self._shut:
            self.prediction.start()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A folder opens; a file stands for the folder it is in."""
        local = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if local:
            event.acceptProposedAction()
            folder = local[0] if local[0].is_dir() else local[0].parent
            QTimer.singleShot(0, self, lambda: self.flows.open_path(folder))

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
        self._remember()
        # A thread in the midst of loading the network cannot be hurried; nobody has to watch it.
        self.hide()
        self.finetuning.abandon()
        self.prediction.shutdown()
        self.images.shutdown()
        self.session.shutdown()

    # -- remembering -------------------------------------------------------------------------------

    def _restore(self) -> None:
        settings, state = self.settings, self.state
        geometry, docks = settings.get("window/geometry"), settings.get("window/docks")
        if not geometry or not self.restoreGeometry(QByteArray(geometry)):
            available = QGuiApplication.primaryScreen().availableGeometry()
            self.resize(
                min(DEFAULT_SIZE[0], available.width()), min(DEFAULT_SIZE[1], available.height())
            )
        if docks:
            self.restoreState(QByteArray(docks))
        # Hidden for a moment with Tab, they must not stay away at the next start.
        self.tool_bar.setVisible(True)
        state.brush_size = settings.get("paint/brush_size")
        state.eraser_size = settings.get("paint/eraser_size")
        state.size_changed.emit(state.size)
        state.set_opacity(settings.get("view/opacity"))
        state.set_outline(settings.get("view/outline"))
        self.learner.set_budget(settings.get("learn/budget"))

    def _remember(self) -> None:
        settings, state = self.settings, self.state
        self.panels.bring_back()
        values = {
            "window/geometry": self.saveGeometry().data(),
            "window/docks": self.saveState().data(),
            "paint/brush_size": state.brush_size,
            "paint/eraser_size": state.eraser_size,
            "view/opacity": state.opacity,
            "view/outline": state.outline,
            "learn/budget": self.learner.budget,
        }
        for key, value in values.items():
            settings.set(key, value)
        settings.sync()


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
