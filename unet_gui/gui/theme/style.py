"""The style sheet: only what Fusion and the palette do not give already."""

from __future__ import annotations

from dataclasses import asdict
from string import Template
from typing import TYPE_CHECKING

from unet_gui.gui.theme.tokens import RADIUS, SPACE_L, SPACE_M, SPACE_S

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

    from unet_gui.gui.theme.tokens import Tokens

_SHEET = Template("""
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: ${s}px ${m}px; }

QMenuBar { background: $window; padding: 2px ${s}px; }
QMenuBar::item { padding: ${s}px ${m}px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $hover; }
QMenu { background: $raised; border: 1px solid $border; padding: ${s}px; }
QMenu::item { padding: 5px ${xl}px 5px ${m}px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::indicator { width: 16px; height: 16px; margin-left: 6px; }
QMenu::indicator:checked { image: url($glyph_tick); }
QMenu::icon { padding-left: ${m}px; }
QMenu::icon:checked { background: $accent_soft; border: 1px solid $accent; border-radius: 4px;
  padding: 1px; margin-left: ${s}px; }
QMenu::separator { height: 1px; background: $border; margin: ${s}px ${m}px; }

QToolBar { background: $window; border: none; border-bottom: 1px solid $border;
           padding: ${s}px ${m}px; spacing: ${s}px; }
QToolBar#options_bar { padding: 0; spacing: ${s}px; }
QToolBar::separator { background: $border; width: 1px; margin: 6px ${s}px; }
QToolButton { border: 1px solid transparent; border-radius: ${r}px; padding: 5px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $border; }
QToolButton:checked { background: $accent_soft; border-color: $accent; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $faint; }
QToolButton::menu-indicator { image: none; }
QToolButton[outlined="true"] { border-color: $border; background: $raised;
  padding: 5px 10px 5px 8px; }
QToolButton[outlined="true"]:hover { background: $hover; }
QToolButton[outlined="true"]:checked { background: $accent_soft; border-color: $accent; }
QToolButton[outlined="true"]:focus { border-color: $accent; }
QToolButton[primary="true"], QPushButton[primary="true"], QPushButton:default {
  background: $accent_fill; color: $on_accent; border: 1px solid $accent_fill; }
QToolButton[primary="true"] { padding: 5px 10px 5px 8px; }
QToolButton[primary="true"]:hover, QPushButton[primary="true"]:hover, QPushButton:default:hover {
  background: $accent_hover; border-color: $accent_hover; }
QToolButton[primary="true"]:focus, QPushButton[primary="true"]:focus, QPushButton:default:focus {
  border-color: $text; }
QToolButton[primary="true"]:disabled, QPushButton[primary="true"]:disabled,
QPushButton:default:disabled { background: $hover; border-color: $hover; color: $faint; }

QPushButton { background: $raised; border: 1px solid $border; border-radius: ${r}px;
              padding: 6px 14px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $border; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $faint; background: $window; }
QPushButton[danger="true"] { background: $danger_fill; border-color: $danger_fill;
  color: $on_accent; }
QPushButton[danger="true"]:hover { background: $danger; border-color: $danger; }
QPushButton[danger="true"]:disabled { background: $hover; border-color: $hover; color: $faint; }
QPushButton[plain="true"]:default { background: $raised; border-color: $border; color: $text; }
QPushButton[plain="true"]:default:hover { background: $hover; border-color: $border; }
QPushButton[plain="true"]:default:focus { border-color: $accent; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton[link="true"] { border: none; background: transparent; color: $accent;
                           padding: ${s}px 0; text-align: left; }
QPushButton[link="true"]:hover { text-decoration: underline; }
QPushButton[link="true"]:focus { text-decoration: underline; }
QPushButton[card="true"] { text-align: left; padding: ${l}px; background: $surface; }
QPushButton[card="true"]:hover { border-color: $accent; }

QLineEdit, QSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
  background: $surface; border: 1px solid $border; border-radius: ${r}px; padding: 4px ${m}px;
  selection-background-color: $accent_fill; selection-color: $on_accent; }
QLineEdit:focus, QSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border-color: $accent; }
QLineEdit:disabled, QSpinBox:disabled, QComboBox:disabled { color: $faint; background: $window; }
QSpinBox::up-button, QSpinBox::down-button { width: 0; border: none; }
QAbstractSpinBox > QLineEdit { border: none; padding: 0; background: transparent; }
QComboBox > QLineEdit { border: none; padding: 0; background: transparent; }
QComboBox { padding-right: 22px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url($glyph_down); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $border; padding: ${s}px;
  outline: none; selection-background-color: $accent_soft; selection-color: $text; }

QRadioButton, QCheckBox { spacing: ${m}px; }
QRadioButton::indicator, QCheckBox::indicator { width: 14px; height: 14px;
  border: 1px solid $muted; background: $surface; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator:hover, QCheckBox::indicator:hover { border-color: $accent; }
QRadioButton::indicator:focus, QCheckBox::indicator:focus { border-color: $accent; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $accent_fill;
  background: $on_accent; }
QCheckBox::indicator:checked { border-color: $accent_fill; background: $accent_fill;
  image: url($glyph_check); }
QRadioButton::indicator:disabled, QCheckBox::indicator:disabled { border-color: $border; }

QListView, QTreeView, QTableView, QScrollArea { background: $surface; border: none; outline: none; }
QListView::item:selected, QTreeView::item:selected { background: $accent_soft; color: $text; }
QTreeView[framed="true"], QListView[framed="true"] { border: 1px solid $border;
  border-radius: ${r}px; }
QListView[framed="true"]:focus { border-color: $accent; }
QScrollArea[bare="true"], QScrollArea[bare="true"] > QWidget > QWidget {
  background: transparent; }
QHeaderView::section { background: $surface; color: $muted; border: none;
  border-bottom: 1px solid $border; padding: ${s}px ${m}px; }

QDockWidget { titlebar-close-icon: none; }
QMainWindow > QTabBar { background: $window; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $muted; border: none; padding: 7px ${m}px 6px;
  margin: 0 2px 0 ${s}px; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; font-weight: 600; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QTabBar QToolButton { padding: 2px; }
QWidget[surface="true"] { background: $surface; }
QWidget[bar="true"] { background: $window; border-bottom: 1px solid $border; }
QFrame[line="true"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[toast="true"] { background: $raised; border: 1px solid $border; border-radius: 8px; }
QFrame[toast="true"][level="error"] { border-color: $danger; }

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $border; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent_fill; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
  background: $accent_fill; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $faint; }
QProgressBar { background: $border; border: none; border-radius: 3px; max-height: 6px;
  min-height: 6px; text-align: center; }
QProgressBar::chunk { background: $accent_fill; border-radius: 3px; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QStatusBar { background: $window; border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QLabel[muted="true"] { color: $muted; }
QLabel[small="true"] { font-size: ${small}pt; }
QLabel[heading="true"] { font-weight: 600; }
QLabel[title="true"] { font-size: ${title}pt; font-weight: 600; }
QLabel[level="error"] { color: $danger; }
QLabel[level="good"] { color: $success; }
QLabel[level="warning"] { color: $warning; }
QLabel[keycap="true"] { background: $window; border: 1px solid $border; border-bottom-width: 2px;
  border-radius: 4px; padding: 1px 6px; color: $text; }
QGroupBox { border: none; margin-top: ${xl}px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; top: ${s}px; }
""")


def style_sheet(tokens: Tokens, font: QFont, glyphs: dict[str, str]) -> str:
    """The whole style sheet.

    Args:
        tokens: the colours.
        font: the application's font, from which smaller and larger ones are derived.
        glyphs: arrow name to SVG file.
    """
    points = font.pointSizeF() if font.pointSizeF() > 0 else 9.0
    return _SHEET.substitute(
        {key: value for key, value in asdict(tokens).items() if key != "dark"},
        s=SPACE_S,
        m=SPACE_M,
        l=SPACE_L,
        xl=2 * SPACE_L,
        r=RADIUS,
        small=f"{points * 0.9:.1f}",
        title=f"{points * 1.7:.1f}",
        **{f"glyph_{name}": path for name, path in glyphs.items()},
    )
