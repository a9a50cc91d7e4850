export interface BindAddress {
  readonly host: string;
  /** It need not exist on this machine. */
  readonly isOptional: boolean;
}

/** `-::1` ⇒ `::1`, optional; `*` ⇒ `0.0.0.0`; `::*` ⇒ `::` */
export function parseBindAddress(text: string): BindAddress {
  const isOptional = text.startsWith("-");
  const host = isOptional ? text.slice(1) : text;
  return { host: host === "*" ? "0.0.0.0" : host === "::*" ? "::" : host, isOptional };
}
