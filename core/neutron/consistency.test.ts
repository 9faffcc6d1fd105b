/** A cloud that was made through the API is consistent, and whatever is broken in it by hand is found at its place. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inconsistencies } from "./consistency.ts";
import { referredBy } from "./consistency-rows.ts";
import { ADMIN, idOf, MEMBER, sandbox, SERVICE } from "./sandbox.ts";
import { alive } from "../feed/status.ts";
import { keptAttributes } from "../resource/kept.ts";
import { DECLARED } from "./tables.ts";

type Rows = Map<string, object>;

interface Made {
  readonly rows: Rows;
  readonly ids: Readonly<Record<"network" | "subnet" | "port" | "other" | "group" | "rule", string>>;
}

function made(): Made {
  const box = sandbox();
  const post = (path: string, body: object) => idOf(box.ask(MEMBER, "POST", path, body));
  box.decide(alive({ op: "hello", host: "h1", role: "compute", started_at: "2026-11-23T08:00:00Z" }));
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: { shared: true } }));
  const subnet = idOf(box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, ip_version: 4, cidr: "192.0.2.0/24" } }));
  const six = { network_id: network, ip_version: 6, cidr: "2001:db8::/64", ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" };
  box.ask(ADMIN, "POST", "subnets", { subnet: six });
  const group = post("security-groups", { security_group: { name: "web" } });
  const said = { security_group_id: group, direction: "ingress", protocol: "tcp", port_range_min: 80, port_range_max: 80 };
  const rule = post("security-group-rules", { security_group_rule: { ...said, remote_group_id: group } });
  const port = post("ports", { port: { network_id: network, security_groups: [group], device_owner: "compute:nova" } });
  box.ask(SERVICE, "PUT", `ports/${port}`, { port: { "binding:host_id": "h1" } });
  const other = post("ports", { port: { network_id: network } });
  const more = { allowed_address_pairs: [{ ip_address: "192.0.2.77" }], extra_dhcp_opts: [{ opt_name: "mtu", opt_value: "1400" }] };
  assert.equal(box.ask(ADMIN, "PUT", `ports/${other}`, { port: more }).status, 200);
  box.ask(ADMIN, "PUT", "quotas/p-member", { quota: { port: 7 } });
  return { rows: new Map(box.cloud.entries()), ids: { network, subnet, port, other, group, rule } };
}

test("what the API made is consistent", () => assert.deepEqual(inconsistencies(made().rows), []));

/** What is done to one row, and what is then found: place and problem. */
interface Damage {
  readonly what: string;
  readonly harm: (it: Made) => void;
  readonly found: (it: Made) => readonly (readonly [place: string, problem: string])[];
}

function change({ rows }: Made, key: string, said: object): void {
  rows.set(key, { ...rows.get(key), ...said });
}

