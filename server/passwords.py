"""Passwords, kept as argon2id hashes.

The parameters are ours and not the library's defaults, so that they change when we decide it; a
hash made with others is made anew at the next sign-in. RFC 9106, second recommended option.
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


def seal(password: str) -> str:
    """The hash to keep of `password`."""
    return HASHER.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether `password` is the one behind `kept`; None takes as long and is always wrong."""
    try:
        return HASHER.verify(kept or _nobodys(), password) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether `kept` was made with other parameters than today's."""
    return HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return HASHER.hash("no such login")
