"""Checkpoints: weights together with everything needed to use them again.

On disk a round is a folder with `checkpoint.safetensors` and `model.json`. A single
`.safetensors` may carry the same description in its own header. A bare `.pth` of the VGG16 U-Net
tutorials describes nothing; see `unet_gui.unet.tutorial`.

Loading never runs code from a file, and refuses what does not fit with the reason.
"""

from __future__ import annotations

import copy
import json
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize

from unet_gui import __version__
from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import CheckpointError, ClassTableError
from unet_gui.dataset.files import write_atomic, write_json
from unet_gui.unet import tutorial
from unet_gui.unet.guide import Guide, split_state
from unet_gui.unet.instant.net import restored
from unet_gui.unet.model import EncoderDecoder, ModelSpec, UNet, build
from unet_gui.unet.weights import read_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.pixels import Normalisation

FORMAT: Final = 1
WEIGHTS_NAME: Final = "checkpoint.safetensors"
INFO_NAME: Final = "model.json"
HEADER_KEY: Final = "unet_gui"
LEARNERS: Final = ("unet", "instant")


@dataclass(slots=True)
class Checkpoint:
    """A network ready to predict.

    Attributes:
        net: On the CPU, float32, in evaluation mode.
        spec: What was built.
        info: model.json; see `unet_gui.unet.train` for the keys that a round has.
        notes: What a person should know about how this was loaded; may be empty.
    """

    net: EncoderDecoder
    spec: ModelSpec
    info: dict[str, Any]
    notes: tuple[str, ...] = field(default=())

    @property
    def normalisation(self) -> Normalisation:
        return cast("Normalisation", self.info.get("normalisation", "unit"))

    @property
    def classes(self) -> ClassTable | None:
        """The classes it was trained for; None for a bare `.pth`, which does not say."""
        return classes_of(self.info)

    @property
    def predictable(self) -> tuple[int, ...]:
        """Ids that it may predict: known by name and seen in training, sorted."""
        table = self.classes
        known = set(range(self.spec.num_classes)) if table is None else set(table.ids)
        trained = self.info.get("trained")
        known &= set(range(self.spec.num_classes))
        return tuple(sorted(known & set(trained) if trained else known))


def load(
    path: str | Path,
    *,
    classes: ClassTable | None = None,
    labelled: Iterable[tuple[RgbImage, ClassMask]] = (),
) -> Checkpoint:
    """Load a round's folder, a `.safetensors` or a tutorial `.pth`.

    Args:
        path: What to load.
        classes: The classes it must have been trained for; without them any will do.
        labelled: Images and masks on which the two variants of a bare `.pth` are compared.

    Raises:
        CheckpointError: missing, damaged, for another network or for other classes.
    """
    file = weights_file(Path(path))
    state = read_state(file)
    info = _described(file)
    if info is None:
        checkpoint = _load_bare(file, state, labelled)
    else:
        spec = ModelSpec.from_info(info)
        own, companion = split_state(state)
        net = _filled(_empty(spec, own, info), own, file)
        if companion:
            net.accompany(_guide(net, companion, info, file))
        checkpoint = Checkpoint(net, spec, info)
    if classes is not None:
        require_classes(checkpoint, classes, file)
    return checkpoint


def weights_file(path: Path) -> Path:
    """The file of weights that a CKPT argument means.

    Raises:
        CheckpointError: there is nothing of that kind.
    """
    file = path / WEIGHTS_NAME if path.is_dir() else path
    if not file.is_file():
        what = f"{path} holds no {WEIGHTS_NAME}" if path.is_dir() else f"There is no file {path}"
        raise CheckpointError(f"{what}.", "A checkpoint is a round's folder, .safetensors or .pth.")
    return file


def read_info(path: str | Path) -> dict[str, Any] | None:
    """What is written about a checkpoint, without loading its weights; None for a bare file.

    Raises:
        CheckpointError: it is missing, or its description is unreadable or too new.
    """
    return _described(weights_file(Path(path)))


