import type { Findings } from "./findings.ts";
import { parseCount } from "./stats.ts";

/** One part of the benchmark, which can be run alone. */
export interface Part {
  readonly summary: string;
  /** By name, without the dashes. */
  readonly options: Readonly<Record<string, PartOption>>;
  run(options: Options): Promise<Findings>;
}

export interface PartOption {
  readonly default: string;
  readonly help: string;
}

/** The values of a part's options. */
export class Options {
  readonly #values: Readonly<Record<string, string>>;

  constructor(part: Part, given: Readonly<Record<string, string | undefined>> = {}) {
    this.#values = Object.fromEntries(
      Object.entries(part.options).map(([name, option]) => [name, given[name] ?? option.default]),
    );
  }

  list(name: string): readonly string[] {
    return this.text(name).split(",");
  }

  /** `10m` is ten million. */
  count(name: string): number {
    return parseCount(this.text(name));
  }

  counts(name: string): readonly number[] {
    return this.list(name).map(parseCount);
  }

  text(name: string): string {
    const value = this.#values[name];
    if (value === undefined) throw new Error(`this part has no option --${name}`);
    return value;
  }
}
