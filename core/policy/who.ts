/** Who asks, for which project: as Keystone says it. Whoever speaks for no project is refused before (`core/identity/known-token.ts`). */
export interface Who {
  readonly user: string;
  readonly project: string;
  readonly roles: readonly string[];
  /** What the operator takes it for; absent: what its roles say. */
  readonly taken?: { readonly admin: boolean; readonly service: boolean };
}

/** Roles that imply others, as a Keystone is set up by default; a token holds them all, but a fixed list may not. */
const IMPLIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["admin", ["manager", "member", "reader"]],
  ["manager", ["member", "reader"]],
  ["member", ["reader"]],
]);

export function hasRole(who: Who, role: string): boolean {
  return who.roles.some((held) => held === role || IMPLIES.get(held)?.includes(role) === true);
}

/** With all that they imply, each once. */
export function withImplied(roles: readonly string[]): readonly string[] {
  return [...new Set(roles.flatMap((role) => [role, ...(IMPLIES.get(role) ?? [])]))];
}

export function isAdmin(who: Who): boolean {
  return who.taken?.admin ?? who.roles.includes("admin");
}

/** Another service of the cloud, such as Nova. */
export function isService(who: Who): boolean {
  return who.taken?.service ?? who.roles.includes("service");
}

/** May it speak for other projects? */
export function mayNameProjects(who: Who): boolean {
  return isAdmin(who) || isService(who);
}
