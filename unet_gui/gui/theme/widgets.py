"""Small steps that every panel and dialog takes with its widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from unet_gui.gui.theme.tokens import SPACE_M

if TYPE_CHECKING:
    from PySide6.QtWidgets import QSpinBox, QWidget

Widget = TypeVar("Widget", bound="QWidget")


def named(widget: Widget, name: str) -> Widget:
    """The widget with this objectName, by which tests and other programs find it."""
    widget.setObjectName(name)
    return widget


def padded(box: QSpinBox) -> QSpinBox:
    """The spin box with room beside its number: a style sheet's padding does not reach in there."""
    box.lineEdit().setTextMargins(SPACE_M - 2, 0, SPACE_M - 2, 0)
    return box


def styled(widget: Widget, **looks: bool | str) -> Widget:
    """The widget with these properties, which the style sheet knows; takes effect at once."""
    changed = False
    for look, value in looks.items():
        if widget.property(look) != value:
            widget.setProperty(look, value)
            changed = True
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)
    return widget
