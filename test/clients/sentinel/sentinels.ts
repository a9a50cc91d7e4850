import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Client } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { freePort } from "../../support/port.ts";

export const NAME = "leveldis";
export const PASSWORD = "secret";

const CONFIGURATION = join(import.meta.dirname, "../../../deploy/sentinel.conf");

/**
 * Debian's Sentinels over one master. Other periods than their own make a test of minutes one of seconds; a server counts as
 * down so late because on a busy machine one that lives may be silent for seconds.
 */
const DOWN_AFTER_MS = 10_000;
const PERIODS = [
  ["info-period", 500],
  // What one of them has decided the others hear within this; a server that is not what they think that it is, they put right after
  // four of these.
  ["publish-period", 1000],
  // A replica counts for a promotion when it answered within the last five of these.
  ["ping-period", 3000],
  // A Sentinel that was kept from running does not trust what it sees, for so long.
  ["tilt-trigger", 60_000],
  ["tilt-period", 1000],
  // No winner: the next election.
  ["election-timeout", 5000],
].flat();

export class Sentinels {
  readonly ports: number[] = [];
  readonly #daemons: Daemon[] = [];
  #folder = "";

  /** Returns when they know each other, and both replicas. */
  async start(count: number, masterPort: number, replicas: number): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "leveldis-sentinel-"));
    for (let n = 0; n < count; n++) await this.#startOne(n, masterPort, Math.floor(count / 2) + 1);
    for (const port of this.ports) {
      const seen = async (): Promise<unknown> => [
        String(await this.ask(port, "SENTINEL", "CKQUORUM", NAME)).slice(0, 11),
        ((await this.ask(port, "SENTINEL", "REPLICAS", NAME)) as unknown[]).length,
      ];
      await expect.poll(seen, { timeout: 60_000 }).toEqual([`OK ${count} usable`, replicas]);
    }
  }

  async ask(port: number, ...command: (string | number)[]): Promise<unknown> {
    await using client = await Client.connect({ port, timeoutMs: 30_000 });
    return await client.send(...command);
  }

  /** Where the first of them says that the master is. */
  async masterPort(): Promise<number> {
    const address = await this.ask(this.ports[0]!, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME);
    return Number((address as string[])[1]);
  }

  /** All of them have seen that all replicas follow the master, in its present place. */
  async seeReplicas(count: number): Promise<boolean> {
    for (const port of this.ports) {
      const replicas = (await this.ask(port, "SENTINEL", "REPLICAS", NAME)) as string[][];
      const following = replicas.filter((fields) => {
        const of = (name: string): string | undefined => fields[fields.indexOf(name) + 1];
        return (
          of("flags") === "slave" && of("role-reported") === "slave" && of("master-link-status") === "ok"
        );
      });
      if (following.length !== count) return false;
    }
    return true;
  }

  get log(): string {
    return this.#daemons.map(({ output }) => output).join("\n");
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.close();
    if (this.#folder !== "") await rm(this.#folder, { recursive: true });
  }

  async #startOne(n: number, masterPort: number, quorum: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const file = join(this.#folder, `${n}.conf`);
      await writeFile(file, await this.#configuration(port, masterPort, quorum));
      try {
        this.#daemons.push(await Daemon.start("redis-sentinel", [file], port));
      } catch (cause) {
        // Another process took the port.
        if (attempt === 5) throw cause;
        continue;
      }
      this.ports.push(port);
      expect(await this.ask(port, "SENTINEL", "DEBUG", ...PERIODS)).toBe("OK");
      return;
    }
  }

  /** The file that we ship, with the addresses and the times of this test. */
  async #configuration(port: number, masterPort: number, quorum: number): Promise<string> {
    let text = await readFile(CONFIGURATION, "utf8");
    const replacements = [
      ["\nport 26379\n", `\nport ${port}\n`],
      ["\nbind 192.0.2.11 127.0.0.1\n", "\nbind 127.0.0.1\n"],
      ["\ndir /var/lib/leveldis-sentinel\n", `\ndir ${this.#folder}\n`],
      [`${NAME} 192.0.2.1 6377 2\n`, `${NAME} 127.0.0.1 ${masterPort} ${quorum}\n`],
      [`down-after-milliseconds ${NAME} 5000\n`, `down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}\n`],
      [`failover-timeout ${NAME} 60000\n`, `failover-timeout ${NAME} 10000\n`],
      [`# sentinel auth-pass ${NAME} secret\n`, `sentinel auth-pass ${NAME} ${PASSWORD}\n`],
    ] as const;
    for (const [shipped, ours] of replacements) {
      expect(text.split(shipped).length, shipped).toBe(2);
      text = text.replace(shipped, ours);
    }
    return text;
  }
}
