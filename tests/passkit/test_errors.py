"""What an error says."""

from passkit import ContentError, KeyMismatch, PushError, RequestError


def test_the_docstring_is_the_message_when_none_is_given():
    assert str(KeyMismatch()).startswith("The private key belongs to another certificate")


def test_a_message_of_its_own_wins():
    assert str(KeyMismatch("this one")) == "this one"


def test_a_content_error_names_the_place_and_the_remedy():
    error = ContentError("points.value", "is wrong: mend it.")
    assert str(error) == "points.value: is wrong: mend it."
    assert error.path == "points.value"


def test_a_request_error_has_a_code():
    assert RequestError("body_empty", "There is no body.").code == "body_empty"


def test_a_push_error_tells_whether_trying_again_can_help():
    assert PushError(permanent=True).permanent
    assert not PushError("later", permanent=False).permanent
