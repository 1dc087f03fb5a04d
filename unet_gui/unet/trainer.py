"""The training loop of one round: network, optimiser, schedule and clock."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from unet_gui.core.errors import DeviceMemoryError, TrainingError
from unet_gui.unet.average import Average
from unet_gui.unet.calibration import balance, calibrate, unbalance
from unet_gui.unet.device import Device, is_out_of_memory
from unet_gui.unet.distributed import Group
from unet_gui.unet.losses import class_columns, masked_loss, sharpened, weak_loss
from unet_gui.unet.patches import PatchSampler
from unet_gui.unet.pixels import normalise
from unet_gui.unet.replay import Decoding, Recall, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from torch import Tensor, nn

    from unet_gui.unet.model import EncoderDecoder
    from unet_gui.unet.resume import Keeper
    from unet_gui.unet.samples import SampleSet
    from unet_gui.unet.scoring import Score
    from unet_gui.unet.settings import TrainSettings
    from unet_gui.unet.starting import Start
    from unet_gui.unet.weak_labels import WeakLabels

    _Part = tuple[Tensor | list[Tensor], Tensor, Tensor | None]

WARM_UP_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """Where a running round is.

    Attributes:
        step: Steps done.
        steps: Steps in all; None when the budget decides.
        seconds: Of training so far.
        budget: Seconds in all; None when the epochs decide.
        loss: Running mean; nan before the first step.
        score: On held-back pixels, now and then.
        text: What is going on, in words.
    """

    step: int
    steps: int | None
    seconds: float
    budget: float | None
    loss: float
    score: Score | None = None
    text: str = ""


class Trainer:
    """The network, its optimiser and the clock.

    In a `group` every process has one, and each step is the step of a single process: the batch is
    the same and dealt out, the loss is that of the whole batch, gradients are added up.
    """

    def __init__(
        self,
        begin: Start,
        settings: TrainSettings,
        samples: SampleSet,
        device: Device,
        group: Group | None = None,
        weak: WeakLabels | None = None,
    ) -> None:
        self.settings = settings
        self.device = device
        self.group = group or Group()
        self.normalisation = begin.normalisation
        self.samples = samples
        self.class_ids = sorted({*samples.class_ids, *begin.kept})
        self.net: EncoderDecoder = device.place_net(begin.net)
        self.step = 0
        self.seconds = 0.0
        self.loss = float("nan")
        self.notes: list[str] = []
        if self.group.size > settings.batch:
            self.notes.append(
                f"Each step took {self.group.size} patches instead of {settings.batch}, one for "
                "each process."
            )
        self._ids = torch.tensor(self.class_ids, device=device.device)
        recalls = weak is not None and begin.parent is not None and bool(begin.kept)
        self._recall = Recall(self.net, begin.kept, device) if recalls else None
        self._batch = max(settings.batch, self.group.size)
        self._sampler = PatchSampler(
            samples,
            settings.patch,
            np.random.default_rng(settings.seed),
            settings.augmentation,
            None if weak is None else weak.probabilities,
        )
        self._replay: Replay | None = None
        self.curve: list[dict[str, Any]] = []
        self.steps = self._steps_of_epochs()
        self._calibrate(new=begin.parent is None)
        self._optimizer = self._build_optimizer()
        self.average = Average(self.net, settings.average)
        self._own: nn.Module = self.net
        self._parallel: nn.Module = self.net
        self._learning: bool | None = None
        self._proven = self.group.size == 1

    def _calibrate(self, *, new: bool) -> None:
        examples = self._pixels(self._sampler.batch(2)[0])
        if new:
            calibrate(self.net, examples)
        balance(self.net, examples)

    def finish(self) -> None:
        """Training is over: the averaged network takes the place of the trained one."""
        self.average.swap(self.net)
        self.average = Average(self.net, 0)
        unbalance(self.net)

    def finished_net(self) -> EncoderDecoder:
        """The network, on the CPU; the trainer is of no use afterwards."""
        return self.net.to("cpu").eval().requires_grad_(True)

    def run(
        self,
        score_if_due: Callable[[float], Score | None] | None,
        keeper: Keeper | None = None,
    ) -> Generator[TrainProgress, None, None]:
        """Train until the budget or the epochs are used up.

        Args:
            score_if_due: Asked after each step with how much is done; None in the processes
                that do not lead.
            keeper: Keeps the state now and then, and when the group stops.

        Raises:
            KeyboardInterrupt: some process of the group was told to stop.
        """
        began = time.perf_counter() - self.seconds
        self.group.training = True
        if keeper is not None:
            keeper.start_clock()
        try:
            while self._goes_on(keeper):
                self._set_rates(self.share_done)
                self._one_step()
                self.seconds = time.perf_counter() - began
                score = score_if_due(self.share_done) if score_if_due is not None else None
                self.seconds = time.perf_counter() - began
                if keeper is not None and keeper.due and self.share_done < 1:
                    keeper.keep(self.state())
                yield self.progress(score)
        finally:
            self.group.training = False
        if keeper is not None and keeper.problem:
            self.notes.append(keeper.problem)
        if not self.step:
            raise TrainingError("The budget was too short for a single step.")

    def _goes_on(self, keeper: Keeper | None) -> bool:
        self.seconds, stop = self.group.agree(self.seconds)
        if stop:
            if keeper is not None and self.seconds >= keeper.every:
                keeper.keep(self.state())
            raise KeyboardInterrupt
        return self.share_done < 1

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs: tensors, and "about" as JSON can hold it."""
        about = {
            "step": self.step,
            "steps": self.steps,
            "seconds": self.seconds,
            "loss": self.loss,
            "batch": self._batch,
            "patch": self._sampler.size,
            "curve": self.curve,
            "notes": self.notes,
        }
        return {
            "about": about,
            "net": self.net.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self.average.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another trainer was.

        Raises:
            TrainingError: that one trained another network.
        """
        about = state["about"]
        try:
            self.net.load_state_dict(state["net"])
            self._optimizer.load_state_dict(state["optimizer"])
            self.average.restore(state["average"], self.net)
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(
                "The interrupted round is of another network than the one asked for now.",
                "Train without --resume to begin a new one.",
            ) from error
        self.step, self.steps = about["step"], about["steps"]
        self.seconds, self.loss = about["seconds"], about["loss"]
        self._batch = max(about["batch"], self.group.size)
        self._sampler.size = about["patch"]
        self.curve, self.notes = about["curve"], about["notes"]

    def progress(self, score: Score | None = None) -> TrainProgress:
        return TrainProgress(
            self.step, self.steps, self.seconds, self.settings.budget, self.loss, score, "Learning"
        )

    @property
    def share_done(self) -> float:
        """How much of the round is done, 0..1 and a little over."""
        if self.steps is not None:
            return self.step / self.steps
        return self.seconds / (self.settings.budget or math.inf)

    def _steps_of_epochs(self) -> int | None:
        """An epoch draws as many patches as would cover the labelled cells once."""
        if self.settings.epochs is None:
            return None
        cells = sum(cell.rect.width * cell.rect.height for cell in self.samples.training)
        patches = max(self._batch, math.ceil(cells / self.settings.patch**2))
        return self.settings.epochs * math.ceil(patches / self._batch)

    def _trains_encoder(self, done: float) -> bool:
        settings = self.settings
        if settings.train_encoder is not None:
            return settings.train_encoder
        return self.net.spec.decoder == "tutorial" and done >= settings.frozen

    def _build_optimizer(self) -> torch.optim.Optimizer:
        encoder = list(self.net.vgg.parameters())
        inside = {id(p) for p in encoder}
        decoder = [p for p in self.net.parameters() if id(p) not in inside]
        groups: list[dict[str, Any]] = [
            {"params": decoder, "peak": self.settings.lr},
            {"params": encoder, "peak": self.settings.encoder_lr},
        ]
        return torch.optim.AdamW(
            groups, lr=self.settings.lr, weight_decay=self.settings.weight_decay
        )

    def _set_rates(self, done: float) -> None:
        """Linear warm-up, then half a cosine to zero (Loshchilov and Hutter 2017, eq. 5)."""
        self._set_learning(encoder=self._trains_encoder(done))
        factor = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        if self.settings.schedule == "cosine":
            factor *= 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * factor

    def _set_learning(self, *, encoder: bool) -> None:
        if encoder is not self._learning:
            self._learning = encoder
            self.net.vgg.requires_grad_(encoder)
            self._replay = None if encoder else self._new_replay()
            self._own = self.net if self._replay is None else Decoding(self.net)
            self._parallel = self.group.parallel(self._own, self.device)
            self._proven = self.group.size == 1

    def _new_replay(self) -> Replay | None:
        """Only where encoding is a large part of a step: under a narrow decoder, on a CPU."""
        settings = self.settings
        if self.net.spec.decoder != "lite" or self.device.type != "cpu" or settings.replay == 1:
            return None
        return Replay(
            self._sampler,
            self._encode,
            self._recall,
            seed=settings.seed,
            every=settings.replay,
            batch=self._batch,
        )

    @torch.no_grad()
    def _encode(self, patches: Tensor) -> list[Tensor]:
        with self.device.autocast():
            return self.net.encode(self._pixels(patches))

    def _one_step(self) -> None:
        while not self._proven:
            self._proven = self._rehearse()
        while True:
            try:
                loss = self._descend(self._own_part())
                break
            except (RuntimeError, MemoryError) as error:
                if self.group.size > 1 or not is_out_of_memory(error):
                    raise
            self._retreat()
        if not math.isfinite(loss):
            raise TrainingError(
                "The loss is no longer a number; the previous round stays.",
                "Train again with another --seed, or report this.",
            )
        self.step += 1
        self.average.update(self.net)
        self.loss = loss if math.isnan(self.loss) else 0.9 * self.loss + 0.1 * loss

    def _own_part(self) -> _Part:
        """What this process learns from in this step: pixels or levels, target, weak labels."""
        places = self.group.share(range(self._batch))
        if self._replay is not None:
            encoded = self._replay.part(self.step, places)
            return encoded.levels, encoded.target, encoded.weak
        patches = self._sampler.part((self.settings.seed, self.step), places)
        weak = patches.weak
        if weak is not None and self._recall is not None:
            weak = self._recall(self._encode(patches.pixels), weak.to(self.device.device))
        return self._pixels(patches.pixels), patches.target, weak

    def _rehearse(self) -> bool:
        """Whether every process of the group has the memory for a step, found out by making one.

        Later, when gradients are exchanged, one that fails would leave the others waiting.
        """
        try:
            self._loss(self._own, self._own_part()).backward()  # type: ignore[no-untyped-call]
            fine = True
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            fine = False
        self._optimizer.zero_grad(set_to_none=True)
        if not self.group.all(fine):
            self._retreat()
            return False
        return True

    def _descend(self, part: _Part) -> float:
        self._optimizer.zero_grad(set_to_none=True)
        together = self.group.total if self.group.size > 1 else None
        loss = self._loss(self._parallel, part, total=together)
        # gradients are averaged over the group, and theirs are to be added
        (loss * self.group.size).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return float(loss.detach())

    def _loss(
        self, net: nn.Module, part: _Part, *, total: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        inputs, target, weak = part
        self.net.train()
        with self.device.autocast():
            logits = net(inputs)
        known = class_columns(logits.float(), self._ids)
        target = target.to(self.device.device)
        loss = masked_loss(known, target, dice_weight=self.settings.dice_weight, total=total)
        if weak is None:
            return loss
        weak = sharpened(weak.to(self.device.device))
        unsure = weak_loss(known, target, weak, self._batch, total=total)
        return loss + self.settings.weak_weight * unsure

    def _pixels(self, patches: Tensor) -> Tensor:
        return self.device.place(normalise(patches, self.net.spec.in_channels, self.normalisation))

    def _retreat(self) -> None:
        """After an out-of-memory: half the batch, then half the patch."""
        if self._replay is not None:
            self._replay.forget()
        self._optimizer.zero_grad(set_to_none=True)
        self.device.free_memory()
        if self._batch > self.group.size:
            self._batch = max(self._batch // 2, self.group.size)
        elif self._sampler.size > 64:
            self._sampler.size = max(64, self._sampler.size // 32 * 16)
        else:
            raise DeviceMemoryError(
                f"{self.device.name} has too little memory to train this network.",
                "Use --device cpu, --decoder lite or a smaller --width.",
            )
        self.notes = [
            f"{self.device.name} ran out of memory: trained with {self._batch} patches of "
            f"{self._sampler.size} px a step."
        ]
