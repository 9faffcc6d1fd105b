/**
 * Thousands of requests at random, most of them valid, of three projects and an administrator: whatever comes of them is consistent,
 * every change counts as one, and what ends leaves nothing behind that names it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Who } from "../policy/who.ts";
import { pathOf } from "../resource/resource.ts";
import { isWrong } from "../resource/type.ts";
import { inconsistencies } from "./consistency.ts";
import { alive } from "../feed/status.ts";
import { LEAST } from "./least.ts";
import { declarationOf } from "./look.ts";
import { NESTED, ROUTES } from "./routes.ts";
import { ADMIN, sandbox } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import type { CloudSettings } from "./settings.ts";
import type { TableName } from "./tables.ts";

const project = (digit: string): Who => ({ user: "u", project: digit.repeat(32), roles: ["manager"] });
const ASKERS = [project("1"), project("2"), project("3"), ADMIN, ADMIN, ADMIN, ADMIN, { ...ADMIN, roles: ["service"] }];

const rules = [...new Set([...ROUTES.values(), ...NESTED.values()])];
const HOSTS = ["h1", "h2"];

/** Whole numbers that come again with the same seed. */
function luck(seed: bigint): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(bound));
  };
}

class Walk {
  readonly box: Sandbox;
  readonly below: (bound: number) => number;
  readonly statuses = new Map<string, number>();
  #second = 0;

  constructor(seed: bigint, overlappingSubnets: CloudSettings["overlappingSubnets"]) {
    this.box = sandbox({ quarantineSeconds: 5, overlappingSubnets });
    this.below = luck(seed);
    for (const { project: id } of ASKERS) this.box.cloud.apply(`quota/${id}`, { project_id: id, network: 60, subnet: 60, rbac_policy: 60 });
    for (const host of HOSTS) this.hello(host);
  }

  hello(host: string): void {
    this.box.decide(alive({ op: "hello", host, role: "compute", started_at: this.box.time.now }));
  }

  one<T>(values: readonly T[]): T {
    assert.ok(values.length > 0, "nothing to choose from");
    // Null is a choice, too.
    return values[this.below(values.length)] as T;
  }

  /** Id of some row, old ones as likely as new; of none where there is none. */
  idIn(table: TableName): string {
    const ids = [...this.box.cloud.all(table)].flatMap((row) => ("id" in row ? [row.id] : []));
    return ids.length === 0 ? "0badc0de-0000-4000-8000-000000000000" : this.one(ids);
  }

