/** What an agent is told on its command line. */
import type { Role } from "#core/feed/item.ts";

export const ROLES: readonly Role[] = ["compute", "gateway", "reflector"];

export interface AgentSettings {
  readonly role: Role;
  /** The machine's name in the data centre's declaration, and in Nova's. */
  readonly host: string;
  /** `http://host:port`, `https://host:port` or `unix:/path`, tried in turn. */
  readonly controller: readonly string[];
  /** Where files, logs and records of daemons are kept. */
  readonly state: string;
}
