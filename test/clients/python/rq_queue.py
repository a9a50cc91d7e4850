"""Debian's python3-rq: jobs, two workers in processes of their own, a failure, the shutdown message."""

import os
import subprocess
import sys
import time

import redis
from rq import Queue, Worker
from rq.command import send_shutdown_command

import rq_jobs

JOBS = 60
TIMEOUT_S = 12
PORT = os.environ["PORT"]

connection = redis.Redis(port=int(PORT))
queue = Queue("work", connection=connection)


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited too long")
        time.sleep(0.02)


jobs = queue.enqueue_many([Queue.prepare_data(rq_jobs.double, args=(n,)) for n in range(JOBS)])
after = queue.enqueue(rq_jobs.double, 1000, depends_on=jobs[-1])
failing = queue.enqueue(rq_jobs.fail)
assert queue.count == JOBS + 1, queue.count

# SimpleWorker works in its own process: a fork for each job takes longer than the job.
workers = [
    subprocess.Popen(
        ["/usr/bin/rq", "worker", "--quiet", "--worker-class", "rq.SimpleWorker", "--name", name]
        + ["--url", f"redis://127.0.0.1:{PORT}", "work"]
    )
    for name in ("ada", "grace")
]
try:
    wait_until(lambda: len(Worker.all(connection=connection)) == 2)
    wait_until(lambda: after.get_status(refresh=True) == "finished" and failing.get_status(refresh=True) == "failed")
    assert [job.result for job in jobs] == [2 * n for n in range(JOBS)]
    assert after.result == 2000
    assert queue.failed_job_registry.get_job_ids() == [failing.id]
    assert set(queue.finished_job_registry.get_job_ids()) == {job.id for job in jobs + [after]}
    assert queue.count == 0 and queue.started_job_registry.count == 0
    # The workers now block on the empty queue; one wakes for a new job, both end when they are told.
    assert queue.enqueue(rq_jobs.double, 4, at_front=True)
    wait_until(lambda: queue.finished_job_registry.count == JOBS + 2)
    for name in ("ada", "grace"):
        send_shutdown_command(connection, name)
    for worker in workers:
        assert worker.wait(TIMEOUT_S) == 0
    assert Worker.all(connection=connection) == []
finally:
    for worker in workers:
        worker.kill()
