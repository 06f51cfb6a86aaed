"""What `import googlewallet` promises."""

import subprocess
import sys
import types

import googlewallet
from googlewallet import errors
from tests.googlewallet.bodies import models


def test_all_is_exactly_what_the_package_offers():
    offered = {
        name
        for name, value in vars(googlewallet).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(googlewallet.__all__) == offered


def test_names_are_listed_in_order_and_once():
    classes = [name for name in googlewallet.__all__ if name[0].isupper()]
    functions = [name for name in googlewallet.__all__ if name[0].islower()]
    for group in (classes, functions):
        assert group == sorted(set(group))


def test_every_error_is_exported_and_of_one_family():
    found = {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert found.keys() <= set(googlewallet.__all__)
    assert all(issubclass(value, googlewallet.GoogleWalletError) for value in found.values())


def test_every_model_is_exported():
    assert {model.__name__ for model in models().values()} <= set(googlewallet.__all__)


def test_content_alone_loads_nothing_that_talks_to_a_network():
    command = "import sys, googlewallet; print({'requests', 'google.auth'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", command], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "set()"
