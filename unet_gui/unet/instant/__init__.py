"""The instant learner: frozen features, small heads and a forest, fitted in about a second.

`filters` and `features` look at an image, `memory` keeps what was painted, `head` and `forest`
learn from it, `net` puts them together as a network like any other, `learner` fits it, `training`
makes a round of it, `live` answers while a person paints, `cache` keeps features on disk.
"""
