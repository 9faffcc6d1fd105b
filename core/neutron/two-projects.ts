/** For tests: a cloud in which two projects have one of each resource, made by the declarations, beside what all share. */
import type { Who } from "../policy/who.ts";
import { pathOf } from "../resource/resource.ts";
import type { Resource } from "../resource/resource.ts";
import { LEAST } from "./least.ts";
import { declarationOf } from "./look.ts";
import { NESTED, ROUTES } from "./routes.ts";
import { ADMIN, idOf, sandbox } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

export const A = "a".repeat(32);
export const B = "b".repeat(32);
export const as = (project: string, ...roles: readonly string[]): Who => ({ user: "u", project, roles });
const rules = [...new Set([...ROUTES.values(), ...NESTED.values()])];
const all = rules.map((one) => ({ one, table: one.table, resource: declarationOf(one) }));
export const nestedOnes = all.filter(({ resource }) => resource.under !== undefined);
/** What belongs to projects. */
export const owned = all.filter(({ resource }) => resource.may.create !== undefined && (isOwned(resource) || resource.under !== undefined));

export function isOwned({ attributes }: Resource): boolean {
  return "project_id" in attributes && attributes["project_id"]?.hidden === undefined;
}

interface Project {
  /** One of each resource, by its name; and what LEAST asks for. */
  readonly ids: Readonly<Record<string, string>>;
  readonly urls: Readonly<Record<string, string>>;
}

export interface World {
  readonly box: Sandbox;
  readonly a: Project;
  readonly b: Project;
  /** What no stranger of B may read. */
  readonly secrets: readonly string[];
}

export function world(): World {
  const box = sandbox();
  const lan = (said: Fields, cidr: string) => {
    const network_id = idOf(box.ask(ADMIN, "POST", "networks", { network: said }));
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id, cidr, ip_version: 4 } });
    return network_id;
  };
  const common = { external: lan({ "router:external": true }, "10.98.0.0/24"), shared: lan({ shared: true }, "10.99.0.0/24") };
  const before = new Set([...box.cloud.entries()].map(([key]) => key.slice(key.indexOf("/") + 1)));
  const b = project(box, B, { ...common, name: "secret-of-b" });
  const secrets = [...box.cloud.entries()].flatMap(([key, row]) => {
    // A row is a plain record of its attributes.
    const { mac_address: mac } = row as Fields;
    return [key.slice(key.indexOf("/") + 1), ...(typeof mac === "string" ? [mac] : [])];
  });
  const a = project(box, A, { ...common, name: "of-a" });
  return { box, a, b, secrets: [...secrets.filter((text) => !before.has(text) && text.length > 10), "secret-of-b"] };
}

interface Ground {
  readonly external: string;
  readonly shared: string;
  readonly name: string;
}

/** One of each, made by an administrator; blocks and addresses apart from those of others. */
function project(box: Sandbox, id: string, { external, shared, name }: Ground): Project {
  const [ids, urls]: [Record<string, string>, Record<string, string>] = [{ external }, {}];
  const host = id === A ? "10" : "20";
  ids["port"] = idOf(
    box.ask(ADMIN, "POST", "ports", { port: { network_id: shared, project_id: id, fixed_ips: [{ ip_address: `10.99.0.${host}` }] } }),
  );
  for (const { resource } of [...owned.filter((each) => each.resource.under === undefined), ...nestedOnes]) {
    const { name: kind } = resource;
    const owner = isOwned(resource) ? { project_id: id } : {};
    const named = "name" in resource.attributes ? { name } : {};
    const url = urlOf(resource, { ids, urls });
    const said = apart({ ...LEAST[kind]?.(ids), ...owner, ...named }, host);
    urls[kind] = url;
    // The first is on the shared network.
    ids[kind === "port" ? "second port" : kind] = idOf(box.ask(ADMIN, "POST", url, { [kind]: said }));
  }
  return { ids, urls };
}

/** What LEAST says of blocks and addresses, told by their third or last number. */
function apart(said: Fields, host: string): Fields {
  const text = JSON.stringify(said).replaceAll("10.99.0.10", `10.99.0.${host}`);
  // As it was, but for the texts within.
  return JSON.parse(text.replace("10.9.0.0/24", `10.9.${host}.0/24`).replace("10.8.0.0/16", `10.${host}.0.0/16`)) as Fields;
}

export function urlOf({ under, ...resource }: Resource, { ids, urls }: Project): string {
  if (under === undefined) return pathOf(resource);
  return `${urls[under.resource] ?? ""}/${ids[under.resource] ?? ""}/${pathOf({ ...resource, under })}`;
}

export const rowsOf = ({ box }: World) => JSON.stringify([...box.cloud.entries()].toSorted(([left], [right]) => (left < right ? -1 : 1)));
