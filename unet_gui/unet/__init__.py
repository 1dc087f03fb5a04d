"""The network: building, loading, predicting, fine-tuning. numpy in, numpy out; no Qt.

Long work is a generator: what it yields is progress and the point to cancel at, what it returns
is the result. `predict.Predictor` and `rounds.train_round` are what other rooms call.
"""
