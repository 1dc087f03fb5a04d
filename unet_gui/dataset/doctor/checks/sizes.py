"""Masks of another size than their image, and images that the camera turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.examined import Examined

_SAME_SHAPE: Final = 0.02


def sizes(examined: Examined) -> Iterator[Finding]:
    """Compare the mask's size with that of the upright image."""
    image, mask = examined.image, examined.mask
    if mask is None or not (image.usable and mask.usable) or mask.size == image.upright:
        return
    (mw, mh), (iw, ih) = mask.size, image.upright
    said = f"The mask is {mw}×{mh} pixels, its image {iw}×{ih}"
    if image.orientation >= 5 and mask.size == image.size:
        yield _finding(
            examined,
            "exif-mask-unturned",
            f"{said}: the camera's orientation tag turns the image, the mask was not turned.",
            Remedy("turn the mask like its image", (Step("turn", ((image.orientation, 0),)),)),
        )
    elif (mw, mh) == (ih, iw):
        yield _finding(examined, "size-swapped", f"{said}: width and height are swapped.")
    elif abs(mw / iw - mh / ih) <= _SAME_SHAPE * mw / iw:
        yield _finding(
            examined,
            "size-scaled",
            f"{said}: it was scaled.",
            Remedy(
                "scale the mask to its image, nearest pixel",
                (Step("resize", ((iw, ih),)),),
            ),
        )
    else:
        yield _finding(examined, "size-differs", f"{said}: it may belong to another one.")


def orientation(examined: Examined) -> Iterator[Finding]:
    """Images that programs show differently, although the sizes agree."""
    image, mask = examined.image, examined.mask
    if not image.usable or image.orientation == 1:
        return
    if mask is not None and mask.usable and image.orientation >= 5 and mask.size != image.upright:
        return  # `sizes` has told
    ours = examined.facts is not None and bool(examined.facts.owner)
    doubtful = (
        mask is not None and not ours and (image.orientation < 5 or image.size[0] == image.size[1])
    )
    yield Finding(
        "exif-rotated",
        Severity.WARNING if doubtful else Severity.NOTE,
        image.name,
        "The camera's orientation tag turns it: here it is upright, in many other programs not."
        + (" Look whether its mask is turned too; the size does not tell." if doubtful else ""),
    )


def _finding(examined: Examined, code: str, message: str, remedy: Remedy | None = None) -> Finding:
    return Finding(code, Severity.ERROR, examined.mask_name, message, remedy)
