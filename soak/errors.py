"""What a trial ends with when it does not go well."""


class SoakFailed(Exception):
    """A promise was broken; the message says which."""
