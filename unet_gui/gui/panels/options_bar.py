"""The slim row under the tool bar: what the tool in hand can be told, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QToolBar, QWidget

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.options import Tool
from unet_gui.gui.panels.buttons import ActionButton
from unet_gui.gui.panels.option_fields import ClassBox, HintLine, NumberField, caption_label
from unet_gui.gui.state import MAX_SIZE, MIN_SIZE
from unet_gui.gui.theme.tokens import ICON_SMALL, SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from unet_gui.gui.options import ToolOptions
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

SIZE_TOP: Final = 500
"""The size slider's largest size; larger ones are typed."""

HEIGHT: Final = 40
"""The same for every tool: the canvas below must not jump."""

SIZED: Final = frozenset({Tool.BRUSH, Tool.ERASER, Tool.SUPERPIXEL})
TIPPED: Final = frozenset({Tool.BRUSH, Tool.ERASER})
STILL: Final = frozenset({Tool.ACCEPT, Tool.PAN})
"""Tools that paint no class of their own."""


class OptionsBar(QToolBar):
    """Changes with the tool.

    Args:
        session: classes to choose from.
        state: tool, size and options.
        theme: icons.
        actions: QActions by id.

    Signals:
        typed: a value was typed in full; the keyboard may go back to the canvas.
    """

    typed = Signal()

    def __init__(
        self, session: Session, state: ViewState, theme: Theme, actions: Mapping[str, QAction]
    ) -> None:
        super().__init__()
        self.setObjectName("options_bar")
        self.setWindowTitle(self.tr("Tool options"))
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(ICON_SMALL, ICON_SMALL))
        self._session, self._state, self._theme, self._actions = session, state, theme, actions
        self._shown_for: list[tuple[QAction, frozenset[Tool]]] = []
        self._build()
        self._connect()
        self._show_tool()
        self.setFixedHeight(HEIGHT)

    # -- building ------------------------------------------------------------------------------

    def _build(self) -> None:
        every = frozenset(Tool)
        self._icon = QLabel()
        self._icon.setContentsMargins(SPACE_M, 0, 0, 0)
        self._name = named(QLabel(), "tool_name")
        self._name.setProperty("heading", True)
        self._name.setContentsMargins(SPACE_M, 0, SPACE_M, 0)
        self._put(self._icon, every)
        self._put(self._name, every)
        self._build_brush()
        self._build_areas()
        self._build_acceptance()
        self.protect = ClassBox(
            "paint_only", self._theme,
            [(self.tr("everything"), None), (self.tr("unlabelled pixels"), UNLABELLED)],
            self.tr("only {0}"),
        )  # fmt: skip
        self.protect.setAccessibleName(self.tr("What may be painted over"))
        self.protect.setToolTip(self.tr("Pixels that the tools may change; all others are safe"))
        painting = every - STILL
        self._put(caption_label(self.tr("Paint over"), self.protect), painting)
        self._put(self.protect, painting)
        self._hint = HintLine("tool_tip_line")
        self._put(self._hint, every)

    def _build_brush(self) -> None:
        self.diameter = NumberField(
            "brush_size", "", (MIN_SIZE, MAX_SIZE), top=SIZE_TOP, suffix=self.tr(" px"), ratio=True
        )
        self.diameter.describe(
            self.tr("Size in image pixels"),
            self.tr("Diameter in image pixels ([ and ], or Ctrl and the mouse wheel)"),
        )
        self._put(self.diameter, SIZED)
        self._put(self._button("brush_square"), TIPPED)
        self._put(self._button("brush_pressure"), TIPPED)

    def _build_areas(self) -> None:
        self.tolerance = NumberField("tolerance", self.tr("Tolerance"), (0, 255), top=128)
        self.tolerance.describe(
            self.tr("Tolerance of the wand"),
            self.tr("How different a colour may be from the clicked one; or drag on the image"),
        )
        self._put(self.tolerance, frozenset({Tool.WAND}))
        self._put(self._button("wand_connected"), frozenset({Tool.WAND}))
        self.cell = NumberField(
            "superpixel_size", self.tr("Cell"), (4, 256), suffix=self.tr(" px"), ratio=True
        )
        self.cell.describe(
            self.tr("Side of a superpixel in image pixels"),
            self.tr("How large the small areas are that the brush paints (mouse wheel and Alt)"),
        )
        self._put(self.cell, frozenset({Tool.SUPERPIXEL}))

    def _build_acceptance(self) -> None:
        only = frozenset({Tool.ACCEPT})
        self.above = NumberField("accept_above", self.tr("Sure by at least"), (0, 100),
                                 suffix=self.tr(" %"))  # fmt: skip
        self.above.describe(
            self.tr("Confidence from which on the proposal is accepted, in percent"),
            self.tr("Pixels of which the network is less sure stay unlabelled"),
        )
        self._put(self.above, only)
        self.only = ClassBox(
            "accept_only", self._theme, [(self.tr("all classes"), None)], self.tr("only {0}")
        )
        self.only.setAccessibleName(self.tr("Which class is accepted"))
        self.only.setToolTip(self.tr("Take over this class and leave the others of the proposal"))
        self._put(caption_label(self.tr("Accept"), self.only), only)
        self._put(self.only, only)

    def _button(self, action_id: str) -> ActionButton:
        return ActionButton(self._actions[action_id], action_id, small=True)

    def _put(self, widget: QWidget, tools: frozenset[Tool]) -> None:
        self._shown_for.append((self.addWidget(widget), tools))

    # -- values ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        state, session = self._state, self._session
        self.diameter.changed.connect(state.set_size)
        self.tolerance.changed.connect(lambda v: state.set_options(tolerance=v))
        self.cell.changed.connect(lambda v: state.set_options(superpixel=v))
        self.above.changed.connect(lambda v: state.set_options(accept_above=v / 100))
        for field in (self.diameter, self.tolerance, self.cell, self.above):
            field.typed.connect(self.typed)
        self.protect.chosen.connect(lambda v: state.set_options(paint_only=v))
        self.only.chosen.connect(lambda v: state.set_options(accept_only=v))
        for box in (self.protect, self.only):
            box.chosen.connect(lambda _: self.typed.emit())
        state.size_changed.connect(self.diameter.show_value)
        state.options_changed.connect(self._show_options)
        state.tool_changed.connect(self._show_tool)
        session.classes_changed.connect(self._show_classes)
        session.project_closed.connect(self._show_classes)
        self._theme.changed.connect(self._show_tool)
        for tool in Tool:
            self._actions[tool.value].changed.connect(self._show_hint)
        self.diameter.show_value(state.size)
        self._show_classes()

    def _show_options(self, options: ToolOptions) -> None:
        self.tolerance.show_value(options.tolerance)
        self.cell.show_value(options.superpixel)
        self.above.show_value(round(100 * options.accept_above))
        self.protect.show_value(options.paint_only)
        self.only.show_value(options.accept_only)

    def _show_classes(self) -> None:
        project = self._session.project
        for box in (self.protect, self.only):
            box.show_classes(tuple(project.classes) if project is not None else ())
        self._show_options(self._state.options)

    def _show_tool(self) -> None:
        tool = self._state.tool
        action = self._actions[tool.value]
        self._name.setText(action.text().split("\t")[0].replace("&", ""))
        self._icon.setPixmap(self._theme.pixmap(tool.value, ICON_SMALL, self._theme.tokens.accent))
        for shown, tools in self._shown_for:
            shown.setVisible(tool in tools)
        self._show_hint()

    def _show_hint(self) -> None:
        self._hint.show_text(self._actions[self._state.tool.value].toolTip().rpartition("</p>")[2])
