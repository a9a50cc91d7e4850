import { INT_MAX, choice, integer, path, string, yesNo } from "../option-types.ts";

/** As in Redis, none of these says anything while `tls-port` is 0. */
const NO_TLS = "there is no TLS yet: tls-port is always 0";

export const TLS = {
  "tls-port": integer(
    0,
    { min: 0n, max: 65535n },
    {
      fixed: { to: [0], why: "TLS is not supported yet: only 0 is supported" },
    },
  ),
  "tls-cert-file": path("", { none: NO_TLS }),
  "tls-key-file": path("", { none: NO_TLS }),
  "tls-key-file-pass": string("", { none: NO_TLS, isSensitive: true }),
  "tls-client-cert-file": path("", { none: NO_TLS }),
  "tls-client-key-file": path("", { none: NO_TLS }),
  "tls-client-key-file-pass": string("", { none: NO_TLS, isSensitive: true }),
  "tls-dh-params-file": path("", { none: NO_TLS }),
  "tls-ca-cert-file": path("", { none: NO_TLS }),
  "tls-ca-cert-dir": path("", { none: NO_TLS }),
  "tls-auth-clients": choice(["no", "yes", "optional"], "yes", { none: NO_TLS }),
  "tls-protocols": string("", { none: NO_TLS }),
  "tls-ciphers": string("", { none: NO_TLS }),
  "tls-ciphersuites": string("", { none: NO_TLS }),
  "tls-prefer-server-ciphers": yesNo(false, { none: NO_TLS }),
  "tls-session-caching": yesNo(true, { none: NO_TLS }),
  "tls-session-cache-size": integer(20 * 1024, { min: 0n, max: INT_MAX }, { none: NO_TLS }),
  "tls-session-cache-timeout": integer(300, { min: 0n, max: INT_MAX }, { none: NO_TLS }),
  "tls-replication": yesNo(false, { none: NO_TLS }),
  "tls-cluster": yesNo(false, { none: NO_TLS }),
} as const;
