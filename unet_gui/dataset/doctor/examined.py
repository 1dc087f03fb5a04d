"""An image and its mask after both were looked into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unet_gui.dataset.doctor.headers import Header, read_header
from unet_gui.dataset.doctor.pixels import MaskFacts, decode, facts_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from unet_gui.dataset.doctor.pairing import Pair
    from unet_gui.dataset.doctor.survey import Survey


@dataclass(slots=True)
class Examined:
    """What is known of a pair.

    Attributes:
        pair: The pair.
        image: Header of the image.
        mask: Header of the first mask; None without one.
        facts: What its pixels are; None where they could not be decoded.
    """

    pair: Pair
    image: Header
    mask: Header | None = None
    facts: MaskFacts | None = None

    @property
    def mask_name(self) -> str:
        return self.pair.masks[0] if self.pair.masks else ""


def look_into(survey: Survey, pair: Pair) -> Examined:
    """Read both headers and decode the mask."""
    image = read_header(survey.path(pair.image), pair.image)
    examined = Examined(pair, image)
    if pair.masks:
        examined.mask, examined.facts = look_into_mask(survey, pair.masks[0])
    return examined


def look_into_mask(survey: Survey, name: str) -> tuple[Header, MaskFacts | None]:
    """Header and facts of a mask; damage that only decoding shows goes into the header."""
    header = read_header(survey.path(name), name)
    if not header.usable:
        return header, None
    try:
        pixels = decode(survey.path(name))
    except Exception as exc:  # noqa: BLE001 - decoders raise whatever they like on damaged files
        header.problem, header.detail = "truncated", " ".join(str(exc).split())
        return header, None
    return header, facts_of(pixels, _known(survey, pixels.kind))


def _known(survey: Survey, kind: str) -> Collection[int]:
    table = survey.classes.table
    if table is None:
        return ()
    if kind == "ids":
        return table.ids
    return [*(int(c.color[1:], 16) for c in table), VOID_COLOR]


VOID_COLOR = 0xE0E0C0
"""The colour that stands for unlabelled in Pascal VOC's colour images."""
