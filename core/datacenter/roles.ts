/** What a machine with an agent may be. */
export const ROLES = ["compute", "gateway", "reflector", "tor"] as const;

export type Role = (typeof ROLES)[number];
