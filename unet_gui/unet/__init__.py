"""The network: building, loading, predicting, fine-tuning. numpy in, numpy out; no Qt.

Long work is a generator: what it yields is progress and the point to cancel at, what it returns
is the result. `predict.Predictor` and `rounds.train_round` are what other rooms call.
"""

from __future__ import annotations

import os

# Before torch is loaded: its threads would spin while they wait for each other. Where anything
# else wants the cores too, training then takes five times as long (measured on two cores).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
