"""What the Mask menu starts: asks for a number where one is needed, then does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from unet_gui.core.classes import UNLABELLED
from unet_gui.gui.dialogs.prompts import NumberPrompt, ReplacePrompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from unet_gui.gui.mask_edits import MaskEdits
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState

MAX_SPECK: Final = 1_000_000
MAX_RADIUS: Final = 200


class MaskFlows(QObject):
    """Numbers are remembered as options of the tools.

    Args:
        window: what the dialogs belong to.
        session: whose open image is changed.
        edits: changes it.
        state: chosen class, and the numbers used last.
    """

    def __init__(
        self, window: QWidget, session: Session, edits: MaskEdits, state: ViewState
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._edits = edits
        self._state = state

    def fill_holes(self) -> None:
        self._edits.fill_holes()

    def copy_previous(self) -> None:
        self._edits.copy_from_neighbour(-1)

    def copy_next(self) -> None:
        self._edits.copy_from_neighbour(+1)

    def clear(self) -> None:
        self._edits.clear()

    def remove_specks(self) -> None:
        self._ask(
            self.tr("Remove specks"),
            self.tr("Areas of fewer pixels than this go to what surrounds them."),
            self.tr("Fewer than"),
            option="speck",
            then=self._edits.remove_specks,
        )

    def smooth_border(self) -> None:
        self._ask(
            self.tr("Smooth the border"),
            self.tr("Teeth and notches up to this size go."),
            self.tr("Radius"),
            then=self._edits.smooth_border,
        )

    def grow(self) -> None:
        self._ask(
            self.tr("Grow"),
            self.tr("Areas spread by this many pixels."),
            self.tr("By"),
            then=self._edits.grow,
        )

    def shrink(self) -> None:
        self._ask(
            self.tr("Shrink"),
            self.tr("Areas draw back by this many pixels."),
            self.tr("By"),
            then=self._edits.shrink,
        )

    def replace_class(self) -> None:
        project = self._session.project
        if project is None or self._session.document is None or not len(project.classes):
            return
        prompt = ReplacePrompt(
            self._window, tuple(project.classes), self._state.active_class, UNLABELLED
        )
        prompt.accepted.connect(lambda: self._edits.replace_class(prompt.old, prompt.new))
        prompt.open()

    def _ask(
        self,
        title: str,
        words: str,
        caption: str,
        *,
        then: Callable[..., object],
        option: str = "radius",
    ) -> None:
        project, chosen = self._session.project, self._state.active_class
        if project is None or self._session.document is None:
            return
        prompt = NumberPrompt(
            self._window,
            (title, words, caption),
            value=getattr(self._state.options, option),
            limits=(1, MAX_SPECK if option == "speck" else MAX_RADIUS),
            only=project.classes[chosen].name if chosen in project.classes else "",
        )

        def go() -> None:
            self._state.set_options(**{option: prompt.value})
            then(everything=prompt.everything)

        prompt.accepted.connect(go)
        prompt.open()
