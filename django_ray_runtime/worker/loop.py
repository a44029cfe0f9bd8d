"""The worker's loop: flush, maintain, claim, wait for something to happen."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError

from django_ray_runtime.conf import RuntimeSettings
from django_ray_runtime.exceptions import ExecutorLost
from django_ray_runtime.store.notices import Notice
from django_ray_runtime.worker.dispatcher import Dispatcher
from django_ray_runtime.worker.maintenance import Maintenance
from django_ray_runtime.worker.wakeup import Wakeup

logger = logging.getLogger(__name__)

RECALL_SECONDS = 1.0  # for calls to end that were recalled after the grace period
GATHER_FROM = 16  # calls under way
GATHER_SECONDS = (0.01, 0.05)  # for a quarter of the time that is given ahead
GATHERED = 128  # outcomes, worth a statement of their own
OUTAGE_SECONDS = 1.0  # between attempts while the database does not answer


class Loop:
    """Drives a dispatcher until it was told to stop and nothing is left to do."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        maintenance: Maintenance,
        wakeup: Wakeup,
        settings: RuntimeSettings,
        *,
        grace: float,
        batch: bool = False,
        patience: Callable[[float], float] = lambda otherwise: otherwise,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`patience(otherwise)` is how long an empty queue may go without a look; longer where
        somebody rings."""
        self.dispatcher = dispatcher
        self.maintenance = maintenance
        self.wakeup = wakeup
        self.grace = grace
        self.batch = batch  # end when nothing is left to do
        self._done = False
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._longest = patience
        self._pause = settings.poll_min_seconds
        self._look_at = float("-inf")  # when an empty queue is looked at again
        self._rung = False
        self._news_of_later = False
        self._stop_asked = False
        self._unsure = False  # of what we hold: the database failed meanwhile
        self._deadline: float | None = None
        self._recalled_until: float | None = None
        self.abandoned = False  # calls were given up that may still run

    @property
    def stop_asked(self) -> bool:
        return self._stop_asked

    def stop(self) -> None:
        """Drain: callable from a signal handler. Running tasks get the grace period."""
        self._stop_asked = True
        self.wakeup.set()

    def ring(self, notice: Notice = Notice.NOW) -> None:
        """Something can be claimed: look now, and soon again; or something will be due: look at
        that. Callable from another thread."""
        if notice is Notice.LATER:
            self._news_of_later = True
        else:
            self._pause = self._settings.poll_min_seconds
            self._rung = True
        self.wakeup.set()

    def run(self) -> None:
        while not self._finished():
            try:
                self._turn()
            except ExecutorLost:
                self._give_up()
                raise
            except (DatabaseError, InterfaceError) as error:
                logger.warning("The database does not answer, trying again: %s", error)
                self._unsure = self._rung = True
                self.dispatcher.store.close()
                self.wakeup.wait(OUTAGE_SECONDS)
            else:
                self.wakeup.wait(self._patience())
                self._gather()

    def _give_up(self) -> None:
        """This process ends: what it never started goes back with its attempt unspent."""
        try:
            self.dispatcher.give_up()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("What has not started could not be handed back: %s", error)

    def _gather(self) -> None:
        """Let completions come together, where so many calls are under way that the next ones
        are due at once and no slot runs dry: two statements for ten tasks instead of for each."""
        if self.dispatcher.in_flight < GATHER_FROM or self._stop_asked:
            return
        if self.dispatcher.collect() < GATHERED:
            least, most = GATHER_SECONDS
            self._sleep(max(least, min(most, self.dispatcher.seconds_ahead / 4)))

    def _turn(self) -> None:
        now = self._clock()
        self._observe_stop(now)
        ended = self.dispatcher.flush()
        if self._unsure:
            self.dispatcher.reconcile()
            self._unsure = False
        if self._deadline is not None:
            self.maintenance.run_due(now, draining=True)
            return
        if self._news_of_later:
            self._news_of_later = False
            # A little later: the notices that follow at once are not sent.
            self.maintenance.hasten(now + 2 * self._settings.poll_min_seconds)
        self.maintenance.run_due(now)
        wanted = self.dispatcher.free_slots
        if not (ended or self._rung or now >= self._look_at):
            self.dispatcher.start()
            return
        self._rung = False
        claimed = self.dispatcher.fill()
        if wanted > 0:  # an empty queue is looked at less and less often
            longest = self._settings.poll_max_seconds
            if not (self.batch or self.dispatcher.store.waits_for_keys):
                longest = max(longest, self._longest(longest))
            longer = min(self._pause * 2, longest)
            self._pause = self._settings.poll_min_seconds if claimed else longer
            self._look_at = now + self._pause
        if not claimed and self.dispatcher.idle:
            self._done = self._nothing_left()

    def _nothing_left(self) -> bool:
        if self.dispatcher.left == 0:
            return True
        return self.batch and not self.dispatcher.store.has_outstanding(self.dispatcher.queues)

    def _observe_stop(self, now: float) -> None:
        if (self._stop_asked or self.wakeup.parent_gone) and self._deadline is None:
            # Without a supervisor nobody beats for us: others will rescue what we hold.
            grace = 0.0 if self.wakeup.parent_gone else self.grace
            why = "Stopping" if self._stop_asked else "The supervisor is gone; stopping"
            logger.info("%s: running tasks have %g s to finish", why, grace)
            self._deadline = now + grace
            self.dispatcher.drain()
        if self._deadline is None or now < self._deadline:
            return
        if self._recalled_until is None:
            self.dispatcher.recall()
            self._recalled_until = now + RECALL_SECONDS
        elif now >= self._recalled_until and self.dispatcher.abandon():
            self.abandoned = True

    def _patience(self) -> float:
        """How long nothing needs to happen; completions and signals end the wait earlier."""
        now = self._clock()
        if self._finished():
            return 0.0
        if self._deadline is not None:
            until = self._deadline if self._recalled_until is None else self._recalled_until
            return min(
                max(0.0, until - now), self.maintenance.seconds_until_due(now, draining=True)
            )
        patience = self.maintenance.seconds_until_due(now)
        if self.dispatcher.free_slots > 0:
            patience = min(patience, max(0.0, self._look_at - now))
        return patience

    def _finished(self) -> bool:
        return (self._done or self._deadline is not None) and self.dispatcher.idle
