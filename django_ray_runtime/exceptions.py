"""The runtime's errors.

RuntimeFault
├── Unusable            something outside must be put right before this can work
│   ├── InvalidSettings
│   ├── RayUnavailable
│   └── NotMigrated
├── UnknownQueue        no queue of that name
├── AlreadyEnded        a task cannot be cancelled any more
├── NotRequeueable      a task cannot be run again now
├── ArgumentsTooLarge   more than a task may be called with
├── InvalidSchedule     a declaration of a periodic task cannot be used
├── UnknownSchedule     no periodic task has this name here
├── ExecutorLost        what runs the calls is gone; only a new process helps
├── Infeasible          no machine of the cluster has what a call asks for
├── CallLost            the process that ran a call is gone
├── CallCancelled       a call was taken back, or stopped
│   └── CallNotStarted  … and had certainly not begun
└── outcomes that a task's result can carry
    ├── WorkerLost
    ├── Cancelled
    ├── Expired
    └── TaskTimeout
"""

from uuid import UUID


class RuntimeFault(Exception):
    """Base class of the runtime's errors. Do not raise directly."""


class Unusable(RuntimeFault):
    """Something outside this process must be put right first; the message says what.

    With `may_pass` it may come right by itself, as a cluster that has not started yet.
    """

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class InvalidSettings(Unusable):
    """A key of DJANGO_RAY_RUNTIME is unknown or has a value that cannot be used."""


class RayUnavailable(Unusable):
    """No Ray answers, or none can be started."""


class DaskUnavailable(Unusable):
    """No Dask answers, or none can be started."""


class NotMigrated(Unusable):
    """The database lacks tables of this application."""


class UnknownQueue(RuntimeFault):
    """No queue has this name; the message lists those there are."""


class AlreadyEnded(RuntimeFault):
    """A task has ended, and so cannot be cancelled; `state` is how."""

    def __init__(self, state: str) -> None:
        super().__init__(f"It is {state} already: only an unfinished task can be cancelled.")
        self.state = state


class NotRequeueable(RuntimeFault):
    """A task cannot be run again: it is in another `state` than FAILED, CANCELLED or EXPIRED, or
    its unique key is held by the task `holder`."""

    def __init__(self, state: str, holder: UUID | None) -> None:
        super().__init__(f"It is {state}, and its unique key is held by {holder or 'nobody'}.")
        self.state = state
        self.holder = holder


class ArgumentsTooLarge(RuntimeFault, ValueError):
    """The arguments of a task have more bytes of JSON than MAX_ARGUMENT_BYTES."""


class InvalidSchedule(RuntimeFault, ValueError):
    """A declaration of a periodic task cannot be used; the message says why."""


class UnknownSchedule(RuntimeFault, LookupError):
    """There is no periodic task of this name, or this process does not declare it."""


class ExecutorLost(RuntimeFault):
    """What runs the calls is gone; only a new process helps."""


class Infeasible(RuntimeFault):
    """A call asks for more than any machine of the cluster has; the message has the figures."""


class CallLost(RuntimeFault):
    """The process that ran the call ended without an outcome."""


class PerhapsLost(CallLost):
    """The process ended without an outcome, and whether the call had begun is not known."""


class CallCancelled(RuntimeFault):
    """The call was taken back before it ran, or was stopped."""


class CallNotStarted(CallCancelled):
    """The call was taken back, and it is certain that it never began."""


class WorkerLost(RuntimeFault):
    """The worker, or the Ray process, that ran the task is gone."""


class Cancelled(RuntimeFault):
    """The task was cancelled."""


class Expired(RuntimeFault):
    """The task was not started before its expiry."""


class TaskTimeout(RuntimeFault):
    """The task ran longer than its timeout."""
