const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** 1536 ⇒ `1.5 KB`. */
export function showBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return unit === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}
