/** How to reach Nova. */
import type { KeystoneAccess } from "../identity/keystone-login.ts";

export interface NovaSettings {
  /** Who we are for Nova: needs the role service or admin. Absent: Nova is told without a token, at `endpoint`. */
  readonly keystone?: KeystoneAccess;
  /** Which of the catalog's endpoints is Nova's; absent: of whichever region comes first. */
  readonly region?: string;
  readonly interface: "public" | "internal" | "admin";
  /** With its version, as in the catalog, which is then not looked at: `http://nova:8774/v2.1`. */
  readonly endpoint?: string;
  /** For a whole answer, in milliseconds. */
  readonly timeoutMs: number;
  /** PEM: whose certificates are believed, instead of those that the system believes. */
  readonly ca?: string;
}
