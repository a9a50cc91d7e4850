/** A file of LevelDB's is not as LevelDB writes it. */
export class FileDamage extends Error {
  override readonly name = "FileDamage";
}
