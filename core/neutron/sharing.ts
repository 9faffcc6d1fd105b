/**
 * Who besides its owner may use an object. RBAC policies are the single fact: rows of networks and other objects keep
 * no `shared` and no `router:external` of their own, because both depend on who looks, and two places would disagree
 * sooner or later. What a client says in these attributes becomes policies here, and what it is shown comes from here.
 *
 * How a resource is made shareable (`security_group` is the pattern):
 * - its name in `OBJECT_TYPES` (rbac-policy.ts), a line in `SHAREABLE` below that says who uses it;
 * - its attribute `shared` is declared `computed: true`; the row is made without it;
 * - its `target` is `sharedTarget`, its `computed` has `shared: isSharedWith(cloud, row.id, who.project)`,
 *   and `"shared"` stands in its rules;
 * - creation and change put `sharingWrites(…)` into `also`; a change sets `counts` where there are any;
 * - deletion adds `endOfSharing(cloud, row.id)`.
 */
import type { Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import { EVERYBODY } from "./rbac-policy.ts";
import type { ObjectType, RbacPolicy } from "./rbac-policy.ts";
import { removal, write } from "./rules.ts";
import type { Tables } from "./tables.ts";

export type AccessAction = "access_as_shared" | "access_as_external";

interface Shareable {
  readonly actions: readonly AccessAction[];
  /** Projects that use it as the action allows, each as often as it does; "" where nobody in particular does. */
  users(cloud: Cloud, id: string, action: AccessAction): Iterable<string>;
}

export const SHAREABLE: Readonly<Record<ObjectType, Shareable>> = {
  network: {
    actions: ["access_as_external", "access_as_shared"],
    users: (cloud, id, action) => (action === "access_as_shared" ? usersOfNetwork(cloud, id) : usersOfExternal(cloud, id)),
  },
  subnetpool: { actions: ["access_as_shared"], users: usersOfPool },
  address_scope: { actions: ["access_as_shared"], users: usersOfScope },
  security_group: { actions: ["access_as_shared"], users: usersOfGroup },
  address_group: { actions: ["access_as_shared"], users: usersOfAddressGroup },
  qos_policy: { actions: ["access_as_shared"], users: usersOfPolicy },
};

function* usersOfNetwork(cloud: Cloud, id: string): Generator<string> {
  for (const port of cloud.by("port", "network_id", id)) yield port.project_id;
  for (const subnet of cloud.by("subnet", "network_id", id)) yield subnet.project_id;
}

function* usersOfPool(cloud: Cloud, id: string): Generator<string> {
  for (const subnet of cloud.by("subnet", "subnetpool_id", id)) yield subnet.project_id;
}

function* usersOfScope(cloud: Cloud, id: string): Generator<string> {
  for (const pool of cloud.by("subnetpool", "address_scope_id", id)) yield pool.project_id;
}

/** Ports that stand for the use of a network as a way outside. */
const OUTWARD = new Set(["network:router_gateway", "network:floatingip"]);

function* usersOfExternal(cloud: Cloud, id: string): Generator<string> {
  for (const port of cloud.by("port", "network_id", id)) {
    // Such a port is nobody's; its router or floating IP is somebody's.
    const user = cloud.get("router", port.device_id) ?? cloud.get("floatingip", port.device_id) ?? port;
    if (OUTWARD.has(port.device_owner)) yield user.project_id;
  }
}

/** Do gateways or floating IPs use the network as a way outside? */
export function hasWayOut(cloud: Cloud, network: string): boolean {
  return !usersOfExternal(cloud, network).next().done;
}

/** As a port's own group, or as the remote of a rule. */
function* usersOfGroup(cloud: Cloud, id: string): Generator<string> {
  for (const port of cloud.by("port", "security_groups", id)) yield port.project_id;
  for (const rule of cloud.by("security_group_rule", "remote_group_id", id)) yield rule.project_id;
}

/** As the remote of a rule. */
function* usersOfAddressGroup(cloud: Cloud, id: string): Generator<string> {
  for (const rule of cloud.by("security_group_rule", "remote_address_group_id", id)) yield rule.project_id;
}

/** As the limits of a port or a network. */
function* usersOfPolicy(cloud: Cloud, id: string): Generator<string> {
  for (const port of cloud.by("port", "qos_policy_id", id)) yield port.project_id;
  for (const network of cloud.by("network", "qos_policy_id", id)) yield network.project_id;
}

/** May the project use it like its own? Its owner need not be told so. */
export function isSharedWith(cloud: Cloud, id: string, project: string): boolean {
  return isGiven(cloud, { id, action: "access_as_shared" }, project);
}

export function isSharedWithAll(cloud: Cloud, id: string): boolean {
  return cloud.grants.of(id, "access_as_shared").has(EVERYBODY);
}

/** Is the network a way outside for that project? */
export function isExternalFor(cloud: Cloud, network: string, project: string): boolean {
  return isGiven(cloud, { id: network, action: "access_as_external" }, project);
}

/** Is it a way outside for anybody? Then it is marked so for all who see it, as in Neutron. */
export function isExternal(cloud: Cloud, network: string): boolean {
  return cloud.grants.of(network, "access_as_external").size > 0;
}

function isGiven(cloud: Cloud, { id, action }: Access, project: string): boolean {
  const given = cloud.grants.of(id, action);
  return given.has(EVERYBODY) || given.has(project);
}

/** The part of a policy's target that says what was given to whoever asks. */
export function sharingFor(cloud: Cloud, id: string, who: Who): Pick<Target, "shared" | "external"> {
  return { shared: isSharedWith(cloud, id, who.project), external: isExternalFor(cloud, id, who.project) };
}

/** What policy is asked about something that belongs to a project and may be shared. */
export function sharedTarget(cloud: Cloud, row: Pick<Tables[ObjectType], "id" | "project_id">, who: Who): Target {
  return { owner: row.project_id, ...sharingFor(cloud, row.id, who) };
}

export interface Access {
  readonly id: string;
  readonly action: AccessAction;
}

/** What a client says of everybody; absent: nothing. */
export interface Wish {
  readonly shared?: boolean | undefined;
  readonly external?: boolean | undefined;
}

/** Whose sharing is to change: the row need not be there yet. */
export interface Shared {
  readonly type: ObjectType;
  readonly object: Pick<Tables[ObjectType], "id" | "project_id">;
}

/** The policies that come and go with `shared` or `router:external`; none where everything is so already. */
export function sharingWrites(cloud: Cloud, { type, object }: Shared, { fresh, ...wish }: Wish & { readonly fresh: Fresh }): RowWrite[] {
  return [
    ...writesFor(cloud, { type, object, action: "access_as_shared" }, { wish: wish.shared, fresh }),
    ...writesFor(cloud, { type, object, action: "access_as_external" }, { wish: wish.external, fresh }),
  ];
}

interface Accessible extends Shared {
  readonly action: AccessAction;
}

interface Wanted {
  readonly wish: boolean | undefined;
  readonly fresh: Fresh;
}

function writesFor(cloud: Cloud, { type, object, action }: Accessible, { wish, fresh }: Wanted): RowWrite[] {
  const given = cloud.grants.of(object.id, action);
  if (wish === true && !given.has(EVERYBODY)) {
    const said = { object_type: type, object_id: object.id, action, target_tenant: EVERYBODY, project_id: object.project_id };
    const row: RbacPolicy = { id: fresh.uuid(), ...said };
    return [write("rbac_policy", row.id, row)];
  }
  if (wish !== false) return [];
  // A network that is no way outside is none for anybody; one that is not shared with all may be with some.
  const ended = action === "access_as_external" ? [...given.values()] : [given.get(EVERYBODY)].filter((id) => id !== undefined);
  return ended.map((id) => removal("rbac_policy", id));
}

/** With the object goes whatever was given of it. */
export function endOfSharing(cloud: Cloud, id: string): RowWrite[] {
  return [...cloud.by("rbac_policy", "object_id", id)].map((policy) => removal("rbac_policy", policy.id));
}

/** Policies that are to go, and who gets what they gave. */
export interface Without {
  readonly gone: ReadonlySet<string>;
  readonly instead?: string | undefined;
}

/** Without what lets every project use it. */
export function withoutEverybody(cloud: Cloud, id: string): Without {
  const policy = cloud.grants.of(id, "access_as_shared").get(EVERYBODY);
  return { gone: new Set(policy === undefined ? [] : [policy]) };
}

/**
 * Would somebody who uses the object no longer be allowed to, were these policies gone? Its owner may always use it;
 * but a network that is no longer external is a way outside for its owner neither.
 */
export function isStillUsed(cloud: Cloud, { type, object, action }: Accessible, { gone, instead }: Without): boolean {
  const given = [...cloud.grants.of(object.id, action)];
  const kept = given.filter(([, id]) => !gone.has(id)).map(([target]) => target);
  const lost = new Set(given.filter(([, id]) => gone.has(id)).map(([target]) => target));
  if (lost.size === 0 || kept.includes(EVERYBODY)) return false;
  const allowed = new Set<string | undefined>([...kept, instead, ...(action === "access_as_shared" ? [object.project_id, ""] : [])]);
  const loses = (project: string) => (lost.has(EVERYBODY) || lost.has(project)) && !allowed.has(project);
  for (const project of SHAREABLE[type].users(cloud, object.id, action)) if (loses(project)) return true;
  return false;
}
