import { resolve } from "node:path";
import yargs from "yargs";
import { applyEnvironment } from "../config/environment.ts";
import { Draft } from "../config/draft.ts";
import { StartError } from "../config/option.ts";
import { Remote, RemoteError, RemoteFailure, type RemoteReply } from "../server/remote.ts";
import { type Bytes, bytesOfText, textOfBytes } from "../support/bytes.ts";
import { showBytes } from "../support/show-bytes.ts";

const CONNECT_MS = 5000;
/** A copy to another disk takes as long as it takes. */
const BACKUP_MS = 2 ** 31 - 1;

const USAGE = `Usage: leveldis backup FOLDER [--host HOST] [--port PORT] [--password PASSWORD]

Tells a running leveldis to copy its data folder to FOLDER (on the machine that it runs on), which must be new or
empty. Nobody has to wait for it. Files that never change are hard links where FOLDER is on the same disk.
Exit code 0: FOLDER holds a complete copy, and is on the disk; 1: it is as it was.`;

/** `leveldis backup FOLDER`; the exit code. @throws StartError */
export async function backup(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (options === null) return 0;
  const startedMs = performance.now();
  const summary = await order(options);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const linked = summary.get("linked-files")!;
  const shared =
    linked === 0 ? "" : `, ${linked} of them (${showBytes(summary.get("linked-bytes")!)}) by hard links`;
  process.stdout.write(
    `${options.folder}: ${summary.get("files")!} files, ${showBytes(summary.get("bytes")!)}${shared}, in ${seconds} s\n`,
  );
  return 0;
}

interface BackupOptions {
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly user: string;
  readonly password: string;
}

/** Null: the usage was asked for, and shown. */
function parse(argv: readonly string[]): BackupOptions | null {
  const draft = new Draft();
  applyEnvironment(draft, process.env);
  const { port, requirepass, unixsocket } = draft.values;
  const parser = yargs([])
    .usage(USAGE)
    .locale("en")
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ "parse-positional-numbers": false })
    .strictOptions()
    .fail((message, error) => {
      throw error ?? new StartError(`leveldis backup: ${message}; see leveldis backup --help`);
    })
    .option("help", { type: "boolean", describe: "Show this help" })
    .option("host", {
      alias: "h",
      type: "string",
      default: "127.0.0.1",
      describe: "Where the server listens",
    })
    .option("port", { alias: "p", type: "number", default: port, describe: "Its port" })
    .option("unixsocket", {
      alias: "s",
      type: "string",
      default: unixsocket,
      describe: "Its unix socket, instead",
    })
    .option("user", { type: "string", default: "", describe: "Name of the user, where there are several" })
    .option("password", {
      alias: "a",
      type: "string",
      default: textOfBytes(requirepass),
      defaultDescription: "LEVELDIS_REQUIREPASS of the environment",
      describe: "Its password",
    });
  const parsed = parser.parseSync([...argv]);
  if (parsed.help === true) {
    parser.showHelp((help) => void process.stdout.write(`${help}\n`));
    return null;
  }
  const [folder, surplus] = parsed._;
  if (folder === undefined)
    throw new StartError("leveldis backup: to which folder? See leveldis backup --help");
  if (surplus !== undefined) throw new StartError(`leveldis backup: unexpected argument '${surplus}'`);
  if (!Number.isInteger(parsed.port) || parsed.port < 0 || parsed.port > 65_535)
    throw new StartError("leveldis backup: --port takes a number from 0 to 65535");
  return {
    // The server may have been started elsewhere.
    folder: resolve(String(folder)),
    host: parsed.host,
    port: parsed.port,
    path: parsed.unixsocket,
    user: parsed.user,
    password: parsed.password,
  };
}

async function order(options: BackupOptions): Promise<Map<Bytes, number>> {
  const { host, port, path, user, password, folder } = options;
  let remote: Remote;
  const where = path === "" ? `${host}:${port}` : path;
  try {
    remote = await Remote.connect(path === "" ? { host, port } : { host, port, path }, CONNECT_MS);
  } catch (error) {
    if (!(error instanceof RemoteFailure)) throw error;
    throw new StartError(`leveldis backup: cannot connect to ${where}: ${error.message}`, { cause: error });
  }
  try {
    if (password !== "") {
      const credentials = (user === "" ? [password] : [user, password]).map(bytesOfText);
      await ask(remote, ["AUTH", ...credentials]);
    }
    const reply = (await ask(remote, ["BACKUP", bytesOfText(folder)])) as readonly RemoteReply[];
    const summary = new Map<Bytes, number>();
    for (let i = 0; i + 1 < reply.length; i += 2) summary.set(reply[i] as Bytes, reply[i + 1] as number);
    return summary;
  } finally {
    remote.close();
  }
}

async function ask(remote: Remote, command: readonly Bytes[]): Promise<RemoteReply> {
  const { replies, failure } = await remote.request([command], BACKUP_MS);
  if (failure !== null) throw new StartError(`leveldis backup: ${failure.message}`, { cause: failure });
  const reply = replies[0]!;
  if (reply instanceof RemoteError) throw new StartError(`leveldis backup: ${textOfBytes(reply.message)}`);
  return reply;
}
