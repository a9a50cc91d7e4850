/** What leveldis has beyond Redis 7.0.15: one of a later version, and those of its own (docs/commands-of-leveldis.md). */
export const additionalCommands: readonly string[] = [
  "backup",
  "client|setinfo",
  "hdigest",
  "hgetrange",
  "hsetrange",
  "htruncate",
  "strdigest",
  "strtruncate",
];