def _described(file: Path) -> dict[str, Any] | None:
    if file.suffix != ".safetensors":
        return None
    beside = file.with_name(INFO_NAME)
    try:
        with safe_open(file, framework="pt") as opened:
            text = (opened.metadata() or {}).get(HEADER_KEY)
        if text is None:
            text = beside.read_text("utf-8") if beside.is_file() else None
        info = None if text is None else json.loads(text)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"The description of {file} cannot be read: {error}") from error
    if info is None:
        return None
    if not isinstance(info, dict) or info.get("learner", "unet") not in LEARNERS:
        raise CheckpointError(f"{beside} does not describe a learner of this program.")
    if not isinstance(info.get("format"), int) or info["format"] > FORMAT:
        raise CheckpointError(
            f"{file} was written by a newer version (format {info.get('format')}).",
            "Update the program.",
        )
    return info


def _load_bare(
    file: Path, state: Mapping[str, Tensor], labelled: Iterable[tuple[RgbImage, ClassMask]]
) -> Checkpoint:
    spec = tutorial.read_spec(state, file)
    net = cast("UNet", _filled(build(spec), state, file))
    measured = tutorial.measure_decoder_relu(net, labelled, "unit")
    if measured is None:
        note = (
            f"{file.name} does not say whether its decoder has ReLUs; assumed that it has, "
            "as files since August 2021 do."
        )
    else:
        relu, with_relu, without = measured
        note = (
            f"{file.name} does not say whether its decoder has ReLUs; taken "
            f"{'with' if relu else 'without'} them, which fits the labelled images better "
            f"(mIoU {with_relu:.3f} with, {without:.3f} without)."
        )
    info = {"format": FORMAT, "learner": "unet", **net.spec.to_info(), "normalisation": "unit"}
    info["decoder_relu_from"] = "assumed" if measured is None else "measured"
    return Checkpoint(net, net.spec, info, (note,))


def _empty(spec: ModelSpec, state: Mapping[str, Tensor], info: Mapping[str, Any]) -> EncoderDecoder:
    """A network of this spec for tensors of these shapes."""
    if spec.decoder != "instant":
        return build(spec)
    normalisation = cast("Normalisation", info.get("normalisation", "imagenet"))
    return restored(spec, state, normalisation, info)


def _guide(
    net: EncoderDecoder, state: dict[str, Tensor], info: Mapping[str, Any], file: Path
) -> Guide:
    """The instant learner stored beside a network, which looks through the network's encoder."""
    about = info.get("guide") or {}
    try:
        share, ids = float(about["share"]), [int(i) for i in about["ids"]]
    except (TypeError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"The description of {file} says nothing of the learner it holds beside the network.",
            "Copy the whole round folder, checkpoint.safetensors and model.json together.",
        ) from error
    normalisation = cast("Normalisation", info.get("normalisation", "imagenet"))
    instant = restored(replace(net.spec, decoder="instant"), state, normalisation, about)
    encoder = {k: v for k, v in net.state_dict().items() if k in instant.state_dict()}
    _filled(instant, {**encoder, **state}, file)
    instant.vgg = net.vgg
    return Guide(instant, share, ids, about)


def without_guide(checkpoint: Checkpoint) -> Checkpoint:
    """The network alone, where another learner is averaged with it."""
    if checkpoint.net.guide is None:
        return checkpoint
    net = copy.copy(checkpoint.net)
    net.accompany(None)
    note = "What the instant learner beside the network adds is not part of it."
    return replace(checkpoint, net=net, notes=(*checkpoint.notes, note))


def _filled(net: EncoderDecoder, state: Mapping[str, Tensor], file: Path) -> EncoderDecoder:
    """The network holding exactly these tensors."""
    own = net.state_dict()
    wrong = [
        f"{key} is {'missing' if key not in state else tuple(state[key].shape)}, "
        f"expected {tuple(tensor.shape)}"
        for key, tensor in own.items()
        if key not in state or state[key].shape != tensor.shape
    ]
    wrong += [f"{key} is not expected" for key in state if key not in own]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise CheckpointError(
            f"{file} does not fit the network it describes: {'; '.join(wrong[:3])}{more}.",
            "Copy the whole round folder, checkpoint.safetensors and model.json together. If "
            "another version of this program made it, learn a new round.",
        )
    broken = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if broken:
        raise CheckpointError(f"{file} is damaged: {broken[0]} holds numbers that are not finite.")
    net.load_state_dict(dict(state))
    return net.eval()


