/** How far a load of data has come, as INFO tells it. */
export class LoadingProgress {
  readonly startedAtS: number;
  /** Of the file; 0: not known. */
  readonly totalBytes: number;
  /** The live data is served meanwhile. */
  readonly isAsync: boolean;
  /** What the data took in memory where it comes from; 0: not known. A bad estimate of a file's size. */
  usedMemory = 0;
  loadedBytes = 0;

  constructor(totalBytes: number, isAsync: boolean) {
    this.startedAtS = nowS();
    this.totalBytes = totalBytes;
    this.isAsync = isAsync;
  }

  /** The file tells something of itself. */
  takeField(name: string, value: string): void {
    if (name === "used-mem" && /^[0-9]{1,15}$/.test(value)) this.usedMemory = Number(value);
  }

  get percent(): number {
    if (this.totalBytes > 0) return (this.loadedBytes / this.totalBytes) * 100;
    if (this.usedMemory > 0) return Math.min((this.loadedBytes / this.usedMemory) * 100, MAX_ESTIMATE);
    return 0;
  }

  /** Seconds that are left, if it goes on as it did. */
  get etaS(): number {
    const elapsedS = nowS() - this.startedAtS;
    if (elapsedS === 0) return 1;
    const expected = this.totalBytes > 0 ? this.totalBytes : this.usedMemory;
    const left = Math.max(expected - this.loadedBytes, this.totalBytes > 0 ? 0 : 1);
    return Math.floor((elapsedS * left) / (this.loadedBytes + 1));
  }
}

/** Not all of it before it is. */
const MAX_ESTIMATE = 99.99;

const nowS = (): number => Math.floor(Date.now() / 1000);