const DAMAGES: readonly Damage[] = [
  {
    what: "a network that is gone",
    harm: ({ rows, ids }) => rows.delete(`network/${ids.network}`),
    found: ({ ids, rows }) => {
      const gone = `names the network ${ids.network}, which is not there`;
      const users = [...rows.keys()].filter((key) => /^(subnet|port)\//.test(key)).map((key) => [`${key} network_id`, gone] as const);
      const policies = [...rows.keys()].filter((key) => key.startsWith("rbac_policy/")).map((key) => [`${key} object_id`, gone] as const);
      return [...users, ...policies];
    },
  },
  {
    what: "a subnet that addresses are from",
    harm: ({ rows, ids }) => rows.delete(`subnet/${ids.subnet}`),
    found: ({ ids }) =>
      ["port", "other"].map((name) => [`port/${ids[name as "port"]} fixed_ips`, `names the subnet ${ids.subnet}, which is not there`]),
  },
  {
    what: "a group that a port and a rule name",
    harm: ({ rows, ids }) => {
      rows.delete(`security_group/${ids.group}`);
      for (const key of rows.keys()) if (key.startsWith("security_group_rule/") && !key.endsWith(ids.rule)) rows.delete(key);
    },
    found: ({ ids }) =>
      [
        `port/${ids.port} security_groups`,
        `security_group_rule/${ids.rule} security_group_id`,
        `security_group_rule/${ids.rule} remote_group_id`,
      ].map((place) => [place, `names the security_group ${ids.group}, which is not there`]),
  },
  {
    what: "an address of two ports",
    harm: (it) =>
      change(it, `port/${it.ids.other}`, { fixed_ips: (it.rows.get(`port/${it.ids.port}`) as { fixed_ips: object }).fixed_ips }),
    found: ({ ids, rows }) =>
      (rows.get(`port/${ids.port}`) as { fixed_ips: { ip_address: string }[] }).fixed_ips.map(({ ip_address: address }) => [
        `port/${ids.other} fixed_ips`,
        `${address} is the address of port/${ids.port} too`,
      ]),
  },
  {
    what: "an address outside of its subnet",
    harm: (it) => change(it, `port/${it.ids.port}`, { fixed_ips: [{ subnet_id: it.ids.subnet, ip_address: "198.51.100.1" }] }),
    found: ({ ids }) => [[`port/${ids.port} fixed_ips`, "198.51.100.1 is outside of its subnet 192.0.2.0/24"]],
  },
  {
    what: "a value that is none",
    harm: (it) => change(it, `network/${it.ids.network}`, { mtu: "big" }),
    found: ({ ids }) => [[`network/${ids.network} mtu`, `"big": 'big' is not an integer`]],
  },
  {
    what: "a value that is not missing, but spelled otherwise",
    harm: (it) => change(it, `network/${it.ids.network}`, { admin_state_up: "true" }),
    found: ({ ids }) => [[`network/${ids.network} admin_state_up`, `"true": is not how flag is kept`]],
  },
  {
    what: "a row without one of its attributes",
    harm: (it) => change(it, `subnet/${it.ids.subnet}`, { enable_dhcp: undefined }),
    found: ({ ids }) => [[`subnet/${ids.subnet} enable_dhcp`, "is missing"]],
  },
  {
    what: "a row under another's key",
    harm: (it) => change(it, `security_group/${it.ids.group}`, { id: it.ids.port }),
    found: ({ ids }) => [[`security_group/${ids.group} id`, `is "${ids.port}", and the row is kept under ${ids.group}`]],
  },
  {
    what: "a table of somebody else",
    harm: ({ rows }) => rows.set("weather/today", {}),
    found: () => [["weather/today", 'there is no table "weather"']],
  },
  {
    what: "a second default group",
    harm: (it) => change(it, `security_group/${it.ids.group}`, { name: "default" }),
    found: ({ ids, rows }) => {
      const first = [...rows.values()].find(
        (row) =>
          "name" in row &&
          row.name === "default" &&
          "project_id" in row &&
          row.project_id === "p-member" &&
          "id" in row &&
          row.id !== ids.group,
      );
      return [[`security_group/${ids.group}`, `the project p-member has the default group ${(first as { id: string }).id} already`]];
    },
  },
  {
    what: "a binding to no host",
    harm: (it) => change(it, `port/${it.ids.port}`, { "binding:host_id": "" }),
    found: ({ ids }) => [[`port/${ids.port} binding:vif_type`, "tap, but no host is named"]],
  },
  {
    what: "a subnet whose pool is not its own",
    harm: (it) => change(it, `subnet/${it.ids.subnet}`, { allocation_pools: [{ start: "198.51.100.1", end: "198.51.100.2" }] }),
    found: ({ ids }) => [
      [`subnet/${ids.subnet}`, "The allocation pool 198.51.100.1-198.51.100.2 spans beyond the subnet cidr 192.0.2.0/24."],
    ],
  },
];

describe("what is broken by hand is found:", () => {
  for (const { what, harm, found } of DAMAGES) {
    test(what, () => {
      const it = made();
      harm(it);
      const findings = inconsistencies(it.rows);
      assert.deepEqual(
        findings.map(({ place, problem }) => [place, problem]).toSorted(),
        found(it)
          .map((one) => [...one])
          .toSorted(),
      );
      assert.ok(findings.every(({ advice }) => advice !== ""));
    });
  }
});

test("an attribute tells what it names by its own name", () => {
  const cases = {
    network_id: "network",
    floating_network_id: "network",
    security_groups: "security_group",
    device_id: undefined,
    id: undefined,
  };
  for (const [name, table] of Object.entries(cases)) assert.equal(referredBy(name), table, name);
});

/** Ids of objects whose table another attribute names, and of what there is none of. */
const ELSEWHERE = new Set(["rbac_policy.object_id", "subnet.subnetpool_id"]);

test("every id that rows keep names a table, or is known to name none", () => {
  const silent = Object.values(DECLARED).flatMap((declared) =>
    keptAttributes(declared)
      .filter(
        ([name, { type, refers }]) => /uuid/.test(type.name) && name !== "id" && refers === undefined && referredBy(name) === undefined,
      )
      .filter(([name]) => declared.under?.attribute !== name)
      .map(([name]) => `${declared.name}.${name}`),
  );
  assert.deepEqual(
    silent.filter((place) => !ELSEWHERE.has(place)),
    [],
  );
});
