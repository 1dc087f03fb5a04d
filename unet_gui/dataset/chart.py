"""A bar chart of the classes, drawn by ourselves: SVG as text, PNG by Pillow."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from unet_gui.core.errors import UsageError
from unet_gui.dataset.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WIDTH: Final = 900
_ROW: Final = 38
_TOP: Final = 84
_MARGIN: Final = 28
_LABELS: Final = 190
_VALUES: Final = 270
_INK, _QUIET, _RAIL, _PAPER = "#20262e", "#6b7682", "#eef1f4", "#ffffff"
_SCALE: Final = 2
_FONTS: Final = ("DejaVuSans.ttf", "Arial.ttf", "Helvetica.ttc")
_WIDE_FONTS: Final = (
    "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "msyh.ttc", "PingFang.ttc", "Arial Unicode.ttf",
)  # fmt: skip
_FIRST_WIDE: Final = 0x2E80


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a name, a colour "#rrggbb", a share 0..1, and words at its end."""

    name: str
    color: str
    share: float
    words: str


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float
    color: str


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    text: str
    size: int
    color: str
    anchor: str = "start"
    bold: bool = False


def write_chart(path: Path, title: str, subtitle: str, bars: Sequence[Bar]) -> None:
    """Draw bars one below the other; the longest reaches to the right.

    Args:
        path: A file that ends in .svg or .png.
        title: First line.
        subtitle: Second line, quieter.
        bars: From top to bottom.

    Raises:
        UsageError: another kind of file.
        OSError: it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in {".svg", ".png"}:
        raise UsageError(f"A plot is an .svg or .png file, not {path.name}.")
    parts, height = _lay_out(title, subtitle, bars)
    data = _svg(parts, height) if suffix == ".svg" else _png(parts, height)
    write_atomic(path, lambda file: file.write(data))


def _lay_out(title: str, subtitle: str, bars: Sequence[Bar]) -> tuple[list[_Box | _Text], int]:
    height = _TOP + _ROW * len(bars) + _MARGIN
    parts: list[_Box | _Text] = [
        _Box(0, 0, _WIDTH, height, _PAPER),
        _Text(_MARGIN, 38, title, 20, _INK, bold=True),
        _Text(_MARGIN, 60, subtitle, 13, _QUIET),
    ]
    left = _MARGIN + _LABELS
    rail = _WIDTH - left - _VALUES - _MARGIN
    most = max((b.share for b in bars), default=0.0) or 1.0
    for i, bar in enumerate(bars):
        y = _TOP + i * _ROW
        parts += [
            _Text(left - 12, y + 21, _shortened(bar.name, 24), 14, _INK, "end"),
            _Box(left, y + 4, rail, _ROW - 14, _RAIL),
            _Box(left, y + 4, max(1.5, rail * bar.share / most), _ROW - 14, bar.color),
            _Text(left + rail + 12, y + 21, bar.words, 13, _QUIET),
        ]
    return parts, height


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _svg(parts: Sequence[_Box | _Text], height: int) -> bytes:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, sans-serif">'
    ]
    for part in parts:
        if isinstance(part, _Box):
            lines.append(
                f'<rect x="{part.x:g}" y="{part.y:g}" width="{part.width:g}" '
                f'height="{part.height:g}" rx="3" fill="{part.color}"/>'
            )
        else:
            weight = ' font-weight="600"' if part.bold else ""
            lines.append(
                f'<text x="{part.x:g}" y="{part.y:g}" font-size="{part.size}" '
                f'fill="{part.color}" text-anchor="{part.anchor}"{weight}>'
                f"{escape(part.text)}</text>"
            )
    lines.append("</svg>\n")
    return "\n".join(lines).encode("utf-8", "replace")


def _png(parts: Sequence[_Box | _Text], height: int) -> bytes:
    image = Image.new("RGB", (_WIDTH * _SCALE, height * _SCALE), _PAPER)
    draw = ImageDraw.Draw(image)
    for part in parts:
        x, y = part.x * _SCALE, part.y * _SCALE
        if isinstance(part, _Box):
            right, bottom = x + part.width * _SCALE - 1, y + part.height * _SCALE - 1
            draw.rounded_rectangle((x, y, max(x, right), bottom), 3 * _SCALE, part.color)
        else:
            anchor = "rs" if part.anchor == "end" else "ls"
            font, text = _font(part.text, part.size * _SCALE)
            draw.text((x, y), text, part.color, font, anchor)
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()


def _font(text: str, size: int) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, str]:
    """A font of the system that has the text's letters, or else Pillow's own, which has few."""
    wide = any(ord(letter) > _FIRST_WIDE for letter in text)
    for name in (*(_WIDE_FONTS if wide else ()), *_FONTS):
        try:
            return ImageFont.truetype(name, size), text
        except OSError:
            continue
    return ImageFont.load_default(size), text.replace("²", "^2")
