from __future__ import annotations

import pytest

from unet_gui.dataset.formats import FORMATS

OPTIONS = [(key, option) for key, found in FORMATS.items() for option in found.options]


@pytest.mark.parametrize(("key", "option"), OPTIONS, ids=[f"{k}-{o.key}" for k, o in OPTIONS])
def test_an_option_says_what_it_decides_in_a_sentence(key, option):
    # it stands under its field in the export dialog, and after its name in --help
    assert option.help[0].isupper() or option.help[0].isdigit()
    assert option.help.endswith(".")
    assert len(set(option.choices)) == len(option.choices)
    assert FORMATS[key].key == key
