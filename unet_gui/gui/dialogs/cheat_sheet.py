"""The cheat sheet: every key, and what mouse, pen and fingers do, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from unet_gui.gui.theme.tokens import SPACE_L, SPACE_S, SPACE_XL
from unet_gui.gui.theme.widgets import named, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.gui.dialogs.help import Row

    Line = tuple[str, tuple[str, ...]]

COLUMNS: Final = 3


class CheatSheet(QDialog):
    """All keys on one page, by menu; typing leaves only the lines that match.

    Args:
        parent: the window.
        rows: all actions.
    """

    def __init__(self, parent: QWidget, rows: Sequence[Row]) -> None:
        super().__init__(parent)
        self.setObjectName("cheat_sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keys"))
        self._groups = {**self._tables(rows), **self._hands()}
        self.field = named(QLineEdit(), "cheat_sheet_search")
        self.field.setPlaceholderText(self.tr("Find a key or what it does"))
        self.field.setAccessibleName(self.field.placeholderText())
        self.field.setClearButtonEnabled(True)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, 0)
        layout.setSpacing(SPACE_L)
        layout.addWidget(self.field)
        layout.addWidget(self.area)
        page = self._show("")
        self.field.textChanged.connect(self._show)
        wanted = page.sizeHint() + QSize(2 * SPACE_XL + 24, 64)
        self.resize(wanted.boundedTo(self.screen().availableSize() * 0.9))

    def _show(self, text: str) -> QWidget:
        words = text.casefold().split()
        groups = {
            title: [
                line for line in lines
                if all(w in f"{title} {line[0]} {' '.join(line[1])}".casefold() for w in words)
            ]
            for title, lines in self._groups.items()
        }  # fmt: skip
        groups = {title: lines for title, lines in groups.items() if lines}
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(0, 0, SPACE_L, SPACE_XL)
        columns.setSpacing(2 * SPACE_XL)
        for titles in _balanced({title: len(items) for title, items in groups.items()}):
            columns.addLayout(_column({title: groups[title] for title in titles}))
        self.area.setWidget(page)
        return page

    def _tables(self, rows: Sequence[Row]) -> dict[str, list[Line]]:
        groups: dict[str, list[Line]] = {}
        for row in rows:
            name = row.action.objectName()
            if name == "action_class_1":
                groups.setdefault(row.menu, []).insert(0, (self.tr("Choose"), ("1", "…", "9")))
            elif row.keys and not name.removeprefix("action_class_").isdigit():
                groups.setdefault(row.menu, []).append((row.text, row.keys))
        return groups

    def _hands(self) -> dict[str, list[Line]]:
        shift, ctrl, alt = self.tr("Shift"), self.tr("Ctrl"), self.tr("Alt")
        wheel, drag, click = self.tr("Wheel"), self.tr("Drag"), self.tr("Click")
        right, back = self.tr("Right button"), self.tr("Backspace")
        return {
            self.tr("While painting"): [
                (self.tr("Erase"), (right,)),
                (self.tr("Straight line from the last stroke"), (shift, click)),
                (self.tr("Keep to edges"), (ctrl, drag)),
                (self.tr("Take the class under the pointer"), (alt, click)),
                (self.tr("Size of brush or superpixels"), (ctrl, wheel)),
                (self.tr("Borrow a tool"), (self.tr("Hold its key"),)),
                (self.tr("Never mind"), (self.tr("Esc"),)),
            ],
            self.tr("Outlines and areas"): [
                (self.tr("Close and fill"), (self.tr("Double click"), self.tr("Return"))),
                (self.tr("Last corner back"), (back,)),
                (self.tr("Square or circle"), (shift, drag)),
                (self.tr("From the middle"), (alt, drag)),
                (self.tr("Wand: more or less"), (drag,)),
                (self.tr("Superpixels: only those like the first"), (shift, drag)),
                (self.tr("Smart click: more or less"), (wheel,)),
                (self.tr("Smart click: paint it"), (click, self.tr("Return"))),
                (self.tr("Show a class alone"), (alt, self.tr("Click on its eye"))),
            ],
            self.tr("Mouse and fingers"): [
                (self.tr("Closer or further away"), (wheel,)),
                (self.tr("Closer or further away"), (self.tr("Pinch"),)),
                (self.tr("Move the view"), (self.tr("Space"), drag)),
                (self.tr("Move the view"), (self.tr("Middle button"),)),
                (self.tr("Move the view"), (self.tr("Two fingers"),)),
                (self.tr("Move the view"), (self.tr("Arrows"),)),
            ],
            self.tr("Pen"): [
                (self.tr("Size"), (self.tr("Pressure"),)),
                (self.tr("Erase"), (self.tr("Eraser end"),)),
            ],
        }


def _column(groups: dict[str, list[Line]]) -> QGridLayout:
    """Groups one below the other; one grid, so that all keys stand in line."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE_L)
    grid.setVerticalSpacing(SPACE_S)
    line = 0
    for title, items in groups.items():
        heading = styled(QLabel(title), heading=True)
        heading.setContentsMargins(0, SPACE_L if line else 0, 0, SPACE_S)
        grid.addWidget(heading, line, 0, 1, 2)
        for line, (text, keys) in enumerate(items, line + 1):  # noqa: B020 - goes on counting
            caps = QHBoxLayout()
            caps.setSpacing(SPACE_S)
            for key in keys:
                caps.addWidget(_cap(key))
            caps.addStretch()
            grid.addWidget(QLabel(text), line, 0)
            grid.addLayout(caps, line, 1)
        line += 1
    grid.setColumnStretch(1, 1)
    grid.setRowStretch(line, 1)
    return grid


def _cap(key: str) -> QLabel:
    label = QLabel(key)
    label.setProperty("keycap", key != "…")
    label.setProperty("small", True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _balanced(heights: dict[str, int]) -> list[list[str]]:
    """Groups into columns of about the same height, in order."""
    limit = (sum(heights.values()) + 3 * len(heights)) / COLUMNS
    columns: list[list[str]] = [[]]
    filled = 0.0
    for title, height in heights.items():
        if filled + (height + 3) / 2 > limit and len(columns) < COLUMNS and columns[-1]:
            columns.append([])
            filled = 0.0
        columns[-1].append(title)
        filled += height + 3
    return columns
