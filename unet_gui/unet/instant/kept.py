"""What the live learner knew when the program was closed, for it to be the learner before.

Losing it costs no more than beginning as in a new project: strokes and masks are learnt anew.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import save as serialize

from unet_gui.dataset.files import write_atomic
from unet_gui.unet.instant.finishing import PLAIN, Finish
from unet_gui.unet.instant.net import restored

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.unet.instant.net import InstantNet

FILE_NAME: Final = "instant.safetensors"
FORMAT: Final = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """What it was learnt about: of anything else it says nothing.

    Attributes:
        encoder: Whose features.
        classes: Ids of the project's classes, sorted.
        shown: How channels were shown, the digest of the view.
    """

    encoder: str
    classes: tuple[int, ...]
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Experience:
    """What is known beside the network.

    Attributes:
        subject: What it is about.
        painted: Images that it has learnt from.
        whole: Those of them that were labelled whole.
        trials: By image, what `judged` says.
        finish: How proposals are finished best.
        trusted: Whether they cost less than drawing by hand.
    """

    subject: Subject
    painted: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    trials: dict[str, list[float]] = field(default_factory=dict)
    finish: Finish = PLAIN
    trusted: bool = True


def save_learner(path: Path, net: InstantNet, known: Experience) -> bool:
    """Write a network but for its encoder; False, and little harm, when that is not possible."""
    state = {k: v for k, v in net.state_dict().items() if not k.startswith("vgg.")}
    about = {
        "format": FORMAT,
        "encoder": known.subject.encoder,
        "classes": known.subject.classes,
        "shown": known.subject.shown,
        "painted": sorted(known.painted),
        "whole": sorted(known.whole),
        "trials": known.trials,
        "finish": known.finish.to_info(),
        "trusted": known.trusted,
    }
    content = serialize(
        {k: v.contiguous() for k, v in state.items()}, metadata={"about": json.dumps(about)}
    )
    try:
        write_atomic(path, lambda file: file.write(content), durable=False)
    except OSError as exc:
        _log.warning("what the instant learner knows was not kept: %s", exc)
        return False
    return True


def load_learner(
    path: Path, like: InstantNet, subject: Subject
) -> tuple[InstantNet, Experience] | None:
    """What was kept; None when it is missing, damaged, or about something else.

    Args:
        path: The file.
        like: A network of the same kind, whose encoder it shares.
        subject: What it must be about.
    """
    try:
        with safe_open(path, framework="pt") as opened:
            about = json.loads((opened.metadata() or {})["about"])
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        if about["format"] != FORMAT:
            return None
        found = Subject(about["encoder"], tuple(about["classes"]), about["shown"])
        if found != subject:
            return None
        return _restored(state, like, subject), _experience(about, subject)
    except FileNotFoundError:
        return None
    except Exception as exc:  # noqa: BLE001 - whatever is wrong with it, it is as good as none
        _log.warning("what the instant learner knew cannot be read: %s", exc)
        return None


def _restored(state: dict[str, Any], like: InstantNet, subject: Subject) -> InstantNet:
    with torch.random.fork_rng(devices=[]):
        net = restored(like.spec, state, like.normalisation, {"seed": like.seed})
    missing, unexpected = net.load_state_dict(state, strict=False)
    if unexpected or any(not name.startswith("vgg.") for name in missing):
        raise ValueError("its tensors are others")
    if not all(bool(t.isfinite().all()) for t in state.values()):
        raise ValueError("not all of its numbers are numbers")
    if not set(net.forest.class_ids) <= set(subject.classes):
        raise ValueError("it knows classes that the project does not")
    net.vgg = like.vgg
    return net.eval()


def _experience(about: dict[str, Any], subject: Subject) -> Experience:
    return Experience(
        subject,
        frozenset(map(str, about["painted"])),
        frozenset(map(str, about["whole"])),
        {str(k): [float(v) for v in t] for k, t in about["trials"].items()},
        Finish.from_info(about["finish"]),
        bool(about["trusted"]),
    )
