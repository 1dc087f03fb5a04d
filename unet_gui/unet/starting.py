"""What a round starts from: an earlier round, an encoder that has learnt, or nothing if asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from unet_gui.core.errors import CheckpointError
from unet_gui.unet import weights
from unet_gui.unet.checkpoint import WEIGHTS_NAME, Checkpoint, load
from unet_gui.unet.model import EncoderDecoder, ModelSpec, build
from unet_gui.unet.weights import EncoderWeights

if TYPE_CHECKING:
    from unet_gui.core.classes import ClassTable
    from unet_gui.unet.device import Device
    from unet_gui.unet.model import Decoder
    from unet_gui.unet.pixels import Normalisation
    from unet_gui.unet.settings import TrainSettings

RANDOM: Final = "none"
STARTER: Final = "the bundled starter"


@dataclass(slots=True)
class Start:
    """A network before its training.

    Attributes:
        net: On the CPU.
        normalisation: What its encoder expects.
        encoder: Digest of the weights the encoder once started from; "none" if random.
        encoder_source: The same for people: a file name, "imagenet", a round.
        kept: Class ids whose outputs the network has already learnt.
        parent: The checkpoint it goes on from; None with a new decoder.
        text: What was taken, in words.
    """

    net: EncoderDecoder
    normalisation: Normalisation
    encoder: str
    encoder_source: str
    text: str
    kept: frozenset[int] = frozenset()
    parent: Checkpoint | None = None


def start(
    settings: TrainSettings,
    classes: ClassTable,
    device: Device,
    parent: Checkpoint | None = None,
    *,
    starter: Path | None = None,
) -> Start:
    """Build the network to train.

    The parent goes on when its decoder, width and encoder are the ones asked for. Otherwise the
    decoder is new, over the encoder weights asked for, else over the parent's encoder, else over
    torchvision's weights where they were downloaded before, else over the starter's encoder.

    Args:
        settings: Decoder, width, encoder weights and seed.
        classes: The classes to learn.
        device: Decides which decoder "auto" is.
        parent: Where to go on from.
        starter: Checkpoint whose encoder is the last resort.

    Raises:
        CheckpointError: encoder weights are missing or do not fit; or there are none at all and
            a random start was not asked for.
    """
    decoder: Decoder = (
        ("lite" if device.type == "cpu" else "tutorial")
        if settings.decoder == "auto"
        else settings.decoder
    )
    given = _given(settings)
    if parent is not None and _goes_on(parent, decoder, settings, given):
        return _from_parent(parent, classes, settings, "the previous round")
    encoder = given
    if settings.encoder_weights is None:
        found = _at_hand(settings.width, parent, starter)
        if isinstance(found, EncoderWeights):
            encoder = found
        elif _goes_on(found, decoder, settings, None):
            return _from_parent(found, classes, settings, STARTER)
        else:
            encoder = weights.of_encoder(found.net.vgg, STARTER, found.normalisation)
    width = settings.width or (encoder.width if encoder else 1.0)
    spec = ModelSpec(decoder, classes.num_outputs, 3, width, settings.decoder_relu)
    net = _seeded(spec, settings.seed)
    if encoder is None:
        return Start(net, "imagenet", RANDOM, RANDOM, "a random network")
    encoder.load_into(net.vgg)
    source = encoder.source
    return Start(net, encoder.normalisation, encoder.digest, source, f"the encoder of {source}")


def encoder_at_hand(
    asked: str | Path | EncoderWeights | None = None, starter: Path | None = None
) -> EncoderWeights | None:
    """Weights for an encoder that stays as it is; None when a random one was asked for.

    Args:
        asked: File, round's folder, "imagenet" or "none", or the weights themselves; None takes the
            best on this computer.
        starter: Checkpoint whose encoder is the last resort.

    Raises:
        CheckpointError: they are missing or do not fit; or there are none at all.
    """
    if isinstance(asked, EncoderWeights):
        return asked
    if asked is not None:
        return _named(asked)
    found = _at_hand(None, None, starter)
    if isinstance(found, EncoderWeights):
        return found
    return weights.of_encoder(found.net.vgg, STARTER, found.normalisation)


def _given(settings: TrainSettings) -> EncoderWeights | None:
    """The encoder weights that were asked for; None for a random start or when none were."""
    return None if settings.encoder_weights is None else _named(settings.encoder_weights)


def _named(name: str | Path) -> EncoderWeights | None:
    """What `--encoder-weights` names: see `weights.load`; or a round, the starter for one."""
    path = Path(name)
    if not path.is_dir() and path.name != WEIGHTS_NAME:
        return weights.load(name)
    found = load(path)
    if found.spec.decoder == "instant":
        raise CheckpointError(
            f"{path} is a round of the instant learner, which keeps only a part of its encoder.",
            f"Name the weights that it was made with: {found.info.get('encoder_source')}.",
        )
    folder = path if path.is_dir() else path.parent
    return weights.of_encoder(found.net.vgg, folder.resolve().name, found.normalisation)


def _goes_on(
    parent: Checkpoint, decoder: Decoder, settings: TrainSettings, given: EncoderWeights | None
) -> bool:
    spec = parent.spec
    if spec.decoder != decoder or spec.in_channels != 3 or not _fits(spec.width, settings.width):
        return False
    if settings.encoder_weights is None:
        return True
    return bool(parent.info.get("encoder") == (given.digest if given else RANDOM))


def _from_parent(
    parent: Checkpoint, classes: ClassTable, settings: TrainSettings, text: str
) -> Start:
    spec = replace(parent.spec, num_classes=classes.num_outputs)
    net = _seeded(spec, settings.seed)
    kept = same_classes(parent, classes)
    state = dict(parent.net.state_dict())
    for key in ("final.weight", "final.bias"):
        merged = net.state_dict()[key].clone()
        for class_id in kept:
            merged[class_id] = state[key][class_id]
        state[key] = merged
    net.load_state_dict(state)
    return Start(
        net,
        parent.normalisation,
        str(parent.info.get("encoder", RANDOM)),
        str(parent.info.get("encoder_source", text)),
        text,
        frozenset(kept),
        parent,
    )


def same_classes(parent: Checkpoint, classes: ClassTable) -> list[int]:
    """Ids that mean the same class to the parent and in the table, and that it was trained on."""
    table = parent.classes
    if table is None:
        fits = parent.spec.num_classes == classes.num_outputs
        return [i for i in classes.ids if fits]
    return [
        i
        for i in parent.predictable
        if i in classes and table[i].name.casefold() == classes[i].name.casefold()
    ]


def _seeded(spec: ModelSpec, seed: int) -> EncoderDecoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(spec)


def _at_hand(
    wanted: float | None, parent: Checkpoint | None, starter: Path | None
) -> EncoderWeights | Checkpoint:
    """The best encoder on this computer, or the whole starter.

    Raises:
        CheckpointError: there is none of the width asked for.
    """
    if parent is not None and parent.spec.in_channels == 3 and _fits(parent.spec.width, wanted):
        return weights.of_encoder(parent.net.vgg, "the previous round", parent.normalisation)
    if _fits(1.0, wanted) and (cached := weights.cached_imagenet()) is not None:
        return cached
    bundled = _load_quietly(starter)
    if bundled is not None and _fits(bundled.spec.width, wanted):
        return bundled
    raise CheckpointError(
        "There are no encoder weights on this computer"
        + (f" of width {wanted:g}." if wanted is not None else "."),
        "Connect to the internet and download them once: train --encoder-weights imagenet, or give "
        "a file of VGG16 weights: train --encoder-weights FILE.",
    )


def _fits(width: float, wanted: float | None) -> bool:
    return wanted is None or abs(width - wanted) < 1e-6


def _load_quietly(path: Path | None) -> Checkpoint | None:
    try:
        return None if path is None else load(path)
    except CheckpointError:
        return None
