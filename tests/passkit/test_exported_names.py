"""What `import passkit` promises."""

import types

import passkit
from passkit import errors


def test_all_is_exactly_what_the_package_offers():
    offered = {
        name
        for name, value in vars(passkit).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(passkit.__all__) == offered


def test_names_are_listed_in_order_and_once():
    constants, classes, functions = [], [], []
    for name in passkit.__all__:
        group = constants if name.isupper() else classes if name[0].isupper() else functions
        group.append(name)
    for group in (constants, classes, functions):
        assert group == sorted(set(group))


def test_every_error_is_exported_and_of_one_family():
    found = {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert found.keys() <= set(passkit.__all__)
    assert all(issubclass(value, passkit.PasskitError) for value in found.values())


def test_the_tree_in_the_docstring_names_every_error():
    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert name in (errors.__doc__ or "")