def classes_of(info: Mapping[str, Any]) -> ClassTable | None:
    """The class table in a model.json; None when it has none.

    Raises:
        CheckpointError: it has one that makes no sense.
    """
    listed = info.get("classes")
    if not listed:
        return None
    try:
        return ClassTable(ClassInfo(int(c["id"]), str(c["name"]), str(c["color"])) for c in listed)
    except (KeyError, TypeError, ValueError, ClassTableError) as error:
        raise CheckpointError(f"The classes in model.json make no sense: {error}") from error


def require_classes(checkpoint: Checkpoint, classes: ClassTable, file: Path) -> None:
    """Refuse a checkpoint that was trained for other classes.

    It may know fewer classes than asked for (the others are never predicted), but each one it
    knows must have the same id and name.

    Raises:
        CheckpointError: says which class differs.
    """
    table = checkpoint.classes
    if table is None:
        if checkpoint.spec.num_classes != classes.num_outputs:
            raise CheckpointError(
                f"{file} predicts {checkpoint.spec.num_classes} classes, the project has "
                f"{classes.num_outputs}.",
                "Fine-tune from it instead: train PROJECT --from FILE.",
            )
        return
    for known in table:
        wanted = classes[known.id].name if known.id in classes else "no class"
        if known.name.casefold() != wanted.casefold():
            raise CheckpointError(
                f"{file} was trained for other classes: class {known.id} is “{known.name}” "
                f"there and “{wanted}” here.",
                "Choose a checkpoint of this project, or fine-tune from it: "
                "train PROJECT --from FILE.",
            )


def save(folder: Path, net: EncoderDecoder, info: Mapping[str, Any], *, half: bool = False) -> None:
    """Write `checkpoint.safetensors` and `model.json` into an existing folder.

    Not atomic by itself; rounds are (see `unet_gui.unet.rounds`).

    Args:
        folder: Where to; exists.
        net: The network.
        info: Keys of model.json beyond what the network itself says.
        half: Store half precision, at half the size.

    Raises:
        OSError: the folder cannot be written.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in net.stored().items()}
    if half:
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    write_tensors(folder / WEIGHTS_NAME, tensors)
    write_json(folder / INFO_NAME, describe(net.spec, info))


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], info: Mapping[str, Any] | None = None
) -> None:
    """Write a `.safetensors` atomically, its description in the header when given.

    Raises:
        OSError: it cannot be written.
    """
    header = {"format": "pt"}
    if info is not None:
        header[HEADER_KEY] = json.dumps(info, ensure_ascii=False, allow_nan=False)
    content = serialize({k: v.contiguous() for k, v in tensors.items()}, metadata=header)
    write_atomic(path, lambda stream: stream.write(content))


def describe(spec: ModelSpec, info: Mapping[str, Any]) -> dict[str, Any]:
    """A complete model.json: `info` beside what every checkpoint has, NaN as null."""
    versions = {
        "unet_gui": __version__,
        "torch": torch.__version__,
        "torchvision": version("torchvision"),
    }
    full = {
        "format": FORMAT,
        "learner": learner_of(spec),
        **spec.to_info(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **{k: v for k, v in info.items() if k not in ("format", "learner", *spec.to_info())},
        "versions": versions,
    }
    return cast("dict[str, Any]", _plain(full))


def learner_of(spec: ModelSpec) -> str:
    """What `train --learner` calls the kind of network."""
    return "instant" if spec.decoder == "instant" else "unet"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def class_list(classes: ClassTable) -> list[dict[str, Any]]:
    """The "classes" of a model.json."""
    return [{"id": c.id, "name": c.name, "color": c.color} for c in classes]
