/**
 * Who may do something, as data: one of these is enough. Named after Neutron's defaults (2023 and later).
 * `parent` is what the thing hangs on: the network of a subnet or port, the security group of a rule.
 */
import { hasRole, isAdmin, isService } from "./who.ts";
import type { Who } from "./who.ts";

export type Persona =
  | "admin"
  | "service"
  | `${"manager" | "member" | "reader"}@${"owner" | "parent"}`
  /** Anybody with a role, where the network is shared, or external; of the former, only who may change things at all. */
  | "shared"
  | "member@shared"
  | "external"
  /** Where the device is no service of the network (`network:…`). */
  | "plain device"
  /** Where what is given is not given to everybody. */
  | "plain target"
  /** By the role of that name: who watches the wires, and says when one is broken. */
  | "data_plane_integrator"
  /** By the role of that name, which came before "service". */
  | "advsvc"
  /** Anybody with a role. */
  | "reader"
  | "anybody";

export type Rule = readonly Persona[];

export const ADMIN: Rule = ["admin"];
/** Administrators too, where the operator wants them taken for services. */
export const SERVICE: Rule = ["service"];
export const ADMIN_OR_SERVICE: Rule = ["admin", "service"];
export const ADMIN_OR_OWNER: Rule = ["admin", "member@owner"];

/** What a rule is asked about. */
export interface Target {
  /** Project of the thing itself. */
  readonly owner: string;
  /** Project of the thing that it hangs on. */
  readonly parent?: string;
  readonly shared?: boolean;
  readonly external?: boolean;
  readonly deviceOwner?: string;
  /** Is something given to every project at once? */
  readonly toEverybody?: boolean;
  /** The thing as it is kept, or as it is to be: for operators' rules about any attribute. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export function allows(rule: Rule, who: Who, target: Target): boolean {
  return rule.some((persona) => is(persona, who, target));
}

function is(persona: Persona, who: Who, target: Target): boolean {
  switch (persona) {
    case "admin":
      return isAdmin(who);
    case "service":
      return isService(who);
    case "data_plane_integrator":
    case "advsvc":
      return who.roles.includes(persona);
    case "reader":
      return hasRole(who, persona);
    case "shared":
      return target.shared === true && who.roles.length > 0;
    case "external":
      return target.external === true && who.roles.length > 0;
    case "member@shared":
      return target.shared === true && hasRole(who, "member");
    case "plain device":
      return target.deviceOwner?.startsWith("network:") !== true;
    case "plain target":
      return target.toEverybody !== true;
    case "anybody":
      return true;
    default: {
      const [role = "", place = ""] = persona.split("@");
      return hasRole(who, role) && who.project === (place === "owner" ? target.owner : target.parent);
    }
  }
}
