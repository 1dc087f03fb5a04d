"""Values that are no class ids: the mistakes that make training learn nothing.

They are judged over all masks of a folder: {0, 255} in one mask may be a half-labelled image, in
all of them it is a black and white picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.core.classes import UNLABELLED
from unet_gui.dataset.doctor.checks.mask_files import beyond
from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity, Step, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unet_gui.dataset.doctor.examined import Examined
    from unet_gui.dataset.doctor.pixels import MaskFacts
    from unet_gui.dataset.doctor.survey import Survey

_BINARY: Final = frozenset({0, UNLABELLED})
_MANY: Final = 26


def values(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding]:
    """All mistakes in ids, one for each mask at most."""
    masks = [(e.mask_name, e.facts) for e in examined if e.facts is not None and _is_plain(e)]
    known = survey.classes.ids or frozenset()
    union = _union([f for _, f in masks if not f.thin and not _is_binary(f)])
    shift = _is_shifted(union, known)
    spread = {} if shift else _spread(union, known)
    for name, facts in masks:
        finding = (
            _smoothed(name, facts, known)
            or _binary(name, facts, known, union)
            or (_shifted(name, facts) if shift else None)
            or _spread_out(name, facts, spread)
            or _unknown(name, facts, known, survey.classes.retired)
        )
        if finding is not None:
            yield finding


def flat(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding]:
    """Masks with nothing in them."""
    for e in examined:
        if e.facts is None or len(e.facts.counts) != 1:
            continue
        (value,) = e.facts.counts
        if value == UNLABELLED and e.facts.kind == "ids":
            yield Finding(
                "mask-unlabelled", Severity.NOTE, e.mask_name, "No pixel of it is labelled."
            )
        else:
            what = f"#{value:06x}" if e.facts.kind == "colors" else str(value)
            yield Finding(
                "mask-one-value", Severity.NOTE, e.mask_name, f"All its pixels are {what}."
            )
    full = [e.facts for e in examined if e.facts is not None]
    if len(full) > 1 and all(len(f.counts) == 1 for f in full) and not survey.is_project:
        yield Finding(
            "masks-all-flat",
            Severity.WARNING,
            "",
            "Every mask holds one value only; there is nothing to learn from them.",
        )


def unused(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding]:
    """Classes that no mask has."""
    table = survey.classes.table
    facts = [e.facts for e in examined if e.facts is not None and e.facts.kind == "ids"]
    if table is None or not facts:
        return
    found = _union(facts)
    names = [c.name for c in table if c.id not in found]
    if names:
        yield Finding("class-unused", Severity.NOTE, "", f"No pixel has the class {some(names)}.")


def _is_plain(examined: Examined) -> bool:
    facts, mask = examined.facts, examined.mask
    if facts is None or mask is None or facts.kind != "ids" or facts.fractional:
        return False
    picture = facts.distinct > 64 and not facts.thin and len(facts.stray) > 32
    return not (mask.lossy or beyond(facts) or picture)


def _is_binary(facts: MaskFacts) -> bool:
    """Black and white from another program; our own masks know their image."""
    return set(facts.counts) == _BINARY and not facts.owner


def _union(facts: Sequence[MaskFacts]) -> frozenset[int]:
    return frozenset(v for f in facts for v in f.counts)


def _smoothed(name: str, facts: MaskFacts, known: frozenset[int]) -> Finding | None:
    if not facts.thin or len(facts.stray) < 2:
        return None
    sure = set(facts.counts) - facts.stray
    if sure >= _BINARY and not (sure - _BINARY - {1}) and len(known) <= 2:
        steps: tuple[Step, ...] = (Step("threshold", (_two(known),)),)
    else:
        keep = tuple((v, v) for v in sorted(sure))
        steps = (Step("only", keep), Step("neighbours"))
    return Finding(
        "mask-smoothed",
        Severity.ERROR,
        name,
        f"{len(facts.stray)} in-between values lie along the borders, such as "
        f"{some(map(str, sorted(facts.stray)))}: its edges were smoothed.",
        Remedy("give each of these pixels the nearest sure value", steps),
    )


def _binary(
    name: str, facts: MaskFacts, known: frozenset[int], union: frozenset[int]
) -> Finding | None:
    if not _is_binary(facts):
        return None
    others = union - {0, 1, UNLABELLED}
    low, high = _two(known)
    clear = len(known) <= 2 and not others
    remedy = Remedy(f"make 255 class {high}", (Step("map", ((0, low), (UNLABELLED, high))),))
    return Finding(
        "mask-0-255",
        Severity.ERROR if clear else Severity.WARNING,
        name,
        "It holds nothing but 0 and 255, and 255 counts as unlabelled: "
        "only one class is left to learn.",
        remedy if clear else None,
    )


def _is_shifted(union: frozenset[int], known: frozenset[int]) -> bool:
    """Ids 1..n where the classes are 0..n-1."""
    ids = union - {UNLABELLED}
    count = len(known)
    return (
        count > 1
        and known == frozenset(range(count))
        and 0 not in ids
        and count in ids
        and ids <= frozenset(range(1, count + 1))
    )


def _shifted(name: str, facts: MaskFacts) -> Finding | None:
    ids = sorted(set(facts.counts) - {UNLABELLED})
    if not ids:
        return None
    return Finding(
        "mask-ids-shifted",
        Severity.ERROR,
        name,
        f"Its ids begin at 1, the classes at 0 ({some(map(str, ids))}): all are one too high.",
        Remedy("take one from each id", (Step("map", tuple((v, v - 1) for v in ids)),)),
    )


def _spread(union: frozenset[int], known: frozenset[int]) -> dict[int, int]:
    """Ids blown up to be seen, such as 0, 127, 254: value to id; empty when that is not so."""
    found = sorted(union)
    if not 2 <= len(found) <= _MANY or (known and (union - {UNLABELLED}) <= known):
        return {}
    step = found[1] - found[0]
    even = all(abs(v - i * found[-1] / (len(found) - 1)) <= 1 for i, v in enumerate(found))
    if found[0] != 0 or step < 9 or not even:
        return {}
    if known and len(found) != len(known):
        return {}
    return dict(zip(found, sorted(known) or range(len(found)), strict=True))


def _spread_out(name: str, facts: MaskFacts, table: dict[int, int]) -> Finding | None:
    if not table or not set(facts.counts) - {0}:
        return None
    pairs = tuple(table.items())
    return Finding(
        "mask-spread",
        Severity.ERROR,
        name,
        f"Its values {some(map(str, table), 4)} are ids spread over 0 to 255 to be seen.",
        Remedy("number them " + ", ".join(f"{v}→{i}" for v, i in pairs[:6]),
               (Step("map", pairs),)),
    )  # fmt: skip


def _unknown(
    name: str, facts: MaskFacts, known: frozenset[int], retired: frozenset[int]
) -> Finding | None:
    foreign = sorted(set(facts.counts) - known - {UNLABELLED}) if known else []
    if not foreign:
        return None
    gone = [v for v in foreign if v in retired]
    return Finding(
        "mask-id-retired" if gone == foreign else "mask-id-unknown",
        Severity.WARNING if gone == foreign else Severity.ERROR,
        name,
        f"It holds {some(map(str, foreign))}, which "
        + ("was the id of a deleted class." if gone == foreign else "no class has as its id."),
    )


def _two(known: frozenset[int]) -> tuple[int, int]:
    ids = sorted(known)
    return (ids[0], ids[1]) if len(ids) == 2 else (0, 1)
