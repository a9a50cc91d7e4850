let end: Promise<void> | null = null;

/**
 * Resolves when what runs in this turn of the event loop has run. Work for other threads that begins then begins together: a thread
 * that comes to the end of one finds the next, and need not sleep and be woken in between. One promise for all: with one each, as
 * of `node:timers/promises`, a short read takes a tenth longer.
 */
export function turnEnd(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = null;
      resolve();
    });
  }));
}
