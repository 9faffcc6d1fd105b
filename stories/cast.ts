/** The persons of a story, by name, and its changes as requests to the Neutron API: the same at every depth. */
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { fileURLToPath } from "node:url";
import { tapOf } from "#lab/nova.ts";
import type { Change, Remote, Rule } from "./story.ts";

/** One request; the answer's body. Throws Neutron's words for a refusal. */
export type Ask = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object) => Promise<unknown>;

/** Everything that the store holds, by key. */
export type Rows = ReadonlyMap<string, object>;
/** Puts the store back as something else than it was, by force. */
export type Rewrite = (change: (rows: Rows) => Rows) => Promise<void>;

/** A story's port as its world knows it. */
export interface Person {
  readonly id: string;
  readonly tap: string;
  readonly network: string;
  readonly addresses: readonly string[];
  readonly host: string;
  /** Whose VM it is a further NIC of. */
  readonly beside?: string;
}

export interface Cast {
  readonly people: ReadonlyMap<string, Person>;
  /** Whoever is behind a tap of no port. */
  readonly strays: ReadonlyMap<string, Person>;
  /** Groups of people who are gone are still groups; ports that are gone are still remembered by their taps. */
  readonly taps: ReadonlyMap<string, string>;
  play(change: Change): Promise<void>;
}

const examples = new Map<string, Promise<DataCenter>>();

/** The data centre of `examples/NAME.yaml`, read once. */
export function exampleDataCenter(name: string): Promise<DataCenter> {
  const reading = examples.get(name) ?? readExample(name);
  examples.set(name, reading);
  return reading;
}

async function readExample(name: string): Promise<DataCenter> {
  const path = fileURLToPath(new URL(`../examples/${name}.yaml`, import.meta.url));
  const reading = await readDataCenterFile(path);
  if (!reading.ok) throw new Error(reading.problems.join("\n"));
  return reading.value;
}

/** Writes `tap(NAME)` for taps of the story's ports. */
export function withNames(text: string, taps: ReadonlyMap<string, string>): string {
  return [...taps].reduce((shown, [name, tap]) => shown.replaceAll(tap, `tap(${name})`), text);
}

