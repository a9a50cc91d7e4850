/** CLIENT REPLY: whether the replies of a client's commands are sent. */
export class ReplyMode {
  #isOff = false;
  #skipsThis = false;
  #skipsNext = false;

  set(mode: "on" | "off" | "skip"): void {
    if (mode === "skip") {
      // OFF stays OFF, also for the one behind an ON to come.
      if (!this.#isOff) this.#skipsNext = true;
      return;
    }
    this.#isOff = mode === "off";
    if (mode === "on") this.#skipsThis = false;
  }

  reset(): void {
    this.#isOff = false;
    this.#skipsNext = false;
  }

  /** Whether the reply of the command that just ran is to be sent. To be asked once for each command. */
  take(): boolean {
    const isSent = !this.#isOff && !this.#skipsThis;
    this.#skipsThis = this.#skipsNext;
    this.#skipsNext = false;
    return isSent;
  }
}