  /** Asks somebody; checks what became of every row. */
  ask(method: string, path: string, body?: unknown): void {
    this.#second++;
    const now = new Date(Date.parse("2026-11-23T08:00:00Z") + this.#second * 1000).toISOString().replace(".000", "");
    this.box.time.now = now;
    if (this.#second % 60 === 0) for (const host of HOSTS) this.hello(host);
    const before = new Map(this.box.cloud.entries());
    const { status, body: answered } = this.box.ask(this.one(ASKERS), method, path, body);
    const told = `${method} ${path} ${JSON.stringify(body)} -> ${status} ${JSON.stringify(answered)}`;
    assert.ok(status < 500, told);
    const kind = `${method} ${status < 300 ? "done" : "refused"}`;
    this.statuses.set(kind, (this.statuses.get(kind) ?? 0) + 1);
    const after = new Map(this.box.cloud.entries());
    if (status >= 300)
      assert.deepEqual(
        [...after].filter(([key, row]) => before.get(key) !== row),
        [],
        told,
      );
    for (const [key, row] of after) if (before.get(key) !== row) counted(before.get(key), row, { key, now, told });
  }

  said(name: string): Fields {
    const { cloud } = this.box;
    const port = cloud.get("port", this.idIn("port"));
    const ids = {
      network: this.idIn("network"),
      external: this.idIn("network"),
      port: port?.id ?? "",
      security_group: this.idIn("security_group"),
    };
    const least = LEAST[name]?.(ids) ?? {};
    const family = this.below(4) === 0 ? 6 : 4;
    const block = family === 6 ? `2001:db8:0:${this.below(60).toString(16)}::/64` : `10.${100 + this.below(3)}.${this.below(30)}.0/28`;
    const modes = this.one([{}, { ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" }]);
    const own: Readonly<Record<string, () => Fields>> = {
      subnet: () => ({
        ...(this.below(8) === 0 && family === 4 ? { gateway_ip: `10.100.1.${this.below(16)}`, allocation_pools: [] } : {}),
        cidr: block,
        ip_version: family,
        ...(family === 6 ? modes : {}),
      }),
      subnetpool: () => ({
        prefixes: [`10.${140 + this.below(20)}.0.0/16`],
        default_prefixlen: 28,
        address_scope_id: this.one([null, this.idIn("address_scope")]),
      }),
      network: () => this.one([{ shared: true }, { "router:external": true }, {}, { qos_policy_id: this.idIn("qos_policy") }]),
      router: () => this.one([{}, { external_gateway_info: { network_id: ids.network } }]),
      port: () =>
        this.one([
          {},
          { device_owner: "compute:nova", device_id: "vm", "binding:host_id": this.one(HOSTS) },
          { device_owner: "compute:nova", fixed_ips: [{ subnet_id: this.idIn("subnet") }] },
          { security_groups: [ids.security_group], qos_policy_id: this.idIn("qos_policy") },
          {
            device_owner: this.one(["network:dhcp", "network:router_interface", "network:floatingip"]),
            device_id: this.one([this.idIn("router"), this.idIn("floatingip")]),
          },
        ]),
      floatingip: () => this.one([{}, { port_id: ids.port }]),
      port_forwarding: () => ({ internal_ip_address: port?.fixed_ips[0]?.ip_address ?? "10.0.0.1", external_port: 1 + this.below(50) }),
      rbac_policy: () =>
        this.one(
          (["network", "security_group", "address_group", "qos_policy", "subnetpool", "address_scope"] as const).map((type) => ({
            object_type: type,
            object_id: this.idIn(type),
            target_tenant: this.one(["*", ..."123"].map((digit) => (digit === "*" ? digit : digit.repeat(32)))),
          })),
        ),
      security_group_rule: () =>
        this.one([
          { remote_group_id: this.idIn("security_group") },
          { remote_address_group_id: this.idIn("address_group"), ethertype: "IPv6" },
          { protocol: "tcp", port_range_min: 1 + this.below(99), port_range_max: 200 },
        ]),
      default_security_group_rule: () => ({
        protocol: String(this.below(200)),
        remote_group_id: this.one([null, "PARENT", this.idIn("security_group")]),
      }),
    };
    return { ...least, ...own[name]?.() };
  }

  step(): void {
    const one = this.one(rules);
    const { table } = one;
    const resource = declarationOf(one);
    const { name, plural, under } = resource;
    const parent = under?.resource === "policy" ? `qos/policies/${this.idIn("qos_policy")}` : `floatingips/${this.idIn("floatingip")}`;
    const path = under === undefined ? pathOf(resource) : `${parent}/${pathOf(resource)}`;
    const of = `${path}/${this.idIn(table)}`;
    const dice = this.below(20);
    if (dice < 8)
      this.ask("POST", path, this.below(6) === 0 ? { [plural]: [this.said(name), this.said(name)] } : { [name]: this.said(name) });
    else if (dice < 12) this.ask("PUT", of, { [name]: this.changed(name, resource.attributes) });
    else if (dice < 15) this.ask("DELETE", of);
    else if (dice < 16) this.ask(this.one(["PUT", "POST"]), `${of}/tags`, { tags: [this.one(["a", "b", "c"])] });
    else this.act();
  }

  /** One attribute as it would be of another, or any value that its type takes. */
  changed(name: string, attributes: ReturnType<typeof declarationOf>["attributes"]): Fields {
    const said = this.said(name);
    const values = ["x", true, false, 9, null, [], {}, "10.100.1.3"];
    const names = Object.entries(attributes).filter(([, { write }]) => write === "always" || write === "change");
    const [attribute, { type }] = this.one(names.length === 0 ? Object.entries(attributes) : names);
    if (attribute in said) return { [attribute]: said[attribute] };
    const value = values.find((each) => this.below(2) === 0 && !isWrong(type.read(each)));
    return value === undefined ? {} : { [attribute]: value };
  }

  act(): void {
    const [router, port, floating] = [this.idIn("router"), this.idIn("port"), this.idIn("floatingip")];
    const link = this.one([{ subnet_id: this.idIn("subnet") }, { port_id: port }]);
    const acts: readonly (() => void)[] = [
      () => this.ask("PUT", `routers/${router}/${this.one(["add", "add", "remove"])}_router_interface`, link),
      () =>
        this.ask("PUT", `routers/${router}`, { router: { external_gateway_info: this.one([null, { network_id: this.idIn("network") }]) } }),
      () =>
        this.ask("PUT", `routers/${router}/add_extraroutes`, {
          router: { routes: [{ destination: "10.250.0.0/24", nexthop: "10.100.1.1" }] },
        }),
      () => this.ask("PUT", `floatingips/${floating}`, { floatingip: { port_id: this.one([port, null]) } }),
      () => this.ask("PUT", `ports/${port}`, { port: { "binding:host_id": this.one([...HOSTS, ""]) } }),
      () => this.ask("PUT", `ports/${port}`, { port: { mac_address: null } }),
      () => this.ask("PUT", `ports/${port}`, { port: { fixed_ips: this.one([[], [{ subnet_id: this.idIn("subnet") }]]) } }),
      () => this.ask("POST", `ports/${port}/bindings`, { binding: { host: this.one(HOSTS) } }),
      () => this.ask("PUT", `ports/${port}/bindings/${this.one(HOSTS)}/activate`),
      () => this.ask("DELETE", `ports/${port}/bindings/${this.one(HOSTS)}`),
      () => this.ask("PUT", `subnetpools/${this.idIn("subnetpool")}/onboard_network_subnets`, { network_id: this.idIn("network") }),
      () =>
        this.ask("PUT", `subnetpools/${this.idIn("subnetpool")}/${this.one(["add", "remove"])}_prefixes`, { prefixes: ["10.150.0.0/16"] }),
      () =>
        this.ask("POST", "subnets", {
          subnet: { network_id: this.idIn("network"), ip_version: 4, subnetpool_id: this.idIn("subnetpool") },
        }),
      () => this.ask("PUT", `address-groups/${this.idIn("address_group")}/add_addresses`, { addresses: [`10.1.${this.below(9)}.0/24`] }),
      () => this.ask("GET", `auto-allocated-topology/null`),
      () => this.ask("DELETE", `auto-allocated-topology/null`),
    ];
    this.one(acts)();
  }

  check(): void {
    assert.deepEqual(inconsistencies(new Map(this.box.cloud.entries())), []);
    const { cloud } = this.box;
    for (const { device_owner: owner, "binding:host_id": host, fixed_ips: fixed, id } of cloud.all("port"))
      if (host !== "" || owner === "network:floatingip")
        for (const { ip_address: address } of fixed)
          assert.equal(cloud.addresses.gatewaysAt(address), 0, `port ${id} has the gateway ${address}`);
    for (const { id } of cloud.all("floatingip")) {
      const kept = [...cloud.by("port", "device_id", id)].filter(({ device_owner: owner }) => owner === "network:floatingip");
      assert.equal(kept.length, 1, `floating IP ${id} has ${kept.length} ports`);
    }
    for (const { device_id: device, device_owner: owner, project_id: project, id } of cloud.all("port"))
      if (project === "")
        assert.ok(
          (owner === "network:floatingip" ? cloud.get("floatingip", device) : cloud.get("router", device)) !== undefined,
          `port ${id} is nobody's any more`,
        );
  }
}

interface Where {
  readonly key: string;
  readonly now: string;
  readonly told: string;
}

/** A row that is another one has a higher revision, and says when; a new one has none behind it. */
function counted(before: object | undefined, after: object, { key, now, told }: Where): void {
  if (!("revision_number" in after) || !("updated_at" in after)) return;
  assert.equal(after.updated_at, now, `${key} by ${told}`);
  if (before === undefined || !("revision_number" in before)) return;
  assert.ok(Number(after.revision_number) > Number(before.revision_number), `${key} by ${told}`);
}

const WALKS = [
  [1n, "refused"],
  [2n, "refused"],
  [3n, "allowed"],
] as const;

for (const [seed, overlapping] of WALKS)
  test(`2500 requests leave a consistent cloud (${seed}, overlaps ${overlapping})`, () => {
    const walk = new Walk(seed, overlapping);
    for (let left = 2500; left > 0; left--) {
      walk.step();
      if (left % 25 === 0) walk.check();
    }
    const done = (method: string) => walk.statuses.get(`${method} done`) ?? 0;
    assert.ok(done("POST") > 200 && done("PUT") > 150 && done("DELETE") > 100, JSON.stringify([...walk.statuses]));
  });
