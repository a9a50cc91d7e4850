"""Debian's celery: a worker in a process of its own, groups, chains, chords, retries, countdowns, revocation. Prints JSON.

python3 celery_work.py TASKS
"""

import json
import os
import subprocess
import sys
import time

import redis
from celery import chain, chord, group

from celery_app import add, app, double, fail, flaky, progress, total

TASKS = int(sys.argv[1])
TIMEOUT_S = 60

worker = subprocess.Popen(
    ["/usr/bin/python3", "-m", "celery", "--app", "celery_app", "--quiet", "worker", "--pool", "threads"]
    + ["--concurrency", "4", "--loglevel", "ERROR", "--hostname", "ada", "--queues", "celery"],
    stderr=subprocess.DEVNULL,
)
try:
    # Sent before the worker is there: they wait in the broker.
    many = group(double.s(n) for n in range(TASKS)).apply_async()
    chained = chain(double.s(1), double.s(), double.s()).apply_async()
    chorded = chord((double.s(n) for n in range(20)), total.s()).apply_async()
    nested = chord([chain(double.s(n), double.s()) for n in range(5)], total.s()).apply_async()
    failed = fail.delay("no")
    retried = flaky.delay()
    reported = progress.delay()
    started = time.monotonic()
    later = double.apply_async((21,), countdown=1)
    never = double.apply_async((1,), countdown=3600)
    joined = many.join(timeout=TIMEOUT_S)
    found = {
        "many": sum(joined),
        "in order": joined == [2 * n for n in range(TASKS)],
        "chained": chained.get(timeout=TIMEOUT_S),
        "chorded": chorded.get(timeout=TIMEOUT_S),
        "nested": nested.get(timeout=TIMEOUT_S),
        "failed": repr(failed.get(timeout=TIMEOUT_S, propagate=False)),
        "state of the failed": failed.state,
        "retried": retried.get(timeout=TIMEOUT_S),
        "reported": reported.get(timeout=TIMEOUT_S) == reported.id,
        "later": later.get(timeout=TIMEOUT_S),
        "not too early": time.monotonic() - started >= 0.9,
        "ping": app.control.ping(timeout=5, limit=1),
    }
    inspect = app.control.inspect(timeout=5, limit=1)
    found["scheduled"] = [task["request"]["args"] for tasks in inspect.scheduled().values() for task in tasks]
    app.control.revoke(never.id)
    deadline = time.monotonic() + TIMEOUT_S
    while never.id not in sum(inspect.revoked().values(), []):
        if time.monotonic() > deadline:
            sys.exit("was not revoked")
    results = redis.Redis(port=int(os.environ["PORT"]), db=1)
    found["results"] = sum(1 for _ in results.scan_iter("celery-task-meta-*", count=1000))
    found["all expire"] = all(results.ttl(key) > 0 for key in results.scan_iter("celery-task-meta-*"))
    chorded.forget()
    found["forgotten"] = results.exists(f"celery-task-meta-{chorded.id}") == 0
    app.control.shutdown()
    found["exit"] = worker.wait(TIMEOUT_S)
    # Its message is not lost: the next worker would have it.
    broker = redis.Redis(port=int(os.environ["PORT"]), db=0)
    found["unacknowledged"] = broker.hlen("unacked")
    found["left in the queue"] = broker.llen("celery")
    print(json.dumps(found))
finally:
    worker.kill()
    worker.wait()
