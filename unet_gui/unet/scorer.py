"""The scores of a running round: now and then, while they cost little, and at its end."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unet_gui.unet.scoring import Score, ScoreSet
    from unet_gui.unet.settings import TrainSettings
    from unet_gui.unet.trainer import Trainer

SCORES: Final = 6
"""How often a running round is scored, when that costs little."""

SCORING_SHARE: Final = 0.06
"""At most this part of the budget goes into the scores on the way."""


class Scorer:
    """Scores the averaged network, on the way only while that costs little."""

    def __init__(self, trainer: Trainer, score_set: ScoreSet, settings: TrainSettings) -> None:
        self._trainer = trainer
        self._set = score_set
        self._budget = settings.budget
        self._due = (math.floor(trainer.share_done * SCORES) + 1) / SCORES
        self._cost = 0.0

    def if_due(self, done: float) -> Score | None:
        if done < self._due or done >= 1 or not len(self._set):
            return None
        self._due += 1 / SCORES
        if self._budget is not None and self._cost * SCORES > SCORING_SHARE * self._budget:
            return None
        return self.now()

    def now(self) -> Score:
        began = time.perf_counter()
        trainer = self._trainer
        trainer.average.swap(trainer.net)
        try:
            score = self._set.score(
                trainer.net, trainer.device, trainer.normalisation, trainer.class_ids
            )
        finally:
            trainer.average.swap(trainer.net)
        self._cost = time.perf_counter() - began
        point = {"step": trainer.step, "seconds": round(trainer.seconds, 2), "loss": trainer.loss}
        trainer.curve.append({**point, "miou": score.miou, "iou": score.to_info()["iou"]})
        return score
