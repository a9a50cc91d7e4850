import {
  FlowProducer,
  type Job,
  Queue,
  QueueEvents,
  type RedisOptions,
  Worker,
  type WorkerOptions,
} from "bullmq";

/**
 * What people do with BullMQ, each as a function of the server and the number of jobs. What it returns does not depend on
 * time or chance: it is the same on every server that is right.
 */
export type Scenario = (port: number, jobs: number) => Promise<Record<string, unknown>>;

const connectionTo = (port: number): RedisOptions => ({ host: "127.0.0.1", port });
const DEADLINE_MS = 120_000;

/** A queue, closed at the end, as are all that join it. */
async function withQueue<T>(
  port: number,
  name: string,
  run: (queue: Queue, closeLater: (part: { close(): Promise<unknown> }) => void) => Promise<T>,
): Promise<T> {
  const parts: { close(): Promise<unknown> }[] = [];
  const queue = new Queue(name, { connection: connectionTo(port) });
  try {
    return await run(queue, (part) => parts.push(part));
  } finally {
    for (const part of parts.reverse()) await part.close();
    await queue.close();
  }
}

function startWorker(
  port: number,
  name: string,
  process: (job: Job) => Promise<unknown>,
  options: Omit<WorkerOptions, "connection"> = {},
): Worker {
  const worker = new Worker(name, process, { connection: connectionTo(port), ...options });
  worker.on("error", (error) => {
    throw error;
  });
  return worker;
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`after ${DEADLINE_MS} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const states = (queue: Queue) =>
  queue.getJobCounts("wait", "active", "completed", "failed", "delayed", "prioritized", "waiting-children");

/** Many at a time, each of them once. */
const plain: Scenario = (port, jobs) =>
  withQueue(port, "plain", async (queue, closeLater) => {
    for (let n = 0; n < jobs; n += 500) {
      const count = Math.min(500, jobs - n);
      await queue.addBulk(Array.from({ length: count }, (_, i) => ({ name: "double", data: { n: n + i } })));
    }
    const done = new Map<number, number>();
    const worker = startWorker(
      port,
      "plain",
      async (job) => {
        done.set(job.data.n, (done.get(job.data.n) ?? 0) + 1);
        return job.data.n * 2;
      },
      { concurrency: 50 },
    );
    closeLater(worker);
    await until("all done", async () => (await queue.getCompletedCount()) === jobs);
    const values = (await queue.getCompleted(0, -1)).map((job) => job.returnvalue as number);
    return {
      states: await states(queue),
      distinct: done.size,
      repeated: [...done.values()].filter((count) => count > 1).length,
      sum: values.reduce((a, b) => a + b, 0),
    };
  });

/** Every third job fails once, every tenth for good. */
const failing: Scenario = (port, jobs) =>
  withQueue(port, "failing", async (queue, closeLater) => {
    await queue.addBulk(
      Array.from({ length: jobs }, (_, n) => ({
        name: "job",
        data: { n },
        opts: { attempts: 2, backoff: { type: "fixed", delay: 10 } },
      })),
    );
    closeLater(
      startWorker(
        port,
        "failing",
        async (job) => {
          if (job.data.n % 10 === 0 || (job.data.n % 3 === 0 && job.attemptsMade === 0)) {
            throw new Error(`no ${job.data.n}`);
          }
        },
        { concurrency: 20 },
      ),
    );
    await until("all done", async () => {
      const counts = await states(queue);
      return (counts["completed"] ?? 0) + (counts["failed"] ?? 0) === jobs;
    });
    const failed = await queue.getFailed(0, -1);
    const completed = await queue.getCompleted(0, -1);
    const reasons = failed.map((job) => `${job.failedReason} after ${job.attemptsMade}`).sort();
    const counts = await states(queue);
    await queue.retryJobs({ state: "failed" });
    await until("failed again", async () => (await queue.getFailedCount()) === failed.length);
    return { counts, reasons, retried: completed.filter((job) => job.attemptsMade === 2).length };
  });

/** Before its time no job is begun. */
const delayed: Scenario = (port, jobs) =>
  withQueue(port, "delayed", async (queue, closeLater) => {
    const due = new Map<number, number>();
    let early = 0;
    let done = 0;
    closeLater(
      startWorker(
        port,
        "delayed",
        async (job) => {
          // The server's clock and ours may be a millisecond apart.
          if (Date.now() < due.get(job.data.n)! - 1) early++;
          done++;
        },
        { concurrency: 20 },
      ),
    );
    await queue.addBulk(
      Array.from({ length: jobs }, (_, n) => {
        const delay = 100 + ((n * 7919) % 900);
        due.set(n, Date.now() + delay);
        return { name: "job", data: { n }, opts: { delay } };
      }),
    );
    const far = await queue.add("far", { n: -1 }, { delay: 3_600_000 });
    due.set(-1, 0);
    await until("all done", () => done === jobs);
    const before = await far.getState();
    await far.promote();
    await until("the promoted one is done", async () => (await queue.getCompletedCount()) === jobs + 1);
    return { early, before, states: await states(queue) };
  });

/** Order of priority, then of arrival. */
const prioritised: Scenario = (port, jobs) =>
  withQueue(port, "prioritised", async (queue, closeLater) => {
    await queue.addBulk(
      Array.from({ length: jobs }, (_, n) => ({
        name: "job",
        data: { n },
        opts: { priority: 1 + ((n * 31) % 7) },
      })),
    );
    await queue.add("job", { n: "first" });
    await queue.add("job", { n: "last in" }, { lifo: true });
    const counts = await queue.getCountsPerPriority([0, 1, 2, 3]);
    const order: unknown[] = [];
    closeLater(startWorker(port, "prioritised", async (job) => order.push(job.data.n)));
    await until("all done", () => order.length === jobs + 2);
    return { counts, order };
  });

/** A job every so often, a limited number of times. */
const repeated: Scenario = (port) =>
  withQueue(port, "repeated", async (queue, closeLater) => {
    const runs: string[] = [];
    closeLater(startWorker(port, "repeated", async (job) => runs.push(job.name)));
    await queue.upsertJobScheduler("ticks", { every: 50, limit: 5 }, { name: "tick", data: {} });
    await queue.upsertJobScheduler("yearly", { pattern: "0 0 1 1 *" }, { name: "year", data: {} });
    await until("five runs", () => runs.length >= 5);
    const schedulers = (await queue.getJobSchedulers()).map((scheduler) => scheduler.key).sort();
    const removed = await queue.removeJobScheduler("yearly");
    return { runs, schedulers, removed, left: await queue.getJobSchedulersCount() };
  });

/** No more than ten in any window of 100 ms. */
const rateLimited: Scenario = (port, jobs) =>
  withQueue(port, "limited", async (queue, closeLater) => {
    await queue.addBulk(Array.from({ length: jobs }, (_, n) => ({ name: "job", data: { n } })));
    const starts: number[] = [];
    const startedMs = Date.now();
    closeLater(
      startWorker(port, "limited", async () => starts.push(Date.now()), {
        concurrency: 50,
        limiter: { max: 10, duration: 100 },
      }),
    );
    await until("all done", async () => (await queue.getCompletedCount()) === jobs);
    return { done: starts.length, tooFast: Date.now() - startedMs < (jobs / 10 - 1) * 100 };
  });

/** Parents wait for their children, and see what these returned. */
const flows: Scenario = (port, jobs) =>
  withQueue(port, "parents", async (parents, closeLater) => {
    const children = new Queue("children", { connection: connectionTo(port) });
    const producer = new FlowProducer({ connection: connectionTo(port) });
    closeLater(children);
    closeLater(producer);
    const trees = Math.ceil(jobs / 10);
    await producer.addBulk(
      Array.from({ length: trees }, (_, tree) => ({
        name: "sum",
        queueName: "parents",
        data: { tree },
        children: Array.from({ length: 10 }, (_, n) => ({
          name: "part",
          queueName: "children",
          data: { n: tree * 10 + n },
        })),
      })),
    );
    const waiting = await parents.getWaitingChildrenCount();
    const sums: number[] = [];
    closeLater(startWorker(port, "children", async (job) => job.data.n, { concurrency: 20 }));
    closeLater(
      startWorker(port, "parents", async (job) => {
        const values = Object.values(await job.getChildrenValues<number>());
        sums[job.data.tree] = values.reduce((a, b) => a + b, 0);
      }),
    );
    await until("all parents done", async () => (await parents.getCompletedCount()) === trees);
    return { waiting, sums, parents: await states(parents), children: await states(children) };
  });

/** What administrators do: pause, drain, clean, remove, obliterate; and deduplication, progress, logs, events. */
const administration: Scenario = (port, jobs) =>
  withQueue(port, "admin", async (queue, closeLater) => {
    const events = new QueueEvents("admin", { connection: connectionTo(port) });
    closeLater(events);
    await events.waitUntilReady();
    await queue.pause();
    await queue.addBulk(
      Array.from({ length: jobs }, (_, n) => ({ name: "job", data: { n }, opts: { jobId: `j${n}` } })),
    );
    const again = await queue.add("job", { n: "again" }, { jobId: "j0" });
    const one = await queue.add("job", {}, { deduplication: { id: "only", ttl: 60_000 } });
    const two = await queue.add("job", {}, { deduplication: { id: "only", ttl: 60_000 } });
    const paused = await queue.isPaused();
    await queue.remove("j1");
    const counts = await states(queue);
    await queue.drain();
    const drained = await states(queue);
    await queue.resume();
    closeLater(
      startWorker(port, "admin", async (job) => {
        await job.updateProgress(50);
        await job.log("half way");
        await job.updateData({ ...job.data, seen: true });
        return "done";
      }),
    );
    const job = await queue.add("job", { n: "watched" });
    const value = await job.waitUntilFinished(events, DEADLINE_MS);
    const after = await queue.getJob(job.id!);
    const logs = await queue.getJobLogs(job.id!);
    await queue.addBulk(Array.from({ length: 20 }, (_, n) => ({ name: "job", data: { n } })));
    await until("all done", async () => (await queue.getCompletedCount()) === 21);
    const cleaned = await queue.clean(0, 5, "completed");
    await queue.trimEvents(0);
    await queue.obliterate({ force: true });
    return {
      again: again.data.n ?? null,
      deduplicated: one.id === two.id,
      paused,
      counts,
      drained,
      value,
      progress: after?.progress,
      data: after?.data,
      logs: logs.logs,
      cleaned: cleaned.length,
      left: await states(queue),
    };
  });

export const SCENARIOS = {
  plain,
  failing,
  delayed,
  prioritised,
  repeated,
  "rate limited": rateLimited,
  flows,
  administration,
} as const;