export function castOf(ask: Ask, rewrite: Rewrite): Cast {
  const [people, strays] = [new Map<string, Person>(), new Map<string, Person>()];
  const taps = new Map<string, string>();
  const groups = new Map<string, string>();
  const addressGroups = new Map<string, string>();
  const floatings = new Map<string, string>();
  const policies = new Map<string, string>();
  const person = (name: string) => known(people, name, "port");
  const group = (name: string) => known(groups, name, "group");
  const floating = (name: string) => known(floatings, name, "floating IP");
  const addresses = (name: string) => known(addressGroups, name, "addresses");

  const play = async (change: Change): Promise<void> => {
    switch (change.do) {
      case "group": {
        const made = await ask("POST", "security-groups", { security_group: { name: change.name, stateful: change.stateful } });
        groups.set(change.name, idOf(made, "security_group"));
        return;
      }
      case "addresses": {
        const made = await ask("POST", "address-groups", { address_group: { name: change.name, addresses: change.prefixes } });
        addressGroups.set(change.name, idOf(made, "address_group"));
        return;
      }
      case "add":
      case "remove":
        await ask("PUT", `address-groups/${addresses(change.addresses)}/${change.do}_addresses`, { addresses: [change.prefix] });
        return;
      case "rule":
        await ask("POST", "security-group-rules", { security_group_rule: ruleBody(change.rule, { group, addresses }) });
        return;
      case "unrule":
        await ask("DELETE", `security-group-rules/${await ruleId(ask, ruleBody(change.rule, { group, addresses }))}`);
        return;
      case "port": {
        const id = await makePort(ask, await portBody(ask, change, group), change.after === undefined ? "" : person(change.after).id);
        const { network, addresses: own, host, beside } = change;
        const born = { id, tap: tapOf(id), network, addresses: own, host, ...(beside === undefined ? {} : { beside }) };
        people.set(change.name, born);
        taps.set(change.name, born.tap);
        return;
      }
      case "floating":
        floatings.set(change.floating, await makeFloating(ask, change.address));
        return;
      case "lead": {
        const port_id = change.to === undefined ? null : person(change.to).id;
        await ask("PUT", `floatingips/${floating(change.floating)}`, { floatingip: { port_id } });
        return;
      }
      case "forward": {
        const { id: internal_port_id, addresses: own } = person(change.to);
        const said = { protocol: change.protocol, external_port: change.port, internal_port: change.inner };
        const body = { ...said, internal_port_id, internal_ip_address: own.find((address) => !address.includes(":")) };
        await ask("POST", `floatingips/${floating(change.floating)}/port_forwardings`, { port_forwarding: body });
        return;
      }
      case "unforward":
        await ask("DELETE", await forwardingPath(ask, floating(change.floating), change));
        return;
      case "policy": {
        const id = policies.get(change.policy) ?? idOf(await ask("POST", "qos/policies", { policy: { name: change.policy } }), "policy");
        policies.set(change.policy, id);
        return limit(ask, id, change);
      }
      case "pace": {
        const qos_policy_id = change.by === undefined ? null : known(policies, change.by, "policy");
        if ("port" in change.of) await ask("PUT", `ports/${person(change.of.port).id}`, { port: { qos_policy_id } });
        else await ask("PUT", `networks/${await networkId(ask, change.of.network)}`, { network: { qos_policy_id } });
        return;
      }
      case "regroup":
        await ask("PUT", `ports/${person(change.name).id}`, { port: { security_groups: change.groups.map(group) } });
        return;
      case "set": {
        const set = await ask("PUT", `ports/${person(change.name).id}`, { port: { [change.attribute]: change.value } });
        people.set(change.name, { ...person(change.name), addresses: addressesOf(set) });
        return;
      }
      case "move":
      case "bind":
        await ask("PUT", `ports/${person(change.name).id}`, { port: { "binding:host_id": change.host } });
        people.set(change.name, { ...person(change.name), host: change.host });
        return;
      case "expect":
        await ask("POST", `ports/${person(change.name).id}/bindings`, { binding: { host: change.host } });
        return;
      case "activate": {
        const { id, host } = person(change.name);
        await ask("PUT", `ports/${id}/bindings/${change.host}/activate`);
        await ask("DELETE", `ports/${id}/bindings/${host}`);
        people.set(change.name, { ...person(change.name), host: change.host });
        return;
      }
      case "give-up":
        await ask("DELETE", `ports/${person(change.name).id}/bindings/${change.host}`);
        return;
      case "take": {
        await ask("PUT", `ports/${person(change.name).id}/take_addresses`, { addresses: [{ ip_address: change.address }] });
        for (const [name, each] of people) people.set(name, { ...each, addresses: each.addresses.filter((ip) => ip !== change.address) });
        people.set(change.name, { ...person(change.name), addresses: [...person(change.name).addresses, change.address] });
        return;
      }
      case "stray": {
        const tap = `tapstray-${change.stray}`;
        strays.set(change.stray, { id: "of no port", tap, network: "none", addresses: change.addresses, host: change.host });
        taps.set(change.stray, tap);
        return;
      }
      case "claim": {
        const { id, addresses: own } = person(change.name);
        await rewrite((rows) => claimed(rows, id, change.address));
        const kept = own.filter((address) => address.includes(":") !== change.address.includes(":"));
        people.set(change.name, { ...person(change.name), addresses: [...kept, change.address] });
        return;
      }
      case "claim-tap": {
        const { id } = person(change.name);
        const next = `${person(change.of).id.slice(0, -12)}ffffffffffff`;
        await rewrite((rows) => renumbered(rows, id, next));
        people.set(change.name, { ...person(change.name), id: next, tap: tapOf(next) });
        taps.set(change.name, tapOf(next));
        return;
      }
      case "delete":
        await ask("DELETE", `ports/${person(change.name).id}`);
        people.delete(change.name);
        return;
      default:
        throw new Error(`${change.do} is no request`);
    }
  };
  return { people, strays, taps, play };
}

function known<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`the story has no ${what} ${name}`);
  return found;
}

function addressesOf(body: unknown): string[] {
  return (body as { readonly port: { readonly fixed_ips: readonly { readonly ip_address: string }[] } }).port.fixed_ips.map(
    ({ ip_address: address }) => address,
  );
}

function idOf(body: unknown, key: string): string {
  return (body as Record<string, { readonly id: string }>)[key]?.id ?? "";
}

/** Neutron takes only the gaps of a VM that is bound and plugged by Nova: the story's port is one of these. */
async function portBody(ask: Ask, change: Extract<Change, { do: "port" }>, group: (name: string) => string): Promise<object> {
  return {
    network_id: await networkId(ask, change.network),
    fixed_ips: change.addresses.map((ip_address) => ({ ip_address })),
    security_groups: change.groups.map(group),
    device_owner: "compute:nova",
    "binding:host_id": change.host,
  };
}

async function networkId(ask: Ask, name: string): Promise<string | undefined> {
  const { networks } = (await ask("GET", `networks?name=${name}`)) as { readonly networks: readonly { readonly id: string }[] };
  return networks[0]?.id;
}

