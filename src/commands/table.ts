import { unknownCommand, unknownSubcommand } from "../errors.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CommandGroup } from "./command.ts";
import { Command } from "./registered-command.ts";
import { checkRow } from "./row-check.ts";

/** All commands that the server knows. A bad row throws here, at the start, and is named. */
export class CommandTable {
  readonly #commands = new Map<string, Command>();
  /** The spellings that clients send: lower and upper case. Any other one is looked up in lower case. */
  readonly #bySpelling = new Map<string, Command>();

  constructor(groups: readonly CommandGroup[]) {
    for (const { name: group, rows } of groups) {
      for (const [name, row] of Object.entries(rows)) {
        if (this.#commands.has(name)) throw new Error(`command table: ${name}: two rows`);
        checkRow(name, row);
        const command = new Command(name, row, group);
        this.#commands.set(name, command);
        this.#bySpelling.set(name, command);
        this.#bySpelling.set(name.toUpperCase(), command);
      }
    }
  }

  /** How many there are, subcommands not counted: COMMAND COUNT. */
  get size(): number {
    return this.#commands.size;
  }

  /** The commands, without their subcommands, in the order of the rows. */
  [Symbol.iterator](): IterableIterator<Command> {
    return this.#commands.values();
  }

  /** The commands, each followed by its subcommands. */
  *withSubcommands(): IterableIterator<Command> {
    for (const command of this.#commands.values()) {
      yield command;
      yield* command.subcommands.values();
    }
  }

  /** A command by its name in any letter case; a container by its own name. */
  get(name: Bytes): Command | undefined {
    return this.#bySpelling.get(name) ?? this.#bySpelling.get(name.toLowerCase());
  }

  /** By full name in any letter case: `get`, `CONFIG|get`. */
  byFullName(fullName: Bytes): Command | undefined {
    const bar = fullName.indexOf("|");
    if (bar < 0) return this.get(fullName);
    return this.get(fullName.slice(0, bar))?.subcommands.get(fullName.slice(bar + 1).toLowerCase());
  }

  /** What the arguments of a request call: the subcommand, where there is one. Undefined for an unknown name. */
  find(args: readonly Bytes[]): Command | undefined {
    const command = this.get(args[0]!);
    if (command === undefined || command.subcommands.size === 0 || args.length === 1) return command;
    return command.subcommands.get(args[1]!.toLowerCase());
  }

  /** Like `find`; throws the error that an unknown command or subcommand is answered with. */
  resolve(args: readonly Bytes[]): Command {
    const command = this.find(args);
    if (command !== undefined) return command;
    throw this.get(args[0]!) === undefined ? unknownCommand(args) : unknownSubcommand(args[0]!, args[1]!);
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    for (const { statistics } of this.withSubcommands()) {
      statistics.calls = 0;
      statistics.usec = 0;
      statistics.rejected = 0;
      statistics.failed = 0;
      statistics.latency = null;
    }
  }
}
