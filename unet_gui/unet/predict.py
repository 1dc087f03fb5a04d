"""Prediction of images of any size: tiles, blended; cancellable; smaller when memory is short."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from unet_gui.core.errors import CheckpointError, DeviceMemoryError
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress
from unet_gui.regions.cleanup import remove_specks
from unet_gui.unet.device import Device, cpu, is_out_of_memory
from unet_gui.unet.instant.finishing import DISPUTED
from unet_gui.unet.instant.net import InstantNet
from unet_gui.unet.model import STRIDE, EncoderDecoder, LiteUNet
from unet_gui.unet.pixels import to_input
from unet_gui.unet.tiling import Blender, Grid
from unet_gui.unet.up_concat import Frame

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask, RgbImage
    from unet_gui.unet.checkpoint import Checkpoint

TILE: Final = 512
OVERLAP: Final = 128
SMALLEST_TILE: Final = 64

MIRRORED: Final = 1 << 20
"""Pixels of an image up to which a narrow decoder looks at it mirrored too. A larger one takes long
as it is, and three times as long with that."""


@dataclass(frozen=True, slots=True)
class PredictionTile(Progress):
    """A finished part of a prediction; a later tile may refine where they overlap.

    Attributes:
        rect: Where it lies in the image.
        mask: h×w uint8 class ids.
        confidence: h×w uint8, 255 meaning certain.
    """

    rect: Rect = EMPTY
    mask: ClassMask | None = None
    confidence: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says about one image. Never authoritative.

    Attributes:
        mask: H×W uint8 class ids, never 255.
        confidence: H×W uint8: the probability of the class in `mask`, 255 meaning certain.
        probabilities: C×H×W float16 for the ids in `class_ids`, when asked for.
        class_ids: The ids that could be predicted, in the order of `probabilities`.
        note: What a person should know, such as that memory was short; may be empty.
        helps: Whether correcting the mask is likely to be less work than drawing by hand.
    """

    mask: ClassMask
    confidence: NDArray[np.uint8]
    probabilities: NDArray[np.float16] | None = None
    class_ids: tuple[int, ...] = ()
    note: str = ""
    helps: bool = True


