"""Masks in colours, and palettes that say something else than the ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.dataset.class_files import voc_classes
from unet_gui.dataset.doctor.examined import VOID_COLOR
from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity, Step, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.doctor.examined import Examined
    from unet_gui.dataset.doctor.pixels import MaskFacts
    from unet_gui.dataset.doctor.survey import Survey


def colors(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding]:
    """RGB masks: of class colours, of VOC's, smoothed, or of colours that nobody knows."""
    tables = _tables(survey.classes.table)
    for e in examined:
        facts = e.facts
        if facts is None or e.mask is None or facts.kind != "colors" or e.mask.lossy:
            continue
        if facts.distinct > 64 and not facts.thin:
            continue  # a picture, which has been told
        yield _judge(e.mask_name, facts, tables)


def _judge(name: str, facts: MaskFacts, tables: list[dict[int, int]]) -> Finding:
    for table in tables:
        stray = set(facts.counts) - set(table)
        if not stray:
            return Finding(
                "mask-rgb",
                Severity.ERROR,
                name,
                f"It holds colours instead of class ids: {_hex(facts.counts)}.",
                Remedy("turn each colour into its class id", (_step(table, facts),)),
            )
        if facts.thin and stray == set(facts.stray):
            steps = (_step(table, facts), Step("neighbours"))
            return Finding(
                "mask-rgb-smoothed",
                Severity.ERROR,
                name,
                f"It holds colours with smoothed borders; {len(stray)} in-between colours, such as "
                f"{_hex(stray)}, belong to no class.",
                Remedy("give each of these pixels the class of its nearest neighbour", steps),
            )
    strange = facts.stray if facts.thin else set(facts.counts) - set(tables[0] if tables else ())
    return Finding(
        "mask-rgb-unknown",
        Severity.ERROR,
        name,
        f"It holds colours that no class has: {_hex(strange)}. "
        "A labelmap.txt with a line “name:r,g,b::” for each class would tell.",
    )


def palettes(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding]:
    """Palette masks whose colours are those of classes, but under other numbers."""
    table = survey.classes.table
    if table is None:
        return
    ids = _tables(table)[0]
    for e in examined:
        facts = e.facts
        if facts is None or facts.owner or not facts.palette:
            continue
        meant = {v: ids.get(r << 16 | g << 8 | b) for v, (r, g, b) in facts.palette.items()}
        swapped = {v: i for v, i in meant.items() if i is not None and i != v}
        if None not in meant.values() and swapped:
            yield Finding(
                "mask-palette-order",
                Severity.ERROR,
                e.mask_name,
                "Its palette holds the colours of the classes under other numbers: "
                + ", ".join(f"{v} looks like class {i}" for v, i in list(swapped.items())[:3])
                + ".",
                Remedy("number the pixels by their colours", (_remap(meant),)),
            )
        elif any(i is None for i in meant.values()):
            yield Finding(
                "mask-palette",
                Severity.NOTE,
                e.mask_name,
                "Its palette shows other colours than the classes have; the ids count.",
                Remedy("give it the class colours", (Step("plain"),)),
            )


def _tables(table: ClassTable | None) -> list[dict[int, int]]:
    """Class id by colour: the folder's own, then Pascal VOC's."""
    own = {int(c.color[1:], 16): c.id for c in table} if table is not None else {}
    voc = {int(c.color[1:], 16): c.id for c in voc_classes()}
    allowed = {i for i in voc.values() if table is None or i in table}
    voc = {color: i for color, i in voc.items() if i in allowed}
    found = [own, voc] if table is not None else [voc]
    for colors in found:
        colors.setdefault(VOID_COLOR, UNLABELLED)
    return found


def _step(table: dict[int, int], facts: MaskFacts) -> Step:
    return Step("only", tuple((c, i) for c, i in sorted(table.items()) if c in facts.counts))


def _remap(meant: dict[int, int | None]) -> Step:
    return Step("map", tuple((v, i) for v, i in sorted(meant.items()) if i is not None))


def _hex(values: object) -> str:
    return some(f"#{v:06x}" for v in sorted(values))  # type: ignore[call-overload]
