import type { Redis } from "ioredis";

export interface Answers {
  readonly largest: readonly string[];
  readonly dependOnLibc: number;
  readonly libcSample: boolean;
  readonly bash: Readonly<Record<string, string>>;
  readonly needBoth: readonly string[];
  readonly smallerThanAMegabyte: number;
  readonly rankOfBash: number | null;
  readonly sections: readonly string[];
}

/** Questions that a person would ask; answers in an order of their own, so that they can be compared. */
export async function ask(client: Redis): Promise<Answers> {
  return {
    largest: await client.zrevrange("packages:by-size", 0, 9, "WITHSCORES"),
    dependOnLibc: await client.scard("rdepends:libc6"),
    libcSample: (await client.sismember("rdepends:libc6", "bash")) === 1,
    bash: await client.hgetall("package:bash"),
    needBoth: (await client.sinter("section:admin", "rdepends:perl")).sort(),
    smallerThanAMegabyte: await client.zcount("packages:by-size", "-inf", "(1024"),
    rankOfBash: await client.zrank("packages:by-size", "bash"),
    sections: (await client.keys("section:*")).sort(),
  };
}

export function show(answers: Answers, print: (line: string) => void): void {
  print("\nThe ten largest packages, installed:");
  for (let i = 0; i < answers.largest.length; i += 2) {
    print(`  ${(Number(answers.largest[i + 1]) / 1024).toFixed(0).padStart(6)} MB  ${answers.largest[i]}`);
  }
  print(`Packages that depend on libc6: ${answers.dependOnLibc}`);
  print(
    `bash: version ${answers.bash["Version"]}, ${answers.bash["Installed-Size"]} kB, ${Object.keys(answers.bash).length} fields`,
  );
  print(
    `In section admin and depending on perl: ${answers.needBoth.length}, for example ${answers.needBoth.slice(0, 5).join(", ")}`,
  );
  print(
    `Smaller than a megabyte: ${answers.smallerThanAMegabyte}; bash is number ${answers.rankOfBash} by size`,
  );
  print(`Sections: ${answers.sections.length}`);
}
