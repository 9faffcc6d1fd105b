import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "./plan.ts";
import { readDataCenter } from "./read.ts";
import { SECOND, changed } from "./sample.ts";
import type { Path } from "./source.ts";

function planned(...changes: readonly (readonly [Path, unknown])[]) {
  const reading = readDataCenter(changed(...changes));
  assert.ok(reading.ok, JSON.stringify(reading));
  return plan(reading.value);
}

/** `h1 > rr1` */
function pairs({ sessions }: ReturnType<typeof planned>): readonly string[] {
  return sessions.map(({ near, far }) => `${near.name} > ${far.name}`);
}

function warnings(...changes: readonly (readonly [Path, unknown])[]): readonly string[] {
  return planned(...changes).warnings.map(({ message }) => message);
}

const GW = ["gateways", 0];

test("hosts and gateways are clients of every reflector, and the gateway speaks with its provider per family", () => {
  const made = planned([["reflectors", 1], { name: "rr2", ipv4: "192.168.100.6", ipv6: "2001:db8:a41:f::6" }]);
  assert.deepEqual(pairs(made), [
    "h1 > rr1",
    "h2 > rr1",
    "gw1 > rr1",
    "h1 > rr2",
    "h2 > rr2",
    "gw1 > rr2",
    "rr1 > rr2",
    "gw1 > provider of gw1",
    "gw1 > provider of gw1",
  ]);
  assert.deepEqual(made.sessions[0], {
    protocol: "iBGP",
    kind: "reflector client",
    near: { name: "h1", ip: "192.168.100.11", asn: 64512 },
    far: { name: "rr1", ip: "192.168.100.5", asn: 64512 },
    carries: [4, 6],
    near_tells: ["addresses of its own VMs, one by one"],
    far_tells: ["addresses of other hosts' VMs, one by one", "default route (0.0.0.0/0, ::/0)"],
  });
  assert.deepEqual(made.sessions.at(-1), {
    protocol: "eBGP",
    kind: "customer",
    near: { name: "gw1", ip: "2001:db8:ffff::2", asn: 64512 },
    far: { name: "provider of gw1", ip: "2001:db8:ffff::1", asn: 64499 },
    carries: [6],
    near_tells: ["exactly 2001:db8:a41:2::/63"],
    far_tells: ["default route (::/0)"],
  });
});

test("without reflectors, hosts are clients of every gateway, and gateways peer", () => {
  const made = planned([["reflectors"], undefined], [["gateways", 1], SECOND]);
  assert.deepEqual(pairs(made).slice(0, 5), ["h1 > gw1", "h2 > gw1", "h1 > gw2", "h2 > gw2", "gw1 > gw2"]);
  assert.deepEqual(
    made.sessions.slice(0, 5).map(({ kind }) => kind),
    [...Array<string>(4).fill("gateway client"), "gateway peer"],
  );
});

test("an IPv6 data centre speaks over IPv6 alone", () => {
  const without4 = ["controllers", "reflectors", "hosts", "gateways"].map((role): readonly [Path, unknown] => [
    [role, 0, "ipv4"],
    undefined,
  ]);
  const made = planned(
    ...without4,
    [["hosts", 1, "ipv4"], undefined],
    [["fabric", "ipv4"], undefined],
    [["ranges", "public"], undefined],
    [["ranges", "private"], undefined],
    [[...GW, "upstream", "ipv4"], undefined],
    [[...GW, "pnat"], undefined],
  );
  assert.deepEqual(
    made.sessions.map(({ near, carries }) => `${near.ip} ${carries.join()}`),
    ["2001:db8:a41:f::11 6", "2001:db8:a41:f::12 6", "2001:db8:a41:f::1 6", "2001:db8:ffff::2 6"],
  );
  assert.deepEqual(made.pnat, []);
});

test("the outside hears the public and the IPv6 range, and never the private one or the fabric", () => {
  const { announced, withheld } = planned();
  assert.deepEqual(announced, ["172.18.208.0/24", "2001:db8:a41:2::/63"]);
  assert.deepEqual(withheld, ["10.65.0.0/16", "192.168.100.0/24", "2001:db8:a41:f::/64"]);
});

