"""Images without a mask, masks without an image, and too many of either."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.pairing import Pair
    from unet_gui.dataset.doctor.survey import Survey


def missing_masks(survey: Survey) -> Iterator[Finding]:
    """Images without a mask: one line in a project, where they are ordinary, one each elsewhere."""
    without = [p for p in survey.pairs if not p.masks]
    complete = 2 * len(without) < len(survey.pairs)
    listed = {line.split()[0] for lines in survey.lists.values() for line in lines}
    ordinary = 0
    for pair in without:
        named = pair.image.rpartition("/")[2].rpartition(".")[0] in listed
        if not (named or (complete and not survey.is_project)):
            ordinary += 1
            continue
        yield Finding(
            "image-without-mask",
            Severity.WARNING,
            pair.image,
            f"It has no mask; it would be {pair.wanted}.",
        )
    if ordinary:
        yield Finding(
            "image-without-mask",
            Severity.NOTE,
            "",
            f"{ordinary} of {len(survey.pairs)} images have no mask yet.",
        )


def missing_images(survey: Survey) -> Iterator[Finding]:
    for mask in survey.lonely:
        yield Finding(
            "mask-without-image",
            Severity.WARNING,
            mask,
            "No image belongs to this mask; was the image renamed or left behind?",
        )


def doubled_masks(survey: Survey) -> Iterator[Finding]:
    for pair in survey.pairs:
        if len(pair.masks) > 1:
            yield Finding(
                "mask-doubled",
                Severity.ERROR,
                pair.image,
                f"It has {len(pair.masks)} masks: {some(pair.masks)}. Only one can be right.",
            )


def doubled_stems(survey: Survey) -> Iterator[Finding]:
    """Images that would share one mask file."""
    by_wanted: dict[str, list[str]] = defaultdict(list)
    for pair in survey.pairs:
        folder, _, last = pair.image.rpartition("/")
        by_wanted[f"{folder}/{last.rpartition('.')[0]}"].append(pair.image)
    for names in by_wanted.values():
        for name in names[1:]:
            yield Finding(
                "stem-doubled",
                Severity.WARNING,
                name,
                f"It is called like {names[0]} but for the suffix; most programs would give both "
                "the same mask.",
            )


def misnamed_masks(survey: Survey) -> Iterator[Finding]:
    """Masks that a person recognises but the program does not look for."""
    for pair in survey.pairs:
        if len(pair.masks) != 1 or pair.masks[0] == pair.wanted:
            continue
        yield from _misnamed(pair)


def _misnamed(pair: Pair) -> Iterator[Finding]:
    mask, wanted = pair.masks[0], pair.wanted
    if mask == f"{pair.site.masks}{pair.image[len(pair.site.images) :]}.png":
        return  # called by the image's full name, which is understood
    stem, wanted_stem = mask.rpartition(".")[0], wanted.rpartition(".")[0]
    if not mask.lower().endswith(".png") and stem == wanted_stem:
        return  # only of another kind, which the checks of files tell
    target = f"{wanted_stem}.{mask.rpartition('.')[2]}"
    if stem.casefold() == wanted_stem.casefold():
        code, message = (
            "mask-case",
            (
                f"It differs from its image {pair.image} by upper and lower case, "
                "so it is not found on Linux."
            ),
        )
    else:
        code, message = (
            "mask-suffix",
            (f"It is meant for {pair.image}, but this program looks for {wanted}."),
        )
    yield Finding(
        code,
        Severity.WARNING,
        mask,
        message,
        Remedy(f"rename it to {target}", renames=((mask, target),)),
    )


def unusual_folders(survey: Survey) -> Iterator[Finding]:
    """Folders of masks that the program does not take for such by itself."""
    for site in survey.sites:
        if not site.usual and any(p.masks for p in survey.pairs if p.site == site):
            yield Finding(
                "mask-folder",
                Severity.NOTE,
                site.masks.rstrip("/"),
                "The masks lie here; call the folder “masks”, or name it when making a project "
                "(--masks).",
            )
