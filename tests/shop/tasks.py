from django.tasks import task

from django_ray_runtime.task import Unique

RECEIPTS: list[str] = []  # stands for what a mail server would get


@task(max_attempts=3, retry_on=(ConnectionError,))
def send_receipt(email, order):
    RECEIPTS.append(f"{email}: {order}")
    return len(RECEIPTS)


@task(queue_name="bulk", unique=Unique(period=3600))
def rebuild_prices():
    return "rebuilt"


@task(takes_context=True, max_attempts=3, retry_on=(ConnectionError,))
def charge(context, order):
    if context.attempt < 2:
        raise ConnectionError("the bank does not answer")
    send_receipt.enqueue("a@example.com", order)
    return "charged"
