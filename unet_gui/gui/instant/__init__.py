"""The instant learner in the window: its `service`, and the `work` that it does on its thread."""

from __future__ import annotations

from unet_gui.gui.instant.service import ROUND, InstantService
from unet_gui.gui.instant.work import Standing

__all__ = ["ROUND", "InstantService", "Standing"]
