"""The widgets of the window, and where each of them is at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTabWidget, QWidget

from unet_gui.gui.canvas.flash import Flash
from unet_gui.gui.canvas.linked_view import LinkedView
from unet_gui.gui.canvas.navigator import Navigator
from unet_gui.gui.canvas.view import CanvasView
from unet_gui.gui.panels.channels import ChannelsPanel
from unet_gui.gui.panels.class_list import ClassListPanel
from unet_gui.gui.panels.display import DisplayPanel
from unet_gui.gui.panels.dock import DockTitles, PanelDock, PanelSwitch, scrolled
from unet_gui.gui.panels.history import HistoryPanel
from unet_gui.gui.panels.image_list import ImageListPanel
from unet_gui.gui.panels.learner import LearnerPanel
from unet_gui.gui.panels.options_bar import OptionsBar
from unet_gui.gui.panels.start_page import StartPage
from unet_gui.gui.panels.status_bar import MainStatusBar
from unet_gui.gui.panels.toast import Toaster
from unet_gui.gui.panels.tool_bar import MainToolBar
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QMainWindow

    from unet_gui.gui.class_edits import ClassEdits
    from unet_gui.gui.finetuning import FineTuning
    from unet_gui.gui.image_queue import ImageQueue
    from unet_gui.gui.prediction import PredictionService
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

SIDE_WIDTH: Final = 272

ROOMY: Final = (1700, 1000)
"""A screen of this size has room for the navigator too."""

MINIATURE: Final = 250
"""Height of the navigator."""

CURVES: Final = 380
"""Height in which the learner's panel shows all it has: what is above may be with the classes."""

LEAST: Final = 30
"""Percent of the right column that the upper half gets at least: the history is there too."""


def tr(text: str) -> str:
    return QCoreApplication.translate("MainWindow", text)


class Parts:
    """Everything in the window.

    Args:
        session: project and document.
        state: tool and view.
        edits: changes classes.
        theme: colours and icons.
        actions: QActions by id.
        services: what proposes, what learns, and what sorts the images.
    """

    def __init__(
        self,
        session: Session,
        state: ViewState,
        edits: ClassEdits,
        *,
        theme: Theme,
        actions: Mapping[str, QAction],
        services: tuple[PredictionService, FineTuning, ImageQueue],
    ) -> None:
        prediction, finetuning, queue = services
        self.canvas = CanvasView(session, state)
        self.flash = Flash(self.canvas)
        self.start_page = StartPage(theme, actions)
        self.stack = named(QStackedWidget(), "stack")
        self.stack.addWidget(self.start_page)
        self.stack.addWidget(self.canvas)
        self.tool_bar = MainToolBar(state, theme, actions)
        self.options_bar = OptionsBar(session, state, theme, actions)
        self.images = ImageListPanel(session, theme, queue)
        self.classes = ClassListPanel(session, state, edits, theme, actions)
        self.history = HistoryPanel(session, theme)
        self.learner = LearnerPanel(session, prediction, finetuning, theme)
        self.display = DisplayPanel(session, state, theme, actions)
        self.display.use_histogram(self.canvas.histogram)
        self.canvas.histogram_changed.connect(self.display.histogram_changed)
        self.status = MainStatusBar(session, state, prediction, theme)
        self.toaster = Toaster(self.stack, theme)
        self.image_dock = PanelDock("image_dock", tr("Images"), self.images, theme)
        self.class_dock = PanelDock("class_dock", tr("Classes"), self.classes, theme)
        self.history_dock = PanelDock("history_dock", tr("History"), self.history, theme)
        self.learner_dock = PanelDock("learner_dock", tr("Learner"), self.learner, theme)
        self.display_dock = PanelDock("display_dock", tr("Display"), scrolled(self.display), theme)
        self.channels = ChannelsPanel(session, theme)
        self.channels_dock = PanelDock(
            "channels_dock", tr("Channels"), scrolled(self.channels), theme
        )
        self.navigator_dock = PanelDock(
            "navigator_dock", tr("Navigator"), Navigator(session, state, self.canvas), theme
        )
        self.linked_dock = PanelDock(
            "linked_dock", tr("Another image"), LinkedView(session, state, self.canvas), theme
        )
        # A tab that comes to the front is neither shown nor painted to Qt: it catches up itself.
        self.history_dock.visibilityChanged.connect(self.history.follow)
        self.display_dock.visibilityChanged.connect(self.display.histogram_changed)
        self.channels_dock.visibilityChanged.connect(self.channels.follow)
        self.docks = (
            self.image_dock, self.class_dock, self.history_dock, self.learner_dock,
            self.display_dock, self.channels_dock, self.navigator_dock, self.linked_dock,
        )  # fmt: skip
        self.left_docks = (self.navigator_dock, self.linked_dock)
        self.panels = PanelSwitch([*self.docks, self.tool_bar, self.options_bar])
        self.areas: tuple[QWidget, ...] = (
            self.images.view, self.canvas, self.classes.view, self.learner.button,
        )  # fmt: skip

    def place(self, window: QMainWindow) -> None:
        """Put them into the window."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        window.setCentralWidget(self.stack)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.tool_bar)
        window.addToolBarBreak(Qt.ToolBarArea.TopToolBarArea)
        window.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.options_bar)
        window.setStatusBar(self.status)
        # A larger window gives its height to the curves: there are only so many classes.
        self.class_dock.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for dock in self.docks:
            area = left if dock in (self.image_dock, *self.left_docks) else right
            window.addDockWidget(area, dock)
        room = window.screen().availableSize()
        self.navigator_dock.setVisible(room.width() >= ROOMY[0] and room.height() >= ROOMY[1])
        self.linked_dock.hide()
        self._titles = DockTitles(window, self.docks)
        for before, after in zip(self.areas, self.areas[1:], strict=False):
            QWidget.setTabOrder(before, after)

    def arrange(self, window: QMainWindow) -> None:
        """The docks where they are before the person has moved any; the window is shown already.

        Qt never takes away the tab bars of a layout that was made earlier than that.
        """
        for first, *others in (
            (self.class_dock, self.history_dock),
            (self.learner_dock, self.display_dock, self.channels_dock),
            self.left_docks,
        ):
            for other in others:
                window.tabifyDockWidget(first, other)
            first.raise_()
        columns = [self.image_dock, self.class_dock, self.learner_dock]
        window.resizeDocks(columns, [SIDE_WIDTH] * 3, Qt.Orientation.Horizontal)

    def share_room(self, window: QMainWindow) -> None:
        """Classes as high as they need, the rest for the curves."""
        docks = (self.class_dock, self.learner_dock)
        if any(dock.isHidden() or dock.isFloating() for dock in docks):
            return
        height = sum(dock.height() for dock in docks)
        title = self.class_dock.height() - self.classes.height()
        wanted = max(self.classes.wanted_height + title, LEAST * height // 100)
        wanted = min(wanted, max(height // 2, height - CURVES))
        window.resizeDocks(list(docks), [wanted, height - wanted], Qt.Orientation.Vertical)
        above, below = self.image_dock, self.navigator_dock
        height = above.height() + below.height()
        window.resizeDocks([above, below], [height - MINIATURE, MINIATURE], Qt.Orientation.Vertical)
