"""What goes wrong on a virtual phone.

SandboxError
├── PassRefused       the phone does not take this pass: the message is for its owner
├── ServiceTrouble    a call to the web service failed: what the phone reports to its log
└── StateUnreadable   what was kept of a phone cannot be read
"""


class SandboxError(Exception):
    """Something in the sandbox went wrong."""


class PassRefused(SandboxError):
    """The phone does not take this pass."""


class ServiceTrouble(SandboxError):
    """A call failed for good. `task` names the call as Wallet's log does, `reason` says why."""

    def __init__(self, task: str, reason: str) -> None:
        super().__init__(f"{task} encountered error: {reason}")
        self.task = task
        self.reason = reason


class StateUnreadable(SandboxError):
    """A kept file is damaged."""
