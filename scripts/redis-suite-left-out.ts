/** Reads test/redis-suite/left-out.txt, whose head tells its format. */
export type LeftOut =
  | { readonly kind: "test"; readonly unit: string; readonly reason: string; readonly pattern: string }
  | { readonly kind: "edit"; readonly unit: string; readonly reason: string; readonly expression: string };

/** `serverOptions`: those that the server under test is given; a group may hold only with one of them. */
export function readLeftOut(text: string, serverOptions: readonly string[] = []): LeftOut[] {
  const entries: LeftOut[] = [];
  let group: { unit: string; reason: string } | undefined;
  let holds = true;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("# ") || line === "#") continue;
    const head = /^\[(\S+)( with (\S+))?\] (\S.*)$/.exec(line);
    if (head !== null) {
      group = { unit: head[1]!, reason: head[4]! };
      holds = head[3] === undefined || serverOptions.includes(head[3]);
      continue;
    }
    if (group === undefined)
      throw new Error(`left-out.txt:${index + 1}: a test before the first [unit] reason`);
    if (!holds) continue;
    if (line.startsWith("!sed ")) entries.push({ kind: "edit", ...group, expression: line.slice(5) });
    else entries.push({ kind: "test", ...group, pattern: line });
  }
  return entries;
}

export function leftOutOf(entries: readonly LeftOut[], unit: string): LeftOut[] {
  return entries.filter((entry) => entry.unit === unit);
}

/** As the suite compares names with its skip list: the whole name, or a regular expression after a slash. */
export function matches(pattern: string, name: string): boolean {
  return pattern.startsWith("/") ? new RegExp(pattern.slice(1)).test(name) : pattern === name;
}
