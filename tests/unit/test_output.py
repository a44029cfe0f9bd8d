"""What a run prints and logs, where it is alone in its process and where it is not."""

import logging
import sys
import threading

from django_ray_runtime.worker.output import captured

log = logging.getLogger("tests.output")


def test_runs_in_one_process_keep_their_output_apart() -> None:
    both = threading.Barrier(2)
    found: dict[str, str] = {}
    before = sys.stdout

    def run(name: str) -> None:
        with captured(1000, alone=False) as tail:
            both.wait(10)  # each is there before the other has written
            print(name)
            log.warning("of %s", name)
            both.wait(10)
        found[name] = tail.text()

    threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: f"{name}\nWARNING tests.output: of {name}\n" for name in "ab"}
    assert sys.stdout is before


def test_a_run_that_is_alone_has_what_its_threads_print() -> None:
    def captured_from_thread(*, alone: bool) -> str:
        with captured(1000, alone=alone) as tail:
            thread = threading.Thread(target=print, args=("from a thread",))
            thread.start()
            thread.join()
        return tail.text()

    assert captured_from_thread(alone=True) == "from a thread\n"
    assert captured_from_thread(alone=False) == ""  # whose it is cannot be told


def test_what_the_worker_itself_logs_is_no_output_of_a_task() -> None:
    def say() -> None:
        logging.getLogger("django_ray_runtime.worker").warning("of the worker")
        log.warning("of a thread of the task")

    with captured(1000) as tail:
        thread = threading.Thread(target=say)
        thread.start()
        thread.join()
    assert tail.text() == "WARNING tests.output: of a thread of the task\n"
