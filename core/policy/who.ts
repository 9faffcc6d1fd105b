/** Who asks: as Keystone says it. */
export interface Who {
  readonly user: string;
  readonly project: string;
  readonly roles: readonly string[];
}

/** Roles that imply others, as a Keystone is set up by default; a token holds them all, but a fixed list may not. */
const IMPLIES: Readonly<Record<string, readonly string[]>> = {
  admin: ["admin", "manager", "member", "reader"],
  manager: ["manager", "member", "reader"],
  member: ["member", "reader"],
};

export function hasRole(who: Who, role: string): boolean {
  return who.roles.some((held) => held === role || IMPLIES[held]?.includes(role) === true);
}

export function isAdmin(who: Who): boolean {
  return who.roles.includes("admin");
}

/** May it speak for other projects? */
export function mayNameProjects(who: Who): boolean {
  return isAdmin(who) || who.roles.includes("service");
}
