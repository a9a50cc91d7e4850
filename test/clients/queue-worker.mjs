import { Redis } from "ioredis";

/**
 * A worker of the queue `jobs`, its own process so that it can be killed: `node queue-worker.mjs PORT NAME`. What it
 * works on is in `taken:NAME` until it is done; done and no longer taken is one transaction.
 */
const [port, name] = process.argv.slice(2);
const redis = new Redis(Number(port), "127.0.0.1", { connectionName: name });
const taken = `taken:${name}`;

let next = redis.blmove("jobs", taken, "LEFT", "RIGHT", 0);
for (;;) {
  const job = await next;
  // Both leave in one write, and so are read in one: while there are jobs, this worker always holds one. Of two writes
  // the system throws the second away when the worker is killed before the server has read it.
  redis.stream.cork();
  setImmediate(() => redis.stream.uncork());
  const done = redis.multi().sadd("done", job).incr(`done by ${name}`).lrem(taken, 1, job).exec();
  next = redis.blmove("jobs", taken, "LEFT", "RIGHT", 0);
  await done;
}
