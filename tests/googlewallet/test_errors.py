"""What an error says."""

from googlewallet import errors
from googlewallet.errors import (
    ApiError,
    CallbackRefused,
    ContentError,
    CredentialsError,
    GoogleWalletError,
    LinkTooLong,
    Verdict,
)


def test_the_docstring_is_the_message_when_none_is_given():
    assert str(CredentialsError()).startswith("The service-account file cannot be used")


def test_a_content_error_names_the_place_and_the_rule():
    error = ContentError("loyaltyPoints.balance", "give one.")
    assert (str(error), error.path) == ("loyaltyPoints.balance: give one.", "loyaltyPoints.balance")
    assert str(ContentError("", "give one.")) == error.rule


def test_a_long_link_tells_its_length_the_limit_and_the_remedy():
    error = LinkTooLong(2300, 1800)
    assert (error.length, error.limit) == (2300, 1800)
    assert "2300" in str(error)
    assert "insert the objects first" in str(error)


def test_an_api_error_reads_well_with_and_without_an_answer():
    told = ApiError(status=403, reason="quotaExceeded", detail="Too many.", verdict=Verdict.QUOTA)
    assert str(told) == "403 quotaExceeded: Too many."
    silent = ApiError(status=None, reason="", detail="Nobody.", verdict=Verdict.UNREACHABLE)
    assert str(silent) == "Nobody."


def test_a_refused_callback_is_final_unless_it_says_otherwise():
    assert not CallbackRefused("signature", "Wrong.").is_temporary


def test_every_error_is_of_one_family_and_drawn_in_the_tree():
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert all(issubclass(each, GoogleWalletError) for each in found)
    assert all(each.__name__ in (errors.__doc__ or "") for each in found)
