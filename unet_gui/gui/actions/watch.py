"""Keeps the actions in step: what is possible now, and what is switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from unet_gui.gui.actions.table import Situation
from unet_gui.gui.state import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.gui.actions import Actions
    from unet_gui.gui.finetuning import FineTuning
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme

TOOL_ACTIONS: Final = {
    Tool.BRUSH: "brush",
    Tool.ERASER: "eraser",
    Tool.PAN: "pan",
    Tool.ACCEPT: "accept_lasso",
}


class ActionWatch(QObject):
    """Listens to everything that decides about actions; asks the session once for many signals.

    Args:
        actions: what is enabled and checked.
        session: project, image, history, ghost.
        state: tool and overlay.
        finetuning: whether a round runs.
        can_roll_back: whether there is a round before the one in use.
        is_done: whether the image of this name is marked as done.
    """

    def __init__(
        self,
        actions: Actions,
        session: Session,
        state: ViewState,
        finetuning: FineTuning,
        *,
        can_roll_back: Callable[[], bool],
        is_done: Callable[[str], bool],
    ) -> None:
        super().__init__(actions)
        self._actions = actions
        self._session = session
        self._state = state
        self._finetuning = finetuning
        self._can_roll_back = can_roll_back
        self._is_done = is_done
        self._situation: Situation | None = None
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self.refresh)
        self._connect()
        self.refresh()
        self._show_tool(state.tool)
        self._show_view()

    def follow_theme(self, theme: Theme) -> None:
        """Tick the chosen theme."""

        def show() -> None:
            self._actions[f"theme_{theme.mode.value}"].setChecked(True)

        show()
        theme.changed.connect(show)

    def refresh(self) -> None:
        """Look at everything anew, now."""
        situation = self.situation()
        if situation != self._situation:
            self._situation = situation
            self._actions.refresh(situation)
        self._show_undo_names()
        self._show_done()

    def situation(self) -> Situation:
        """What there is to act on."""
        session, state = self._session, self._state
        project, document = session.project, session.document
        classes = project.classes if project is not None else ()
        ids = {c.id for c in classes}
        return Situation(
            project=project is not None,
            images=bool(project is not None and project.images),
            image=document is not None,
            ghost=session.ghost is not None,
            can_undo=document is not None and (document.history.can_undo or document.stroking),
            can_redo=document is not None and document.history.can_redo,
            classes=len(ids),
            class_chosen=state.active_class in ids,
            can_swap=state.last_class in ids and state.last_class != state.active_class,
            learning=self._finetuning.running,
            can_roll_back=self._can_roll_back(),
        )

    def _connect(self) -> None:
        session, state = self._session, self._state
        for signal in (
            session.project_opened, session.project_closed, session.images_changed,
            session.image_opened, session.image_closed, session.ghost_changed,
            session.history_changed, session.status_changed, session.classes_changed,
            state.active_class_changed, self._finetuning.state_changed,
        ):  # fmt: skip
            signal.connect(self._refresh_soon)
        state.tool_changed.connect(self._show_tool)
        for signal in (
            state.outline_changed, state.ghost_visible_changed, state.overlay_visible_changed,
        ):  # fmt: skip
            signal.connect(self._show_view)

    def _refresh_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _show_tool(self, tool: Tool) -> None:
        self._actions[TOOL_ACTIONS[tool]].setChecked(True)

    def _show_view(self) -> None:
        state = self._state
        self._actions["outline"].setChecked(state.outline)
        self._actions["ghost"].setChecked(state.ghost_visible)
        self._actions["overlay"].setChecked(not state.overlay_visible)

    def _show_done(self) -> None:
        entry = self._session.entry
        self._actions["done"].setChecked(entry is not None and self._is_done(entry.name))

    def _show_undo_names(self) -> None:
        history = self._session.document.history if self._session.document is not None else None
        for action_id, verb, name in (
            ("undo", self.tr("&Undo"), history.undo_name if history is not None else ""),
            ("redo", self.tr("&Redo"), history.redo_name if history is not None else ""),
        ):
            text = f"{verb} “{name}”" if name else verb
            if self._actions[action_id].text() != text:
                self._actions[action_id].setText(text)
