import { INT_MAX, LONG_MAX, choice, choices, integer, path, string, yesNo } from "../option-types.ts";
import { eventClasses, oomScores, percentiles } from "../special-option-types.ts";

const NO_REPORT = "a crash prints what Node.js prints";
const NO_TITLE = "the process keeps the title that it was started with";
const NO_TICK = "the work of the server follows events and deadlines, not a tick";
const NO_PINNING = "threads are not tied to processors: only '' is supported";
const SHUTDOWN = ["save", "nosave", "now", "force"] as const;
const ON_SIGNAL = "save: write an RDB file first, nosave: do not; default: where there are save points";
const SYSLOG_FACILITIES = [
  "user",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
] as const;

/** The process around the server: logs, statistics, signals. */
export const PROCESS = {
  loglevel: choice(["debug", "verbose", "notice", "warning"], "notice", { help: "How much to log" }),
  debug: yesNo(false, { help: "Short for --loglevel debug", changes: "start" }),
  logfile: path("", { help: "File to append the log to; empty: standard output", changes: "start" }),
  pidfile: path("", { help: "File to write the process id to", changes: "start" }),
  "latency-tracking": yesNo(true, { help: "Keep the latencies of each command for INFO latencystats" }),
  "latency-tracking-info-percentiles": percentiles([50, 99, 99.9], {
    help: "The percentiles that INFO latencystats shows",
  }),
  daemonize: yesNo(false, {
    fixed: { to: [false], why: "leveldis stays in the foreground: start it from a service manager" },
    changes: "start",
  }),
  supervised: choice(["upstart", "systemd", "auto", "no"], "no", {
    fixed: {
      to: ["no", "auto"],
      why: "the service manager is not told of the start: only 'no' and 'auto' are supported",
    },
    changes: "start",
  }),
  "notify-keyspace-events": eventClasses("", {
    help: "Classes of keyspace events that are published: any of Ag$lshzxetdnKEm",
    changes: "listener",
  }),
  "slowlog-log-slower-than": integer(
    10_000,
    { min: -1n, max: LONG_MAX },
    { help: "Microseconds from which a command is in SLOWLOG; -1: none" },
  ),
  "slowlog-max-len": integer(128, { min: 0n, max: LONG_MAX }, { help: "Commands that SLOWLOG keeps" }),
  "latency-monitor-threshold": integer(
    0,
    { min: 0n, max: LONG_MAX },
    { help: "Milliseconds from which LATENCY keeps an event; 0: none" },
  ),
  "tracking-table-max-keys": integer(
    1_000_000,
    { min: 0n, max: LONG_MAX },
    { help: "Keys that clients may have in their caches, remembered for CLIENT TRACKING; 0: any number" },
  ),
  hz: integer(10, { min: 0n, max: INT_MAX }, { none: NO_TICK }),
  "dynamic-hz": yesNo(true, { none: NO_TICK }),
  "active-expire-effort": integer(
    1,
    { min: 1n, max: 10n },
    {
      none: "keys expire in the order of their time, with no sampling",
    },
  ),
  "io-threads": integer(
    1,
    { min: 1n, max: 128n },
    { none: "commands and sockets share one thread", changes: "start" },
  ),
  "io-threads-do-reads": yesNo(false, { none: "commands and sockets share one thread", changes: "start" }),
  "shutdown-timeout": integer(
    10,
    { min: 0n, max: INT_MAX },
    { help: "Seconds that replicas get to catch up before the server stops" },
  ),
  "shutdown-on-sigint": choices("default", SHUTDOWN, { help: `SIGINT: ${ON_SIGNAL}` }),
  "shutdown-on-sigterm": choices("default", SHUTDOWN, { help: `SIGTERM: ${ON_SIGNAL}` }),
  "always-show-logo": yesNo(false, { none: "there is no logo", changes: "start" }),
  "set-proc-title": yesNo(true, { none: NO_TITLE, changes: "start" }),
  "proc-title-template": string("{title} {listen-addr} {server-mode}", { none: NO_TITLE }),
  "crash-log-enabled": yesNo(true, { none: NO_REPORT }),
  "crash-memcheck-enabled": yesNo(true, { none: NO_REPORT }),
  "use-exit-on-panic": yesNo(false, { none: NO_REPORT, isHidden: true }),
  "ignore-warnings": string("", { none: "no warning stops the start" }),
  "syslog-enabled": yesNo(false, {
    fixed: { to: [false], why: "logs go to a file or to standard output: only 'no' is supported" },
    changes: "start",
  }),
  "syslog-ident": string("redis", { none: "syslog-enabled is always 'no'", changes: "start" }),
  "syslog-facility": choice(SYSLOG_FACILITIES, "local0", {
    none: "syslog-enabled is always 'no'",
    changes: "start",
  }),
  "oom-score-adj": choice(["no", "yes", "relative", "absolute"], "no", {
    fixed: { to: ["no"], why: "the score of the process is left alone: only 'no' is supported" },
  }),
  "oom-score-adj-values": oomScores([0, 200, 800], { none: "oom-score-adj is always 'no'" }),
  "disable-thp": yesNo(true, {
    none: "memory belongs to V8, which asks for no huge pages",
    changes: "start",
  }),
  server_cpulist: string("", { fixed: { to: [""], why: NO_PINNING }, changes: "start" }),
  bio_cpulist: string("", { fixed: { to: [""], why: NO_PINNING }, changes: "start" }),
  aof_rewrite_cpulist: string("", { fixed: { to: [""], why: NO_PINNING }, changes: "start" }),
  bgsave_cpulist: string("", { fixed: { to: [""], why: NO_PINNING }, changes: "start" }),
} as const;