class Predictor:
    """A checkpoint on a device. One prediction at a time."""

    def __init__(
        self, checkpoint: Checkpoint, device: Device, *, class_ids: Iterable[int] | None = None
    ) -> None:
        """Prepare a checkpoint for predicting.

        Args:
            checkpoint: The network; not changed.
            device: Where to run.
            class_ids: Predict only these of the classes that the checkpoint was trained on.

        Raises:
            CheckpointError: no class is left to predict.
        """
        known = checkpoint.predictable
        wanted = set(known if class_ids is None else class_ids)
        self.class_ids = tuple(i for i in known if i in wanted)
        if not self.class_ids:
            raise CheckpointError(
                "The checkpoint was not trained on any class of this project.",
                "Choose another checkpoint, or fine-tune one.",
            )
        self.device = device
        self._checkpoint = checkpoint
        self._net = _prepared(checkpoint.net, device)
        self._largest_tile = 1 << 30
        self._note = ""

    def predict(
        self,
        image: RgbImage,
        *,
        first: Rect | None = None,
        tile: int = TILE,
        overlap: int = OVERLAP,
        probabilities: bool = False,
    ) -> Generator[PredictionTile | Progress, None, Prediction]:
        """Predict a class for every pixel.

        Out of memory, the tile is halved; when that is not enough, the CPU takes over.

        Args:
            image: H×W×3 uint8.
            first: Where to begin, such as the part of the image on the screen.
            tile: Side of a tile in pixels; rounded to a multiple of 16.
            overlap: How far tiles overlap at least.
            probabilities: Return all probabilities too (2 bytes a pixel and class).

        Yields:
            Progress, then finished tiles; close the generator between two to cancel.

        Raises:
            DeviceMemoryError: memory is short even for the smallest tile on the CPU.
        """
        side = max(SMALLEST_TILE, min(tile, self._largest_tile) // 16 * 16)
        while True:
            try:
                result = yield from self._pass(image, first, side, overlap, keep=probabilities)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                reason = error.with_traceback(None)
            else:
                return result
            # outside of `except`, where the failed pass's tensors are no longer held
            side = self._retreat(side, max(image.shape[:2]), reason)
            del reason

    def _retreat(self, side: int, longest: int, error: BaseException) -> int:
        """The next thing to try after an out-of-memory: a smaller tile, or the CPU."""
        self.device.free_memory()
        side = min(side, -(-longest // 16) * 16)
        if side > SMALLEST_TILE:
            smaller = max(SMALLEST_TILE, side // 2 // 16 * 16)
            self._largest_tile = smaller
            self._note = (
                f"{self.device.name} ran out of memory: predicted in tiles of {smaller} px."
            )
            return smaller
        if self.device.type == "cpu":
            raise DeviceMemoryError(
                "There is not enough memory to predict this image.",
                "Close other programs, or use a network of smaller width.",
            ) from error
        self._note = f"{self.device.name} ran out of memory: predicted on the CPU."
        self.device = cpu()
        self._net = _prepared(self._checkpoint.net, self.device)
        self._largest_tile = TILE
        return TILE

    def _pass(
        self, image: RgbImage, first: Rect | None, side: int, overlap: int, *, keep: bool
    ) -> Generator[PredictionTile | Progress, None, Prediction]:
        height, width = image.shape[:2]
        grid = Grid.of((height, width), side, min(overlap, side // 2) // 16 * 16)
        blender = Blender(grid)
        mask = np.zeros((height, width), np.uint8)
        confidence = np.zeros((height, width), np.uint8)
        kept = np.zeros((len(self.class_ids), height, width), np.float16) if keep else None
        ids = np.array(self.class_ids, np.uint8)
        if isinstance(self._net, LiteUNet):
            self._net.mirrored = height * width <= MIRRORED
        rects = grid.tiles(first)
        disputed = 0.0
        yield Progress(0, len(rects))
        for done, rect in enumerate(rects, 1):
            frame = None if len(rects) == 1 else _frame(rect, height, width)
            tile = self._probabilities(image[rect.slices], frame)
            disputed += self._net.disputed if isinstance(self._net, InstantNet) else 0.0
            for part, mixed in blender.add(rect, tile):
                top, best = torch.from_numpy(mixed).max(0)
                mask[part.slices] = ids[best.numpy()]
                confidence[part.slices] = top.clamp_(0, 1).mul_(255).round_().byte().numpy()
                if kept is not None:
                    kept[(slice(None), *part.slices)] = mixed
            yield PredictionTile(
                done,
                len(rects),
                rect=rect,
                mask=mask[rect.slices].copy(),
                confidence=confidence[rect.slices].copy(),
            )
        mask = self._tidied(mask)
        helps = self._helps(disputed / len(rects))
        return Prediction(mask, confidence, kept, self.class_ids, self._note, helps)

    def _helps(self, disputed: float) -> bool:
        """Not where proposals cost more so far than they saved, nor where its parts disagree."""
        return not self._checkpoint.info.get("silent") and disputed <= DISPUTED

    def _tidied(self, mask: ClassMask) -> ClassMask:
        """Without regions smaller than the checkpoint says that regions are."""
        finish = self._checkpoint.info.get("finish")
        speck = finish.get("speck") if isinstance(finish, dict) else None
        return remove_specks(mask, speck) if isinstance(speck, int) and speck > 0 else mask

    @torch.inference_mode()
    def _probabilities(self, image: RgbImage, frame: Frame | None = None) -> NDArray[np.float32]:
        """C×h×w float32 over `class_ids`, of an h×w×3 uint8 part of an image."""
        spec = self._checkpoint.spec
        pixels = to_input(image, spec.in_channels, self._checkpoint.normalisation)
        pixels = self.device.place(pixels[None])
        if self.device.dtype is not None and not self._net.own_precision:
            pixels = pixels.to(self.device.dtype)
        logits = self._net(pixels, frame)[0]
        if len(self.class_ids) < spec.num_classes:
            logits = logits[list(self.class_ids)]
        # the classes of a pixel lie side by side, where a softmax is twice as quick
        rows = logits.permute(1, 2, 0).float().softmax(-1)
        result: NDArray[np.float32] = rows.permute(2, 0, 1).cpu().numpy()
        return result


def _frame(rect: Rect, height: int, width: int) -> Frame:
    return Frame(rect.y0, rect.x0, -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE)


def _prepared(net: EncoderDecoder, device: Device) -> EncoderDecoder:
    """A copy for inference, in the device's number format."""
    ready = device.place_net(copy.deepcopy(net).eval())
    ready.quicken(device.device, device.dtype)
    return ready.requires_grad_(False)
