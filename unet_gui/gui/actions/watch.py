"""Keeps the actions in step: what is possible now, and what is switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.actions.spec import Situation

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.gui.actions import Actions
    from unet_gui.gui.finetuning import FineTuning
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.theme import Theme


def _switches(state: ViewState) -> dict[str, bool]:
    """Which of the actions that are on or off are on."""
    options, view, chosen = state.options, state.view, state.active_class
    return {
        state.tool.value: True,
        "brush_square": options.square,
        "brush_pressure": options.pressure,
        "wand_connected": options.connected,
        "protect_all": options.paint_only is None,
        "protect_painted": options.paint_only == UNLABELLED,
        "protect_others": options.paint_only not in (None, UNLABELLED),
        "outline": state.outline,
        "ghost": state.ghost_visible,
        "overlay": not state.overlay_visible,
        "smooth_zoom": view.smooth,
        "pixel_grid": view.pixel_grid,
        "rulers": view.rulers,
        "superpixels": view.superpixels,
        "uncertainty": view.uncertainty,
        f"compare_{view.compare.value}": True,
        "display_invert": state.display.invert,
        "class_hide": chosen in state.hidden,
        "class_solo": chosen == state.solo,
        "class_lock": chosen in state.locked,
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
        self._show_switches()

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
            can_copy_previous=self._is_between(0),
            can_copy_next=self._is_between(-1),
            class_views=bool(state.hidden or state.locked) or state.solo is not None,
        )

    def _is_between(self, end: int) -> bool:
        """Whether the open image has others on that side: 0 is the first image, -1 the last."""
        project, entry = self._session.project, self._session.entry
        if project is None or entry is None or self._session.document is None:
            return False
        return bool(project.images) and project.images[end].name != entry.name

    def _connect(self) -> None:
        session, state = self._session, self._state
        for signal in (
            session.project_opened, session.project_closed, session.images_changed,
            session.image_opened, session.image_closed, session.ghost_changed,
            session.history_changed, session.status_changed, session.classes_changed,
            state.active_class_changed, state.class_view_changed,
            self._finetuning.state_changed,
        ):  # fmt: skip
            signal.connect(self._refresh_soon)
        for signal in (
            state.tool_changed, state.options_changed, state.view_changed, state.display_changed,
            state.outline_changed, state.ghost_visible_changed, state.overlay_visible_changed,
            state.active_class_changed, state.class_view_changed,
        ):  # fmt: skip
            signal.connect(self._show_switches)

    def _refresh_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _show_switches(self) -> None:
        for action_id, on in _switches(self._state).items():
            self._actions[action_id].setChecked(on)

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
