"""What goes wrong in the sandbox.

SandboxError
├── AccountUnreadable the service account that the Google stand-in is to know cannot be read
├── BodyRefused       a class or object is not as Google wants it: where, and which rule
├── CallRefused       Google's answer to a call that it does not carry out
├── PassRefused       the phone does not take this pass: the message is for its owner
├── SaveRefused       Google does not save what a link names: the message is for its opener
├── ServiceTrouble    a call to the web service failed: what the phone reports to its log
└── StateUnreadable   what was kept of a phone cannot be read
"""


class SandboxError(Exception):
    """Something in the sandbox went wrong."""


class AccountUnreadable(SandboxError):
    """A service-account file is not one."""


class BodyRefused(SandboxError):
    """Google's 400. `path` leads to the field, `rule` says what is wrong with it."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path}: {rule}" if path else rule)
        self.path = path
        self.rule = rule


class CallRefused(SandboxError):
    """An answer of `status` with Google's word for the reason."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class PassRefused(SandboxError):
    """The phone does not take this pass."""


class SaveRefused(SandboxError):
    """A save link does not work, or not for this person."""


class ServiceTrouble(SandboxError):
    """A call failed for good. `task` names the call as Wallet's log does, `reason` says why."""

    def __init__(self, task: str, reason: str) -> None:
        super().__init__(f"{task} encountered error: {reason}")
        self.task = task
        self.reason = reason


class StateUnreadable(SandboxError):
    """A kept file is damaged."""
