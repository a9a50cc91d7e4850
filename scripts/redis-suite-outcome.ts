/** What one run of the suite's runner printed. */
export interface Outcome {
  readonly unit: string;
  readonly passed: readonly string[];
  /** With what the runner says about it. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

/** The runner begins each message with `[kind]: `; the text of an error goes on over lines. */
export function readOutcome(unit: string, output: string, code: number | null): Outcome {
  const passed: string[] = [];
  const failed: string[] = [];
  const skipped: string[] = [];
  let errorLines: string[] | undefined;
  const endError = (): void => {
    if (errorLines !== undefined) failed.push(errorLines.join("\n").trimEnd());
    errorLines = undefined;
  };
  for (const line of output.split("\n")) {
    const message = /^\[(ok|err|exception|skip|ignore|ready|testing|\d+\/\d+ done)\]: (.*)$/.exec(line);
    if (message === null && !/^(Testing |\s+The End$|Cleanup)/.test(line)) {
      errorLines?.push(line);
      continue;
    }
    endError();
    if (message === null) continue;
    const [, kind, text] = message;
    if (kind === "ok") passed.push(text!.replace(/ \(\d+ ms\)$/, ""));
    else if (kind === "err" || kind === "exception") errorLines = [text!];
    else if (kind === "skip") skipped.push(text!);
  }
  endError();
  const finished = output.includes(" done]: ");
  if (!finished || (code !== 0 && failed.length === 0)) {
    failed.push(
      `the run ended with ${code}, its last lines:\n${output.trimEnd().split("\n").slice(-15).join("\n")}`,
    );
  }
  return { unit, passed, failed, skipped };
}
