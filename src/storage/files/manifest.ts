import { Cursor } from "./cursor.ts";
import { FileDamage } from "./damage.ts";
import { readLog } from "./log-file.ts";

/** What a manifest says of the files of a LevelDB. */
export interface LiveFiles {
  /** Sizes in bytes, by number. */
  readonly tables: ReadonlyMap<number, number>;
  /** Logs before this one are no longer needed. */
  readonly logNumber: number;
}

/** Numbers of fields in the records of a manifest (LevelDB's version_edit.cc). */
const Field = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const;

/** @throws FileDamage */
export async function readManifest(path: string): Promise<LiveFiles> {
  const tables = new Map<number, number>();
  let logNumber = 0;
  for await (const records of readLog(path)) {
    for (const record of records) logNumber = readEdit(new Cursor(record), tables) ?? logNumber;
  }
  return { tables, logNumber };
}

/** Returns the log number, if it tells one. */
function readEdit(edit: Cursor, tables: Map<number, number>): number | null {
  let logNumber: number | null = null;
  while (!edit.done) {
    const field = edit.varint();
    switch (field) {
      case Field.comparator:
        edit.sized();
        break;
      case Field.logNumber:
        logNumber = edit.varint();
        break;
      case Field.nextFile:
      case Field.lastSequence:
      case Field.previousLog:
        edit.varint();
        break;
      case Field.compactPointer:
        edit.varint();
        edit.sized();
        break;
      case Field.deletedFile:
        edit.varint();
        tables.delete(edit.varint());
        break;
      case Field.newFile: {
        edit.varint();
        const number = edit.varint();
        tables.set(number, edit.varint());
        // First and last key.
        edit.sized();
        edit.sized();
        break;
      }
      default:
        throw new FileDamage(`an unknown field: ${field}`);
    }
  }
  return logNumber;
}
