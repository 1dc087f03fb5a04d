"""Encoder weights: from a file, from torchvision, or none. Never a silent random start."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors.torch import load_file as load_safetensors

from unet_gui.core.errors import CheckpointError
from unet_gui.core.progress import drain
from unet_gui.unet import fetching
from unet_gui.unet.model import Encoder, adapt_first_layer

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from torch import Tensor

    from unet_gui.core.progress import Progress
    from unet_gui.unet.pixels import Normalisation

_WRAPPERS: Final = ("state_dict", "model_state_dict", "model")


@dataclass(frozen=True)
class EncoderWeights:
    """The thirteen convolutions of an encoder.

    Attributes:
        tensors: "features.N.weight" and "features.N.bias", float32.
        source: File name or "imagenet", for people.
        normalisation: "imagenet" when the weights expect RGB in 0..1 with mean and standard
            deviation of ImageNet taken out, "unit" for plain RGB in 0..1.
    """

    tensors: Mapping[str, Tensor] = field(repr=False)
    source: str
    normalisation: Normalisation = "imagenet"

    @property
    def width(self) -> float:
        return self.tensors["features.28.weight"].shape[0] / 512

    @cached_property
    def digest(self) -> str:
        """Name of the numbers, “sha256:…”: the same for every file that holds the same weights."""
        return digest(self.tensors)

    def load_into(self, encoder: Encoder) -> None:
        """Copy into `encoder`, adapting the first layer to its number of input channels.

        An encoder that ends earlier takes what it has.

        Raises:
            CheckpointError: the encoder has another width.
        """
        own = encoder.state_dict()
        first = "features.0.weight"
        adapted = dict(self.tensors)
        adapted[first] = adapt_first_layer(adapted[first], own[first].shape[1])
        for key, tensor in own.items():
            if adapted[key].shape != tensor.shape:
                raise CheckpointError(
                    f"The encoder weights {self.source} have width {self.width:g}; "
                    f"the network has another one ({key} is {tuple(tensor.shape)}).",
                    f"Use --width {self.width:g} or other weights.",
                )
        encoder.load_state_dict({key: adapted[key] for key in own})


def digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 of the float32 numbers of the `features.*` tensors, in the order of their names."""
    hasher = hashlib.sha256()
    for key in sorted(tensors):
        hasher.update(tensors[key].detach().cpu().float().contiguous().numpy().tobytes())
    return f"sha256:{hasher.hexdigest()[:32]}"


def of_encoder(encoder: Encoder, source: str, normalisation: Normalisation) -> EncoderWeights:
    """The weights that a network's encoder has now (a copy)."""
    tensors = {k: v.detach().cpu().clone() for k, v in encoder.state_dict().items()}
    return EncoderWeights(tensors, source, normalisation)


def load(name: str | Path) -> EncoderWeights | None:
    """What `--encoder-weights` names: a file, "imagenet" (downloaded when needed) or "none".

    Raises:
        CheckpointError: the file is missing, unreadable or holds something else; or
            "imagenet" is asked for and cannot be downloaded.
    """
    if str(name) == "none":
        return None
    return imagenet() if str(name) == "imagenet" else load_file(Path(name))


def load_file(path: Path) -> EncoderWeights:
    """Encoder weights from a `.pth` or `.safetensors` file.

    Understood are torchvision's `vgg16` state dict, with or without the `features.` prefix, with
    or without classifier, and a whole U-Net (`vgg.features.`); in any floating-point format.

    Raises:
        CheckpointError: the file is missing, unreadable or holds something else.
    """
    state = read_state(path)
    tensors: dict[str, Tensor] = {}
    whole_unet = False
    for key, tensor in state.items():
        whole_unet |= key.startswith("vgg.features.")
        short = key.removeprefix("vgg.").removeprefix("features.")
        index, _, kind = short.partition(".")
        if index.isdigit() and kind in ("weight", "bias"):
            tensors[f"features.{index}.{kind}"] = tensor.float()
    _check(tensors, path)
    # the tutorials train their whole U-Net, encoder included, on plain RGB in 0..1
    return EncoderWeights(tensors, path.name, "unit" if whole_unet else "imagenet")


def _check(tensors: Mapping[str, Tensor], path: Path) -> None:
    first, last = (tensors.get(f"features.{n}.weight") for n in (0, 28))
    if first is None or last is None or first.ndim != 4:
        raise CheckpointError(
            f"{path} does not hold the weights of a VGG16.",
            "Expected are tensors named features.0.weight … features.28.bias.",
        )
    with torch.device("meta"):
        expected = Encoder(first.shape[1], last.shape[0] / 512).state_dict()
    for key, tensor in expected.items():
        found = tensors.get(key)
        if found is None or found.shape != tensor.shape:
            shape = "missing" if found is None else f"{tuple(found.shape)}"
            raise CheckpointError(
                f"{path} does not fit VGG16: {key} is {shape}, expected {tuple(tensor.shape)}.",
                "VGG16 without batch normalisation (torchvision's vgg16) is needed.",
            )
    if len(tensors) != len(expected):
        extra = sorted(set(tensors) - set(expected))
        raise CheckpointError(f"{path} holds more than VGG16: {', '.join(extra[:4])}.")


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.pth` or `.safetensors` file by name, nothing else, running no code.

    Wrappers ({"state_dict": …}, {"model": …}) are opened and a `module.` prefix is stripped.

    Raises:
        CheckpointError: the file is missing, unreadable or holds no tensors.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}.")
    try:
        if path.suffix == ".safetensors":
            content: Any = load_safetensors(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is not a plain file of weights: loading it would run code from it.",
            "Save it again as torch.save(net.state_dict(), file).",
        ) from error
    except Exception as error:  # bytes that are no pickle fail in any way there is
        reason = f"{path} cannot be read as weights: {error}"
        raise CheckpointError(reason, "Is the file complete?") from error
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, not weights by name.")
    state = {str(k).removeprefix("module."): v for k, v in content.items() if torch.is_tensor(v)}
    if not state:
        raise CheckpointError(f"{path} holds no weights.")
    return state


def imagenet_path() -> Path:
    """Where torchvision's ImageNet weights are kept, for every program that uses torch."""
    return Path(torch.hub.get_dir()) / "checkpoints" / fetching.IMAGENET.name


def fetch_imagenet() -> Generator[Progress, None, Path]:
    """Download torchvision's ImageNet weights, verified; nothing to do where they are already.

    Raises:
        CheckpointError: see `unet_gui.unet.fetching.fetch`.
    """
    path = imagenet_path()
    if path.is_file():
        return path
    return (yield from fetching.fetch(fetching.IMAGENET, path))


def imagenet() -> EncoderWeights:
    """ImageNet weights of torchvision, from its cache or downloaded.

    Raises:
        CheckpointError: they are not cached and cannot be downloaded, or are damaged.
    """
    return _of_torchvision(drain(fetch_imagenet()))


def cached_imagenet() -> EncoderWeights | None:
    """ImageNet weights of torchvision, when an earlier download is on this computer.

    Raises:
        CheckpointError: they are damaged.
    """
    path = imagenet_path()
    return _of_torchvision(path) if path.is_file() else None


def _of_torchvision(path: Path) -> EncoderWeights:
    try:
        state = read_state(path)
        tensors = {k: v.float() for k, v in state.items() if k.startswith("features.")}
        _check(tensors, path)
    except CheckpointError as error:
        hint = f"Remove {path} and have it downloaded again: train --encoder-weights imagenet."
        raise CheckpointError(error.message, hint) from error
    return EncoderWeights(tensors, "imagenet")
