"""The tasks of celery_work.py. Broker and result store are one server."""

import os

from celery import Celery

URL = f"redis://127.0.0.1:{os.environ['PORT']}"

app = Celery("work", broker=f"{URL}/0", backend=f"{URL}/1")
app.conf.update(
    result_expires=3600,
    task_acks_late=True,
    worker_prefetch_multiplier=10,
    broker_transport_options={"queue_order_strategy": "priority"},
    worker_hijack_root_logger=False,
)


@app.task
def double(number):
    return 2 * number


@app.task
def add(*numbers):
    return sum(numbers)


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(reason):
    raise ValueError(reason)


@app.task(bind=True, max_retries=3)
def flaky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return self.request.retries


@app.task(bind=True)
def progress(self):
    self.update_state(state="HALF WAY", meta={"done": 50})
    return self.request.id