test("an unadvertised internal half is neither announced nor reached, and does not reach out", () => {
  const made = planned([["networks"], { internal: { ipv6: "unadvertised" } }]);
  assert.deepEqual(made.announced, ["172.18.208.0/24", "2001:db8:a41:2::/64"]);
  assert.ok(made.withheld.includes("2001:db8:a41:3::/64" as (typeof made.withheld)[number]));
  assert.deepEqual(made.reach, [
    { subnet: "external4", from_outside: true, to_outside: "as itself" },
    { subnet: "external6", from_outside: true, to_outside: "as itself" },
    { subnet: "internal4", from_outside: false, to_outside: "by PNAT" },
    { subnet: "internal6", from_outside: false, to_outside: "no" },
  ]);
});

test("PNAT translates the private range alone, and not on the way to anything inside", () => {
  assert.deepEqual(planned().pnat, [
    {
      gateway: "gw1",
      from: ["10.65.0.0/16"],
      to: { start: "198.51.100.8", end: "198.51.100.11" },
      except: ["172.18.208.0/24", "10.65.0.0/16", "192.168.100.0/24"],
      capacity: {
        vms: 65_536,
        addresses: 4,
        ports_per_vm: 3,
        own: false,
        enough: [
          { ports_per_vm: 252, addresses: 256 },
          { ports_per_vm: 1008, addresses: 1024 },
          { ports_per_vm: 4032, addresses: 4096 },
        ],
      },
      filtering: "symmetric",
      log: "nothing",
    },
  ]);
});

test("networks are shared, external is marked so, and nobody may make more of them", () => {
  const { networks, quotas } = planned();
  assert.deepEqual(
    networks.map((network) => [network.name, network["router:external"], network.shared]),
    [
      ["external", true, true],
      ["internal", false, true],
    ],
  );
  assert.deepEqual(
    networks[1]?.subnets.map(({ dns_nameservers }) => dns_nameservers),
    [["203.0.113.53"], ["2001:db8:feed::53"]],
  );
  assert.deepEqual(quotas, { network: 0, subnet: 0, router: 0, floatingip: 0 });
});

test("the guide's own file is worth these warnings", () => {
  assert.deepEqual(warnings(), [
    "ranges.public 172.18.208.0/24: private space (RFC 1918); only networks that agree with you on it can reach VMs here; " +
      "the Internet's routers drop it",
    "ranges.ipv6 2001:db8:a41:2::/63: documentation space (RFC 3849); good for a lab; providers drop it, so nothing outside answers",
    "ranges.ipv6 2001:db8:a41:2::/63: VMs on internal are reachable from outside over IPv6 (2001:db8:a41:3::/64); only their security " +
      "groups guard them. networks.internal.ipv6: unadvertised keeps that half in, none leaves it out",
    "reflectors: only one, so no redundancy: without it, hosts and gateways hear no news of VMs' addresses",
    "gateways: only one, so no redundancy: without it, nothing leads outside",
    "gateways[0].upstream.asn 64499: for documentation (RFC 5398); no provider has it",
    "gateways[0].pnat 198.51.100.8-198.51.100.11: 4 addresses for up to 65536 VMs: with all of them up, 3 connections each at a time " +
      "to one destination; one address per 256 VMs gives 252",
    "gateways[0].pnat 198.51.100.8-198.51.100.11: documentation space (RFC 5737); outside, replies to it get lost unless the provider " +
      "translates again",
  ]);
});

