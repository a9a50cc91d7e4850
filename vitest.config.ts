import { defineConfig } from "vitest/config";

/**
 * Tests that talk to a server over a socket run once for each variant of it (test/support/variant.ts); all others
 * run once. `TEST_VARIANT=faults npm test` runs one variant, `--project normal` as well.
 */
const blackBox = ["test/commands/**/*.test.ts", "test/protocol/**/*.test.ts", "test/compat/**/*.test.ts"];
const variants = (process.env["TEST_VARIANT"] ?? "normal,faults,unpacked").split(",");

export default defineConfig({
  test: {
    exclude: ["**/node_modules/**", "dist/**", ".cache/**"],
    testTimeout: 20_000,
    // Who polls waits for something that is surely to come: a busy machine takes its time.
    expect: { poll: { timeout: 10_000 } },
    // Servers do half of the work, and much of the time is waiting.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "once", include: ["test/**/*.test.ts"], exclude: blackBox } },
      ...variants.map((variant) => ({
        extends: true as const,
        test: {
          name: variant,
          include: blackBox,
          env: { TEST_VARIANT: variant },
          globalSetup: "test/support/require-build.ts",
        },
      })),
    ],
  },
});