/** The policy's rule for the direction, made or changed. */
async function limit(ask: Ask, policy: string, { direction, mbit }: Extract<Change, { do: "policy" }>): Promise<void> {
  const path = `qos/policies/${policy}/bandwidth_limit_rules`;
  const { bandwidth_limit_rules: rules } = (await ask("GET", path)) as {
    readonly bandwidth_limit_rules: readonly { readonly id: string; readonly direction: string }[];
  };
  const there = rules.find((rule) => rule.direction === direction);
  const said = { bandwidth_limit_rule: { max_kbps: 1000 * mbit, max_burst_kbps: 0, direction } };
  await (there === undefined ? ask("POST", path, said) : ask("PUT", `${path}/${there.id}`, said));
}

/** Its id. Where it must be after another, ports are made until it is. */
async function makePort(ask: Ask, port: object, after: string): Promise<string> {
  for (;;) {
    const id = idOf(await ask("POST", "ports", { port }), "port");
    if (id > after) return id;
    await ask("DELETE", `ports/${id}`);
  }
}

/** The port has the address in place of its own of that family, whoever else has it. */
function claimed(rows: Rows, id: string, address: string): Rows {
  type Row = { readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[] };
  const row = rows.get(`port/${id}`) as Row & object;
  const fixed_ips = row.fixed_ips.map((fixed) =>
    fixed.ip_address.includes(":") === address.includes(":") ? { ...fixed, ip_address: address } : fixed,
  );
  return new Map([...rows, [`port/${id}`, { ...row, fixed_ips }]]);
}

/** Nova has to plug it anew. */
function renumbered(rows: Rows, id: string, next: string): Rows {
  return new Map(
    [...rows].map(([key, row]) => (key === `port/${id}` ? [`port/${next}`, { ...row, id: next, device_id: "" }] : [key, row])),
  );
}

/** A data centre allows nobody any, until an administrator says otherwise. */
async function makeFloating(ask: Ask, floating_ip_address: string): Promise<string> {
  const { project } = (await ask("GET", "quotas/project")) as { readonly project: { readonly project_id: string } };
  await ask("PUT", `quotas/${project.project_id}`, { quota: { floatingip: -1 } });
  const { networks } = (await ask("GET", "networks?name=external")) as { readonly networks: readonly { readonly id: string }[] };
  const made = await ask("POST", "floatingips", { floatingip: { floating_network_id: networks[0]?.id, floating_ip_address } });
  return idOf(made, "floatingip");
}

async function forwardingPath(ask: Ask, floating: string, { protocol, port }: Extract<Change, { do: "unforward" }>): Promise<string> {
  const path = `floatingips/${floating}/port_forwardings`;
  const query = `protocol=${protocol}&external_port=${port}`;
  const { port_forwardings: found } = (await ask("GET", `${path}?${query}`)) as {
    readonly port_forwardings: readonly { readonly id: string }[];
  };
  const [first] = found;
  if (first === undefined) throw new Error(`the floating IP forwards no port ${protocol} ${port}`);
  return `${path}/${first.id}`;
}

interface Ids {
  group(name: string): string;
  addresses(name: string): string;
}

function ruleBody(rule: Rule, ids: Ids) {
  const { remote } = rule;
  return {
    security_group_id: ids.group(rule.group),
    direction: rule.direction,
    ethertype: `IPv${rule.family}`,
    ...(rule.protocol === "any" ? {} : { protocol: rule.protocol }),
    ...(rule.port === undefined ? {} : { port_range_min: rule.port, port_range_max: rule.port }),
    ...(remote === undefined ? {} : remoteBody(remote, ids)),
  };
}

function remoteBody(remote: Remote, ids: Ids): object {
  if ("group" in remote) return { remote_group_id: ids.group(remote.group) };
  return "addresses" in remote ? { remote_address_group_id: ids.addresses(remote.addresses) } : { remote_ip_prefix: remote.prefix };
}

/** The rule that says the same. */
async function ruleId(ask: Ask, body: ReturnType<typeof ruleBody>): Promise<string> {
  const path = `security-group-rules?security_group_id=${body.security_group_id}`;
  const { security_group_rules: rules } = (await ask("GET", path)) as {
    readonly security_group_rules: readonly (Record<string, unknown> & { readonly id: string })[];
  };
  const wanted = {
    protocol: null,
    port_range_min: null,
    remote_group_id: null,
    remote_address_group_id: null,
    remote_ip_prefix: null,
    ...body,
  };
  const found = rules.find((rule) => Object.entries(wanted).every(([key, value]) => rule[key] === value));
  if (found === undefined) throw new Error(`the group has no such rule: ${JSON.stringify(body)}`);
  return found.id;
}
