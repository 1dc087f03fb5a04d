"""Small steps that every panel and dialog takes with its widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

Widget = TypeVar("Widget", bound="QWidget")


def named(widget: Widget, name: str) -> Widget:
    """The widget with this objectName, by which tests and other programs find it."""
    widget.setObjectName(name)
    return widget


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
