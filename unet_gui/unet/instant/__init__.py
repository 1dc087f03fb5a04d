"""The instant learner: frozen features, small heads and a forest, fitted in about a second.

`filters` and `features` look at an image, `memory` keeps what was painted, `head` and `forest`
learn from it, `context` learns surroundings from whole images, `finishing` makes clean proposals
of it and `lookout` keeps what is needed to judge them. `net` puts all together as a network like
any other, `learner` fits it, its parts `side_by_side`, `recall` keeps what an earlier one was sure
of. `live` answers while a person paints and learns from `whole` images in pauses; `proposing` is
what the window sees of it. `cache` keeps features on disk, `kept` what the learner knew.
"""
