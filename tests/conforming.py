"""Tasks that show what Django's documentation promises."""

from django.tasks import TaskContext, task


class Custom(Exception):
    """An exception of the project's own."""


RING: list[object] = []  # contains itself
RING.append(RING)


@task
def echo(*args, **kwargs):
    return [list(args), kwargs]


@task()
def with_empty_parentheses():
    return None


@task(priority=10, queue_name="bulk")
def urgent():
    return None


@task
def add(a, b):
    return a + b


@task
async def add_async(a, b):
    return a + b


@task(takes_context=True)
async def context_async(context):
    return context.attempt


@task
def nothing():
    return None


@task
def give_tuple():
    return 1, (2,)


@task
def give_object():
    return object()


@task
def give_nan():
    return float("nan")


@task
def give_nul():
    return "a\x00b"


@task
def leave():
    raise SystemExit(3)


@task
def fail(message):
    raise Custom(message)


@task
def fail_with_nul():
    raise Custom("a\x00b\ud800")


@task(takes_context=True)
def tell_context(context, _x):
    result = context.task_result
    return {
        "attempt": context.attempt,
        "id": result.id,
        "args": result.args,
        "status": str(result.status),
        "workers": len(result.worker_ids),
        "is_context": isinstance(context, TaskContext),
    }


@task(takes_context=True)
def read_own_result(context):
    result = context.task_result
    try:
        return result.return_value
    except ValueError as error:
        return [str(result.status), str(error)]


@task(max_attempts=2, takes_context=True)
def succeed_second(context):
    if context.attempt < 2:
        raise OSError("not yet")
    return context.attempt


@task(concurrency_key=lambda who: who, concurrency_limit=2)
def keyed(who):
    return who


@task(unique=True)
def enqueue_itself():
    return enqueue_itself.enqueue().id
