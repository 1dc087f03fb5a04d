"""The design in numbers: spacing, radii and the colours of the two themes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SPACE_S: Final = 4
SPACE_M: Final = 8
SPACE_L: Final = 12
SPACE_XL: Final = 24
RADIUS: Final = 6

ICON: Final = 20
ICON_SMALL: Final = 16


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as #rrggbb.

    Text on its ground keeps a contrast of at least 4.5 : 1, `faint` (disabled) excepted. Greys are
    neutral, since a tinted frame changes how the colours of an image look.
    """

    dark: bool
    window: str
    surface: str
    raised: str
    hover: str
    canvas: str
    border: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_fill: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    success: str
    warning: str
    danger: str
    danger_fill: str


LIGHT: Final = Tokens(
    dark=False,
    window="#f3f4f6",
    surface="#ffffff",
    raised="#ffffff",
    hover="#e8e9ed",
    canvas="#e4e5e8",
    border="#d5d7dc",
    text="#1b1d21",
    muted="#5c626d",
    faint="#a9adb5",
    accent="#4a43d6",
    accent_fill="#4f48e0",
    accent_hover="#3d37bd",
    accent_soft="#e3e2fb",
    on_accent="#ffffff",
    success="#187a4b",
    warning="#9a5b00",
    danger="#c0282f",
    danger_fill="#c0282f",
)

DARK: Final = Tokens(
    dark=True,
    window="#1d1e21",
    surface="#26272b",
    raised="#2f3035",
    hover="#37393f",
    canvas="#141517",
    border="#3c3e45",
    text="#e8e9ec",
    muted="#a3a8b2",
    faint="#666b75",
    accent="#a19cff",
    accent_fill="#5d56e8",
    accent_hover="#716bf2",
    accent_soft="#38366a",
    on_accent="#ffffff",
    success="#55c98c",
    warning="#f0b04a",
    danger="#ff7b7b",
    danger_fill="#c23a3f",
)
