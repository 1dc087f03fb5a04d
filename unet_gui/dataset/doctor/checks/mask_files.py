"""How masks are stored: kinds of file and of pixels that lose ids or mislead other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.examined import Examined
    from unet_gui.dataset.doctor.pixels import MaskFacts

_PLAIN = (Step("plain"),)


def lossy(examined: Examined) -> Iterator[Finding]:
    """JPEG and its like, whose compression changes ids."""
    mask = examined.mask
    if mask is None or not mask.usable or not mask.lossy:
        return
    remedy = None
    if examined.facts is not None and two_ended(examined.facts):
        remedy = Remedy(
            "make a PNG of it, dark pixels 0 and light ones 1", (Step("threshold", ((0, 1),)),)
        )
    yield Finding(
        "mask-lossy",
        Severity.ERROR,
        mask.name,
        f"It is a {mask.format}, whose compression has changed pixels along the borders.",
        remedy,
    )


def kinds(examined: Examined) -> Iterator[Finding]:
    """Masks that are no PNG are not found by name."""
    mask = examined.mask
    if mask is None or not mask.usable or mask.lossy or mask.ours:
        return
    if mask.format == "PNG" and mask.name.lower().endswith(".png"):
        return
    readable = examined.facts is not None and not beyond(examined.facts)
    yield Finding(
        "mask-not-png",
        Severity.WARNING,
        mask.name,
        f"It is a {mask.format} file called .{mask.name.rpartition('.')[2]}; "
        "masks are looked for as .png.",
        Remedy("write it as PNG", _PLAIN) if readable else None,
    )


def depth(examined: Examined) -> Iterator[Finding]:
    """16 and 32 bits, floating point, one bit, four bits."""
    mask, facts = examined.mask, examined.facts
    if mask is None or facts is None or mask.lossy:
        return
    if facts.fractional:
        yield _finding(examined, Severity.ERROR, "mask-fractional", "It holds numbers that are "
                       "not whole, which are no class ids.")  # fmt: skip
    elif beyond(facts):
        largest = max(facts.counts, key=abs)
        yield _finding(examined, Severity.ERROR, "mask-beyond-255", f"It holds the value {largest}"
                       "; class ids end at 254. Are these numbers of objects?")  # fmt: skip
    elif mask.mode.startswith(("I", "F")):
        bits = "floating-point" if mask.mode.startswith("F") else "16-bit"
        yield _finding(examined, Severity.WARNING, "mask-16-bit", f"It is a {bits} image; many "
                       "programs cut or scale its values.", fix="write it with 8 bits")  # fmt: skip
    elif mask.mode == "1" or mask.raw in {"L;1", "L;2", "L;4", "1"}:
        yield _finding(examined, Severity.NOTE, "mask-few-bits", "It has fewer than 8 bits a "
                       "pixel, which some programs spread over 0 to 255.",
                       fix="write it with 8 bits")  # fmt: skip


def alpha(examined: Examined) -> Iterator[Finding]:
    facts = examined.facts
    if facts is not None and facts.alpha:
        yield _finding(
            examined,
            Severity.WARNING,
            "mask-alpha",
            "It has a transparency channel, which masks have no use for.",
            fix="drop the transparency" if facts.kind == "ids" else "",
        )


def grey_colors(examined: Examined) -> Iterator[Finding]:
    """Ids written three times, as grey RGB."""
    facts, mask = examined.facts, examined.mask
    if facts is None or mask is None or not facts.grey or facts.alpha or mask.lossy:
        return
    yield _finding(
        examined,
        Severity.WARNING,
        "mask-grey-rgb",
        "It holds its ids three times, as red, green and blue.",
        fix="keep them once",
    )


def interlaced(examined: Examined) -> Iterator[Finding]:
    if examined.mask is not None and examined.mask.interlaced:
        yield _finding(
            examined,
            Severity.NOTE,
            "mask-interlaced",
            "It is an interlaced PNG: larger, slower, and not read by every program.",
            fix="write it plainly" if examined.facts and examined.facts.kind == "ids" else "",
        )


def is_the_image(examined: Examined) -> Iterator[Finding]:
    """A picture where a mask should be."""
    facts = examined.facts
    if facts is None or examined.mask is None or examined.mask.lossy or beyond(facts):
        return
    if facts.distinct > 64 and not facts.thin and len(facts.stray) > 32:
        yield _finding(
            examined,
            Severity.ERROR,
            "mask-is-a-picture",
            f"It holds {facts.distinct} different values all over: "
            "a picture, by the look of it, not a mask.",
        )


def beyond(facts: MaskFacts) -> bool:
    """Whether values do not fit into class ids."""
    return facts.kind == "ids" and (
        min(facts.counts, default=0) < 0 or max(facts.counts, default=0) > 255
    )


def two_ended(facts: MaskFacts) -> bool:
    """Whether nearly all pixels are near 0 or near 255."""
    near = sum(n for v, n in facts.counts.items() if v <= 40 or 215 <= v <= 255)
    light = sum(n for v, n in facts.counts.items() if 215 <= v <= 255)
    return facts.kind == "ids" and near >= 0.8 * facts.pixels and light > 0


def _finding(
    examined: Examined, severity: Severity, code: str, message: str, *, fix: str = ""
) -> Finding:
    remedy = Remedy(fix, _PLAIN) if fix else None
    return Finding(code, severity, examined.mask_name, message, remedy)
