"""Debian's python3-redis as its users use it: PORT=6377 python3 redis_py.py"""

import os
import threading
import time
import unittest

import redis

PORT = int(os.environ["PORT"])


def connect(**options):
    return redis.Redis(port=PORT, decode_responses=True, **options)


class RedisPy(unittest.TestCase):
    def setUp(self):
        self.redis = connect()
        self.redis.flushall()
        self.addCleanup(self.redis.close)

    def wait_for_blocked(self, count):
        deadline = time.monotonic() + 10
        while self.redis.info("clients")["blocked_clients"] != count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def test_types(self):
        r = self.redis
        self.assertTrue(r.set("s", "1", ex=100, nx=True))
        self.assertIsNone(r.set("s", "2", nx=True))
        self.assertEqual(r.incrbyfloat("s", 0.5), 1.5)
        self.assertEqual(r.hset("h", mapping={"a": 1, "b": 2}), 2)
        self.assertEqual(r.hgetall("h"), {"a": "1", "b": "2"})
        self.assertEqual(r.zadd("z", {"x": 1.5, "y": 2}), 2)
        self.assertEqual(r.zrange("z", 0, -1, withscores=True), [("x", 1.5), ("y", 2.0)])
        self.assertEqual(r.sadd("set", "a", "b"), 2)
        self.assertEqual(r.smembers("set"), {"a", "b"})
        self.assertEqual(r.setbit("bits", 7, 1), 0)
        self.assertEqual(r.bitcount("bits"), 1)
        self.assertEqual(r.pfadd("hll", "a", "b"), 1)
        self.assertEqual(r.pfcount("hll"), 2)
        self.assertEqual(r.geoadd("geo", (13.361389, 38.115556, "Palermo")), 1)
        self.assertEqual(r.geosearch("geo", longitude=13, latitude=38, radius=100, unit="km"), ["Palermo"])
        self.assertEqual(set(r.scan_iter()), {"s", "h", "z", "set", "bits", "hll", "geo"})
        raw = redis.Redis(port=PORT)
        raw.set(bytes(range(256)), bytes(range(256)))
        self.assertEqual(raw.get(bytes(range(256))), bytes(range(256)))
        raw.close()

    def test_lists(self):
        r = self.redis
        self.assertEqual(r.rpush("l", "a", "b", "c", "d"), 4)
        self.assertEqual(r.lmove("l", "m", "LEFT", "RIGHT"), "a")
        self.assertEqual(r.linsert("l", "before", "c", "new"), 4)
        self.assertEqual(r.lpos("l", "c"), 2)
        self.assertEqual(r.lrange("l", 0, -1), ["b", "new", "c", "d"])
        self.assertEqual(r.rpop("l", 2), ["d", "c"])
        self.assertEqual(r.lmpop(2, "none", "l", direction="LEFT", count=5), ["l", ["b", "new"]])
        r.rpush("numbers", 3, 1, 2)
        self.assertEqual(r.sort("numbers", desc=True), ["3", "2", "1"])

    def test_blocking(self):
        r = self.redis
        replies = []

        def wait():
            with connect() as waiter:
                replies.append(waiter.blpop(["a", "b"]))
                replies.append(waiter.blmove("a", "to", 0, "LEFT", "RIGHT"))
                replies.append(waiter.bzpopmin("z"))
                replies.append(waiter.brpop("a", timeout=0.05))

        thread = threading.Thread(target=wait)
        thread.start()
        self.wait_for_blocked(1)
        r.rpush("b", "1")
        self.wait_for_blocked(1)
        r.rpush("a", "2")
        self.wait_for_blocked(1)
        r.zadd("z", {"m": 1})
        thread.join(10)
        self.assertEqual(replies, [("b", "1"), "2", ("z", "m", 1.0), None])

    def test_pipelines(self):
        r = self.redis
        with r.pipeline() as pipe:
            self.assertEqual(pipe.set("k", 1).incr("k").rpush("l", "x").execute(), [True, 2, 1])
        with r.pipeline(transaction=False) as pipe:
            self.assertEqual(pipe.get("k").llen("l").execute(), ["2", 1])
        with r.pipeline() as pipe:
            pipe.watch("k")
            r.set("k", 10)
            pipe.multi()
            pipe.incr("k")
            with self.assertRaises(redis.WatchError):
                pipe.execute()
        self.assertEqual(r.get("k"), "10")
        with r.pipeline() as pipe:
            with self.assertRaises(redis.ResponseError):
                pipe.lpush("k", "x").incr("k").execute()
        self.assertEqual(r.get("k"), "11")

    def test_watch_loses_nothing(self):
        def raise_counter():
            with connect() as mine:
                for _ in range(25):
                    mine.transaction(
                        lambda pipe: (value := int(pipe.get("n") or 0), pipe.multi(), pipe.set("n", value + 1)), "n"
                    )

        threads = [threading.Thread(target=raise_counter) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(self.redis.get("n"), "100")

    def test_pubsub(self):
        r = self.redis
        with r.pubsub() as pubsub:
            pubsub.subscribe("news")
            pubsub.psubscribe("weather.*")
            for kind in ("subscribe", "psubscribe"):
                self.assertEqual(pubsub.get_message(timeout=10)["type"], kind)
            self.assertEqual(r.pubsub_channels(), ["news"])
            self.assertEqual(r.pubsub_numsub("news"), [("news", 1)])
            self.assertEqual(r.pubsub_numpat(), 1)
            self.assertEqual(r.publish("news", "one"), 1)
            self.assertEqual(r.publish("weather.rome", "sun"), 1)
            first, second = pubsub.get_message(timeout=10), pubsub.get_message(timeout=10)
            self.assertEqual((first["type"], first["channel"], first["data"]), ("message", "news", "one"))
            self.assertEqual((second["pattern"], second["channel"], second["data"]), ("weather.*", "weather.rome", "sun"))
            pubsub.ping()
            self.assertEqual(pubsub.get_message(timeout=10)["type"], "pong")

    def test_keyspace_events(self):
        r = self.redis
        r.config_set("notify-keyspace-events", "KEA")
        with r.pubsub() as pubsub:
            pubsub.psubscribe("__keyevent@0__:*")
            self.assertEqual(pubsub.get_message(timeout=10)["type"], "psubscribe")
            r.set("k", "v", px=10)
            events = []
            deadline = time.monotonic() + 10
            while len(events) < 3 and time.monotonic() < deadline:
                message = pubsub.get_message(timeout=1)
                if message is not None:
                    events.append(message["channel"].rpartition(":")[2])
            self.assertEqual(events, ["set", "expire", "expired"])
        r.config_set("notify-keyspace-events", "")

    def test_streams(self):
        r = self.redis
        ids = [r.xadd("s", {"n": n}, maxlen=100, approximate=True) for n in range(10)]
        self.assertEqual(r.xlen("s"), 10)
        self.assertEqual(r.xrange("s", count=1), [(ids[0], {"n": "0"})])
        self.assertEqual(r.xread({"s": ids[8]}), [["s", [(ids[9], {"n": "9"})]]])
        self.assertTrue(r.xgroup_create("s", "g", id="0"))
        [[_, one]] = r.xreadgroup("g", "one", {"s": ">"}, count=4)
        [[_, two]] = r.xreadgroup("g", "two", {"s": ">"}, block=1000)
        self.assertEqual([id for id, _ in one + two], ids)
        self.assertEqual(r.xack("s", "g", *ids[4:]), 6)
        self.assertEqual(r.xpending("s", "g")["consumers"], [{"name": "one", "pending": 4}])
        self.assertEqual([id for id, _ in r.xautoclaim("s", "g", "two", 0)[1]], ids[:4])
        self.assertEqual(r.xinfo_groups("s")[0]["lag"], 0)
        self.assertEqual(r.xinfo_stream("s", full=True)["length"], 10)
        self.assertEqual(r.xdel("s", ids[0]), 1)
        self.assertEqual(r.xtrim("s", maxlen=3, approximate=False), 6)


if __name__ == "__main__":
    unittest.main()
