"""The instant learner as a network: heads and a forest over a frozen encoder, averaged.

Where whole images are labelled, a decoder that sees surroundings joins them.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_gui.core.errors import CheckpointError
from unet_gui.unet.instant.context import Context
from unet_gui.unet.instant.features import USED_LEVELS, Maps, encode, filter_image
from unet_gui.unet.instant.filters import filter_octaves
from unet_gui.unet.instant.finishing import PLAIN, Finish, disputed, mixed, smooth
from unet_gui.unet.instant.forest import NO_FOREST, Forest
from unet_gui.unet.instant.head import NEVER, Head
from unet_gui.unet.model import LEVELS, Encoder, EncoderDecoder, ModelSpec, encoder_channels
from unet_gui.unet.pixels import MEAN, STD
from unet_gui.unet.up_concat import init_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.unet.instant.cache import FeatureCache
    from unet_gui.unet.instant.features import Rows
    from unet_gui.unet.pixels import Normalisation
    from unet_gui.unet.up_concat import Frame

    Floats = NDArray[np.float32]

HEAD_LEVELS: Final = (3, 4)
"""How many levels each head sees."""

FOREST_STEP: Final = 2
"""The forest looks at blocks of 2×2 pixels: a quarter of the time, no worse on eight data sets."""

TREES: Final = (
    "tree_classes",
    "tree_channels",
    "tree_features",
    "tree_thresholds",
    "tree_shares",
)
"""Tensors of a checkpoint that hold the forest."""

FOREST_WEIGHT: Final = 2.0
"""How much the forest counts beside each head: the best average over eight data sets."""

FOREST_WEIGHT_OF_TWO: Final = 4.0
"""With two classes, which colour and texture tell apart more often than among many."""


class InstantNet(EncoderDecoder):
    """Class probabilities from features that never change and parts that are fitted in a second.

    Attributes:
        finish: How probabilities become a mask.
        disputed: Share of the pixels of the last image or tile that its parts disagreed on.
    """

    own_precision = True
    tree_classes: Tensor
    tree_channels: Tensor
    tree_features: Tensor
    tree_thresholds: Tensor
    tree_shares: Tensor

    def __init__(
        self,
        spec: ModelSpec,
        normalisation: Normalisation = "imagenet",
        *,
        seed: int = 0,
        context: bool = False,
    ) -> None:
        """Build; the encoder's weights are whatever is in memory until they are loaded.

        Args:
            spec: Its decoder is "instant".
            normalisation: What the encoder expects.
            seed: Of heads and trees.
            context: With a context decoder.
        """
        super().__init__()
        self.spec = spec
        self.normalisation: Normalisation = normalisation
        self.seed = seed
        self.vgg = _unfilled(spec)
        channels = encoder_channels(spec.width)
        self.heads = nn.ModuleList(Head(channels[:n], spec.num_classes) for n in HEAD_LEVELS)
        self.plant(NO_FOREST)
        self.context: Context | None = self.new_context() if context else None
        self.finish: Finish = PLAIN
        self.disputed = 0.0
        self._kept: tuple[FeatureCache, str] | None = None
        self.requires_grad_(False)

    def new_context(self) -> Context:
        """A context decoder of the right size that has learnt nothing."""
        return Context(encoder_channels(self.spec.width)[:USED_LEVELS], self.spec.num_classes)

    @property
    def class_ids(self) -> tuple[int, ...]:
        """Ids that it has seen painted, sorted; nothing else is ever predicted."""
        return tuple(self.tree_classes.tolist())

    @property
    def forest(self) -> Forest:
        """The trees, over this network's own memory.

        Raises:
            CheckpointError: nothing was learnt.
        """
        if not len(self.tree_classes):
            raise CheckpointError("The instant learner has not learnt anything yet.")
        return self._forest()

    def _forest(self) -> Forest:
        return Forest(
            self.class_ids,
            int(self.tree_channels),
            self.tree_features.cpu().numpy(),
            self.tree_thresholds.cpu().numpy(),
            self.tree_shares.cpu().numpy(),
        )

    def plant(self, forest: Forest) -> None:
        """Replace the trees."""
        self.register_buffer("tree_classes", torch.tensor(forest.class_ids, dtype=torch.uint8))
        self.register_buffer("tree_channels", torch.tensor(forest.channels, dtype=torch.uint8))
        self.register_buffer("tree_features", torch.from_numpy(forest.features))
        self.register_buffer("tree_thresholds", torch.from_numpy(forest.thresholds))
        self.register_buffer("tree_shares", torch.from_numpy(forest.shares))

    def take(self, heads: Sequence[Head], forest: Forest, context: Context | None = None) -> None:
        """Replace everything fitted at once: heads, trees, context."""
        self.heads = nn.ModuleList(heads)
        self.context = context
        self.plant(forest)
        self.requires_grad_(False)

    def randomise(self) -> None:
        """Random weights for the encoder."""
        for layer in self.vgg.features:
            if isinstance(layer, nn.Conv2d):
                init_new(layer, relu=True)

    def keep_features(self, cache: FeatureCache, encoder: str) -> None:
        """Look for features of images there first, and leave new ones there.

        Args:
            cache: Where.
            encoder: What the encoder's weights are called.
        """
        self._kept = cache, encoder

    def quicken(self, device: torch.device, dtype: torch.dtype | None) -> None:
        """Compute the encoder, and it alone, there and in the device's number format."""
        self.cpu().vgg.to(device=device, dtype=dtype)

    def stored(self) -> dict[str, Tensor]:
        """Tensors of a checkpoint; the encoder, which is most of them, in half precision."""
        state = self.state_dict()
        return {k: v.half() if k.startswith("vgg.") else v for k, v in state.items()}

    @torch.inference_mode()
    def probabilities(self, image: RgbImage, maps: Maps, blocks: Floats | None = None) -> Tensor:
        """num_classes×H×W float32 that sum to 1 over the classes.

        Args:
            image: H×W×3 uint8, an image or a tile of one.
            maps: Its features.
            blocks: What `blocks_of` says of them, if that is at hand.
        """
        base, context = self.parts(maps, blocks)
        self.disputed = disputed(base, context)
        total = mixed(base, context, self.finish)
        return torch.from_numpy(smooth(total, self.finish, image))

    @torch.inference_mode()
    def parts(self, maps: Maps, blocks: Floats | None = None) -> tuple[Floats, Floats | None]:
        """What heads and forest say, and what the context decoder says where there is one.

        Returns:
            Two arrays num_classes×H×W float32 that sum to 1 over the classes.
        """
        never, weight = self._never()[:, None, None], self._forest_weight
        total = self._forest_probabilities(maps, blocks).mul_(weight)
        for head in self.heads:
            assert isinstance(head, Head)
            total += (head.logits(maps.levels, maps.shape) + never).softmax(0)
        base: Floats = (total / (weight + len(self.heads))).numpy()
        if self.context is None:
            return base, None
        found = self.context.logits(maps.levels, maps.shape) + never
        return base, found.softmax(0).numpy()

    @torch.inference_mode()
    def shares_of(self, rows: Rows) -> Floats:
        """N×num_classes float32 that sum to 1: what heads and forest say of single pixels."""
        weight = self._forest_weight
        total = torch.zeros(len(rows), self.spec.num_classes)
        total[:, list(self.class_ids)] = torch.from_numpy(self.forest.probabilities(rows.filters))
        total *= weight
        levels = torch.from_numpy(rows.levels)
        for head in self.heads:
            assert isinstance(head, Head)
            inputs = (levels[:, : head.width] - head.mean) * head.scale
            total += (head(inputs) + self._never()).softmax(1)
        shares: Floats = (total / (weight + len(self.heads))).numpy()
        return shares

    def _never(self) -> Tensor:
        """What is added to logits: classes that were never painted are never predicted."""
        never = torch.full((self.spec.num_classes,), NEVER)
        never[list(self.class_ids)] = 0
        return never

    @property
    def _forest_weight(self) -> float:
        return FOREST_WEIGHT_OF_TWO if len(self.class_ids) <= 2 else FOREST_WEIGHT

    def _forest_probabilities(self, maps: Maps, blocks: Floats | None) -> Tensor:
        height, width = maps.shape
        size = (-(-height // FOREST_STEP), -(-width // FOREST_STEP))
        rows = self.forest.probabilities(blocks_of(maps) if blocks is None else blocks)
        grid = torch.zeros(self.spec.num_classes, *size)
        grid[list(self.forest.class_ids)] = torch.from_numpy(rows).T.reshape(-1, *size)
        grid = F.interpolate(grid[None], scale_factor=FOREST_STEP, mode="bilinear")[0]
        return grid[:, :height, :width].contiguous()

    def decode(self, levels: Sequence[Tensor], frame: Frame | None = None) -> Tensor:
        """Never: filters see the image, which levels do not hold.

        Raises:
            CheckpointError: always.
        """
        raise CheckpointError("The instant learner cannot be decoded from levels alone.")

    @torch.inference_mode()
    def forward(self, x: Tensor, frame: Frame | None = None) -> Tensor:
        """N×C×H×W normalised float32 to N×num_classes×H×W logarithms of probabilities."""
        del frame  # every map is the same wherever a tile begins
        images = [_pixels(one, self.normalisation) for one in x]
        replies = [
            self._reply(image, self._maps(image, one), x.device.type)
            for image, one in zip(images, x, strict=True)
        ]
        return torch.stack(replies).clamp_min_(1e-9).log_().to(x.device)

    def _reply(self, image: RgbImage, maps: Maps, device: str) -> Tensor:
        with torch.autocast(device, enabled=False):
            return self.probabilities(image, maps)

    def _maps(self, image: RgbImage, x: Tensor) -> Maps:
        if self._kept is None:
            return self._seen(image, x)
        cache, encoder = self._kept
        return cache.of_pixels(image, encoder, lambda: self._seen(image, x))

    def _seen(self, image: RgbImage, x: Tensor) -> Maps:
        levels = encode(x[None], self.vgg)
        octaves = [torch.from_numpy(o.astype(np.float16)) for o in filter_octaves(image)]
        return Maps(image.shape[:2], levels, tuple(octaves))

    def __deepcopy__(self, memo: dict[int, object]) -> InstantNet:
        """A copy that shares the trees, which nobody changes."""
        other = InstantNet(self.spec, self.normalisation, seed=self.seed)
        other.vgg = copy.deepcopy(self.vgg, memo)
        other.take(
            [copy.deepcopy(h, memo) for h in self.heads],  # type: ignore[misc]
            self._forest(),
            copy.deepcopy(self.context, memo),
        )
        other.finish, other._kept = self.finish, self._kept
        return other.train(self.training)


def blocks_of(maps: Maps) -> Floats:
    """N×C×F float32 filter responses of the blocks of pixels that the forest looks at."""
    return filter_image(maps, FOREST_STEP)


def restored(
    spec: ModelSpec,
    state: Mapping[str, Tensor],
    normalisation: Normalisation,
    info: Mapping[str, Any],
) -> InstantNet:
    """An empty network of the shape that stored tensors fit into.

    Args:
        spec: What was built.
        state: The tensors.
        normalisation: What its encoder expects.
        info: Its model.json, which knows the seed.

    Raises:
        CheckpointError: its trees make no sense.
    """
    net = InstantNet(
        spec,
        normalisation,
        seed=int(info.get("seed", 0)),
        context=any(key.startswith("context.") for key in state),
    )
    if all(key in state for key in TREES):
        net.plant(_stored_forest(state, spec.num_classes))
    net.finish = Finish.from_info(info.get("finish"))
    return net


def _unfilled(spec: ModelSpec) -> Encoder:
    """The levels that are used, without the random numbers that loading would replace."""
    with torch.device("meta"):
        encoder = Encoder(spec.in_channels, spec.width)
    encoder.features = encoder.features[: LEVELS[USED_LEVELS - 1][1]]
    for layer in encoder.features:
        if isinstance(layer, nn.Conv2d):
            # `to_empty` would load sympy
            layer.weight = nn.Parameter(torch.empty(layer.weight.shape))
            layer.bias = nn.Parameter(torch.empty(layer.weight.shape[0]))
    return encoder


def _stored_forest(state: Mapping[str, Tensor], num_classes: int) -> Forest:
    classes, channels, *rest = (state[key].numpy() for key in TREES)
    forest = Forest(tuple(int(i) for i in classes.ravel()), int(channels.ravel()[0]), *rest)
    ids = forest.class_ids
    known = list(ids) == sorted({i for i in ids if 0 <= i < num_classes})
    if not (known and forest.sound):
        raise CheckpointError("The trees of the instant learner are damaged.")
    return forest


def _pixels(x: Tensor, normalisation: Normalisation) -> NDArray[np.uint8]:
    """C×H×W as a network takes it back to the H×W×3 uint8 it was made from."""
    unit = x.float().cpu()
    if normalisation == "imagenet" and len(unit) == 3:
        mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
        unit = unit * std + mean
    pixels = (unit * 255).round_().clamp_(0, 255).byte().permute(1, 2, 0)
    return np.ascontiguousarray(pixels.expand(-1, -1, 3).numpy())