/** What a change adds to the warnings of the guide's file. */
const WARNED: readonly (readonly [string, ...(readonly [Path, unknown])[]])[] = [
  [
    "ranges.ipv6 fd00:a41::/63: unique local space (RFC 4193); it has no route from outside, so VMs have no reachable IPv6 address",
    [["ranges", "ipv6"], "fd00:a41::/63"],
  ],
  [
    "ranges.private 11.0.0.0/16: global address space: VMs cannot reach whoever really has it; use RFC 1918 or RFC 6598 space",
    [["ranges", "private"], "11.0.0.0/16"],
  ],
  ["hosts: none; there is nowhere to run a VM", [["hosts"], []]],
  ["gateways: none; nothing leads outside", [["gateways"], []]],
  ["fabric.peering direct: without a gateway or reflector, hosts never hear of each other's VMs", [["gateways"], []], [["reflectors"], []]],
  [
    "ranges.ipv6 2001:db8:a41:2::/63: no gateway has upstream.ipv6, so it is not reachable from outside",
    [[...GW, "upstream", "ipv6"], undefined],
  ],
  [
    "fabric.peering direct: 101 hosts peer with each of 1 gateways; beyond 100, use reflectors",
    [["reflectors"], []],
    [
      ["hosts"],
      Array.from({ length: 101 }, (_, at) => ({ name: `h${at}`, ipv4: `192.168.100.${at + 11}`, ipv6: `2001:db8:a41:f::${at + 11}` })),
    ],
  ],
];

for (const [message, ...changes] of WARNED) {
  test(`warned: ${message}`, () => {
    const found = warnings(...changes);
    assert.ok(!warnings().includes(message));
    assert.ok(found.includes(message), found.join("\n"));
  });
}

test("a data centre without a doubt has no warnings", () => {
  const clean = warnings(
    [["ranges"], { public: "8.8.8.0/24", private: "10.65.0.0/22", ipv6: "2600:a41:2::/63" }],
    [["networks"], { internal: { ipv6: "unadvertised" } }],
    [["reflectors", 1], { name: "rr2", ipv4: "192.168.100.6", ipv6: "2001:db8:a41:f::6" }],
    [
      [...GW, "upstream"],
      {
        asn: 3320,
        interface: "wan0",
        ipv4: { address: "9.9.9.2/24", peer: "9.9.9.1" },
        ipv6: { address: "2600:1::2/64", peer: "2600:1::1" },
      },
    ],
    [[...GW, "pnat"], "9.9.9.8-9.9.9.11"],
    [
      ["gateways", 1],
      {
        ...SECOND,
        upstream: { asn: 3320, interface: "wan0", ipv4: { address: "9.9.9.3/24", peer: "9.9.9.1" } },
        pnat: "9.9.9.12-9.9.9.15",
      },
    ],
  );
  assert.deepEqual(clean, []);
});

test("in a mesh BFD is the slower the more there are, and always finds within 0.6 s who is gone; elsewhere it is as declared", () => {
  const hosts = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `h${at + 1}`, ipv4: `192.168.100.${at + 11}`, ipv6: `2001:db8:a41:f::${at + 11}` }));
  const bfdOf = (count: number, ...more: readonly (readonly [Path, unknown])[]) =>
    planned([["reflectors"], undefined], [["fabric", "peering"], "mesh"], [["hosts"], hosts(count)], ...more).bfd;
  assert.deepEqual(bfdOf(3), { interval: 80, multiplier: 4, gone_after: 320, sessions: 3 });
  assert.deepEqual(bfdOf(40), { interval: 80, multiplier: 4, gone_after: 320, sessions: 40 });
  assert.deepEqual(bfdOf(60), { interval: 120, multiplier: 4, gone_after: 480, sessions: 60 });
  assert.deepEqual(bfdOf(90), { interval: 180, multiplier: 3, gone_after: 540, sessions: 90 });
  assert.deepEqual(bfdOf(200), { interval: 200, multiplier: 3, gone_after: 600, sessions: 200 });
  assert.deepEqual(bfdOf(60, [["fabric", "bfd"], { interval: 300, multiplier: 3 }])?.gone_after, 900);
  assert.equal(bfdOf(60, [["fabric", "bfd"], "off"]), undefined);
  assert.deepEqual(planned([["hosts"], hosts(200)]).bfd, { interval: 80, multiplier: 4, gone_after: 320, sessions: 201 });
});
