/**
 * `margay net-list`, `net-show`, `subnet-list`, `subnet-show`, `port-list`, `port-show`: what the API holds, in the tables
 * that the old Neutron client printed and that Calico's guide shows.
 */
import { Command, Option } from "commander";
import { cellOf } from "./cells.ts";
import { Complaint, clientAt, endpointOf } from "./client.ts";
import type { Client, Item } from "./client.ts";
import { table } from "./table.ts";

interface Kind {
  readonly noun: string;
  readonly collection: string;
  readonly listed: readonly string[];
  readonly shown: readonly string[];
  /** Something to show that the items alone do not say. */
  readonly complete?: (items: readonly Item[], found: Found) => Promise<readonly Item[]>;
}

interface Found {
  readonly client: Client;
  readonly verb: Verb;
}

type Verb = "list" | "show";

const KINDS: Readonly<Record<"net" | "subnet" | "port", Kind>> = {
  net: {
    noun: "network",
    collection: "networks",
    listed: ["id", "name", "subnets"],
    shown: [
      "admin_state_up",
      "id",
      "name",
      "provider:network_type",
      "provider:physical_network",
      "provider:segmentation_id",
      "router:external",
      "shared",
      "status",
      "subnets",
      "tenant_id",
    ],
    complete: withSubnets,
  },
  subnet: {
    noun: "subnet",
    collection: "subnets",
    listed: ["id", "name", "cidr", "allocation_pools"],
    shown: [
      "allocation_pools",
      "cidr",
      "dns_nameservers",
      "enable_dhcp",
      "gateway_ip",
      "host_routes",
      "id",
      "ip_version",
      "name",
      "network_id",
      "tenant_id",
    ],
  },
  port: {
    noun: "port",
    collection: "ports",
    listed: ["id", "name", "mac_address", "fixed_ips"],
    shown: [
      "admin_state_up",
      "allowed_address_pairs",
      "binding:host_id",
      "binding:profile",
      "binding:vif_details",
      "binding:vif_type",
      "binding:vnic_type",
      "device_id",
      "device_owner",
      "extra_dhcp_opts",
      "fixed_ips",
      "id",
      "mac_address",
      "name",
      "network_id",
      "port_security_enabled",
      "security_groups",
      "status",
      "tenant_id",
    ],
  },
};

/** `net-list` and so on. */
export type Word = `${keyof typeof KINDS}-${Verb}`;

interface Options {
  readonly url?: string;
  readonly format: "table" | "json";
}

/** The command that a word stands for. */
export function listing(word: Word): Command {
  const [name, verb] = word.split("-") as [keyof typeof KINDS, Verb]; // what the type of `word` says
  const kind = KINDS[name];
  const command = new Command(word)
    .description(verb === "list" ? `List ${kind.collection}` : `Show a ${kind.noun}`)
    .option("--url <url>", "where the API is; else MARGAY_URL, else OS_ENDPOINT")
    .addOption(new Option("-f, --format <format>", "how to print it").choices(["table", "json"]).default("table"));
  if (verb === "list") return command.action((options: Options) => print(options, (client) => list(client, kind, options)));
  return command
    .argument("<name-or-id>")
    .action((wanted: string, options: Options) => print(options, (client) => show(client, kind, { ...options, wanted })));
}

/** Sorted by name, then by id, so that two listings of one cloud are the same. */
async function list(client: Client, kind: Kind, { format }: Options): Promise<string> {
  const items = await completed(kind, await client.list(kind.collection), { client, verb: "list" });
  const sorted = items.toSorted((left, right) => compare(left["name"], right["name"]) || compare(left["id"], right["id"]));
  if (format === "json") return json(sorted.map((item) => picked(item, kind.listed)));
  const rows = sorted.map((item) => kind.listed.map((field) => cellOf(item[field])));
  return table(kind.listed, rows);
}

async function show(client: Client, kind: Kind, { format, wanted }: Options & { readonly wanted: string }): Promise<string> {
  const [item] = await completed(kind, [await find(client, kind, wanted)], { client, verb: "show" });
  const fields = picked(item ?? {}, kind.shown);
  if (format === "json") return json(fields);
  const rows = kind.shown.map((field) => [[field], cellOf(fields[field])]);
  return table(["Field", "Value"], rows);
}

/** By id, then by name; a name may be several items', and then it names none. */
async function find(client: Client, { collection, noun }: Kind, wanted: string): Promise<Item> {
  for (const key of ["id", "name"]) {
    const [item, ...more] = await client.list(collection, { [key]: wanted });
    if (item === undefined) continue;
    if (more.length === 0) return item;
    const ids = [item, ...more].map(({ id }) => String(id)).toSorted();
    throw new Complaint(`Multiple ${collection} are called '${wanted}'; use one of their ids: ${ids.join(", ")}`);
  }
  throw new Complaint(`Unable to find ${noun} with name '${wanted}'`);
}

async function completed(kind: Kind, items: readonly Item[], found: Found): Promise<readonly Item[]> {
  return kind.complete === undefined ? items : kind.complete(items, found);
}

/** A network knows its subnets by id; here they come IPv4 first, and in a list with their prefixes. */
async function withSubnets(items: readonly Item[], { client, verb }: Found): Promise<readonly Item[]> {
  const subnets = new Map((await client.list("subnets")).map(({ id, cidr }) => [id, String(cidr)]));
  const prefix = (id: unknown) => subnets.get(id) ?? "";
  const text = (id: unknown) => (verb === "list" ? `${String(id)} ${prefix(id)}`.trimEnd() : String(id));
  return items.map((item) => {
    const ids: readonly unknown[] = Array.isArray(item["subnets"]) ? item["subnets"] : [];
    const families = (id: unknown) => Number(prefix(id).includes(":"));
    const sorted = ids.toSorted((left, right) => families(left) - families(right) || compare(prefix(left), prefix(right)));
    return { ...item, subnets: sorted.map(text) };
  });
}

/** In the order of `fields`; what the API keeps from the asker is null. */
function picked(item: Item, fields: readonly string[]): Item {
  return Object.fromEntries(fields.map((field) => [field, item[field] ?? null]));
}

function compare(left: unknown, right: unknown): number {
  const [a, b] = [String(left ?? ""), String(right ?? "")];
  return a < b ? -1 : a > b ? 1 : 0;
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

async function print(options: Options, answer: (client: Client) => Promise<string>): Promise<void> {
  try {
    const client = clientAt(endpointOf(options.url, process.env), process.env["OS_TOKEN"]);
    process.stdout.write(`${await answer(client)}
`);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    process.stderr.write(`${error.message}
`);
    process.exitCode = 1;
  }
}
