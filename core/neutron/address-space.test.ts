/**
 * One address space, whoever writes to it in whatever order: no address is ever with two ports, whether blocks overlap or
 * not, and choosing one costs the same however many are taken.
 */
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import fc from "fast-check";
import { ipOf } from "../net/address.ts";
import { answer } from "./api.ts";
import type { ApiResponse } from "./api-types.ts";
import { Cloud } from "./cloud.ts";
import type { Decide, Fresh, RowWrite } from "./decision.ts";
import { freeAddress } from "./ipam.ts";
import { ADMIN, idOf, sandbox } from "./sandbox.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import type { CloudSettings } from "./settings.ts";
import type { Subnet } from "./subnet.ts";

const second = (number: number) =>
  `2026-11-23T${String(8 + Math.floor(number / 3600)).padStart(2, "0")}:${new Date(number * 1000).toISOString().slice(14, 19)}Z`;

/** What is committed, in order; and controllers that have each heard of so much of it. */
class Store {
  readonly log: (readonly RowWrite[])[] = [];
}

/** Decides on what it has heard of; what is stale by then is decided again. */
class Controller {
  readonly cloud: Cloud;
  readonly #store: Store;
  readonly #fresh: (now: string) => Fresh;
  #heard = 0;

  constructor(store: Store, settings: CloudSettings, fresh: (now: string) => Fresh) {
    this.cloud = new Cloud(settings);
    this.#store = store;
    this.#fresh = fresh;
  }

  hear(): void {
    for (const writes of this.#store.log.slice(this.#heard)) for (const { key, row } of writes) this.cloud.apply(key, row);
    this.#heard = this.#store.log.length;
  }

  /** Whether it hears of others' commits before it first decides, or only when its own comes too late. */
  ask(
    now: string,
    method: string,
    path: string,
    { body, hears }: { readonly body?: unknown; readonly hears: boolean },
  ): ApiResponse | undefined {
    if (hears) this.hear();
    const request = { method, path: path.split("/"), query: [], body, who: ADMIN, base: "", now };
    const asked = answer(this.cloud, request);
    if (asked.kind === "read") return asked.response;
    return this.#write(asked.decide, now);
  }

  #write(decide: Decide<Cloud, ApiResponse>, now: string): ApiResponse | undefined {
    for (;;) {
      const decided = decide(this.cloud, this.#fresh(now));
      if (this.#heard === this.#store.log.length) {
        if (!decided.ok) return undefined;
        this.#store.log.push(decided.value.writes);
        this.hear();
        return decided.value.answer;
      }
      this.hear();
    }
  }
}

/** Ids count up over all controllers; chance is of a fixed seed. */
function fates(): (now: string) => Fresh {
  let [ids, chance] = [0, 1n];
  return (now) => ({
    now,
    uuid: () => `${(++ids).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
    below: (bound) => (chance = (chance * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n) % bound,
  });
}

const hosts = fc.array(fc.record({ subnet: fc.nat(2), host: fc.integer({ min: 2, max: 7 }) }), { maxLength: 2 });
const who = { at: fc.nat(1), hears: fc.boolean(), later: fc.nat(40) };
const step = fc.oneof(
  fc.record({
    ...who,
    do: fc.constant("create" as const),
    ips: fc.option(hosts, { nil: undefined }),
    count: fc.integer({ min: 1, max: 3 }),
    lan: fc.nat(1),
  }),
  fc.record({ ...who, do: fc.constant("delete" as const), port: fc.nat(12) }),
  fc.record({ ...who, do: fc.constant("change" as const), port: fc.nat(12), ips: hosts }),
  fc.record({ ...who, do: fc.constant("mac" as const), port: fc.nat(12), mac: fc.nat(3) }),
);

/** Three blocks of IPv4, of which two lie on each other where they may; and one of IPv6 on each network, whose addresses follow from MACs. */
const BLOCKS = ["10.0.0.0/29", "10.0.0.8/29", "10.0.0.0/28"] as const;
const SLAAC = { ip_version: 6, ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac" };

describe("one address space", () => {
  for (const overlapping of ["refused", "allowed"] as const)
    test(`has one port at most for each address, whoever decides on whatever he has heard of (overlaps ${overlapping})`, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
          const store = new Store();
          const fresh = fates();
          const settings = { ...DEFAULT_SETTINGS, overlappingSubnets: overlapping, quarantineSeconds: 60 };
          const controllers = [0, 1].map(() => new Controller(store, settings, fresh));
          const [first = assert.fail()] = controllers;
          const make = (path: string, body: object) =>
            idOf(first.ask(second(0), "POST", path, { body, hears: true }) ?? { status: 0, body: { none: { id: "" } } });
          const lans = [0, 1].map(() => make("networks", { network: {} }));
          for (const [at, cidr] of BLOCKS.entries())
            make("subnets", { subnet: { network_id: lans[at === 2 ? 1 : 0], ip_version: 4, cidr } });
          for (const [at, lan] of lans.entries())
            make("subnets", {
              subnet: { network_id: lan, cidr: overlapping === "allowed" ? "2001:db8::/64" : `2001:db8:0:${at}::/64`, ...SLAAC },
            });
          const model = new Model(store);
          let now = 0;
          for (const one of steps) {
            now += one.later;
            const controller = controllers[one.at] ?? first;
            const ports = [...controller.cloud.all("port")].map(({ id }) => id).toSorted();
            const fixed = (ips: readonly { readonly subnet: number; readonly host: number }[]) =>
              ips.map(({ subnet, host }) => ({ ip_address: `10.0.0.${(subnet % 2) * 8 + host}` }));
            const of = (port: number) => `ports/${ports[port % Math.max(ports.length, 1)] ?? "none"}`;
            if (one.do === "create") {
              const port = { network_id: lans[one.lan], ...(one.ips === undefined ? {} : { fixed_ips: fixed(one.ips) }) };
              controller.ask(second(now), "POST", "ports", {
                body: { ports: Array.from({ length: one.count }, () => port) },
                hears: one.hears,
              });
            } else if (one.do === "delete") controller.ask(second(now), "DELETE", of(one.port), one);
            else {
              const port = one.do === "change" ? { fixed_ips: fixed(one.ips) } : { mac_address: `fa:16:3e:00:00:0${one.mac}` };
              controller.ask(second(now), "PUT", of(one.port), { body: { port }, hears: one.hears });
            }
            model.check(second(now));
          }
          for (const controller of controllers) {
            controller.hear();
            assert.equal(controller.cloud.addresses.size, model.size);
          }
        }),
        { numRuns: 150 },
      );
    });
});

/** Ports and released addresses as plain lists, told of every commit. */
class Model {
  readonly #store: Store;
  readonly #ports = new Map<string, readonly string[]>();
  readonly #released = new Map<string, string>();
  #seen = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get size(): number {
    return [...this.#ports.values()].flat().length;
  }

  /** After each commit: no address twice; each address that a port lost a moment ago has its row, unless a port has it. */
  check(now: string): void {
    for (const writes of this.#store.log.slice(this.#seen)) {
      const before = new Set([...this.#ports.values()].flat());
      for (const { key, row } of writes) this.#take(key, row);
      const addresses = [...this.#ports.values()].flat();
      const after = new Set(addresses);
      assert.equal(after.size, addresses.length, `twice among ${addresses.join(" ")}`);
      for (const address of before) if (!after.has(address)) assert.ok((this.#released.get(address) ?? "") > now, `${address} has no rest`);
      for (const address of this.#released.keys()) assert.ok(!after.has(address), `${address} rests and is in use`);
    }
    this.#seen = this.#store.log.length;
  }

  #take(key: string, row: object | undefined): void {
    const [table, id = ""] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
    if (table === "released" && row === undefined) this.#released.delete(id);
    if (table === "released" && row !== undefined) this.#released.set(id, (row as { readonly until: string }).until);
    if (table === "port" && row === undefined) this.#ports.delete(id);
    if (table === "port" && row !== undefined)
      this.#ports.set(
        id,
        (row as { readonly fixed_ips: readonly { readonly ip_address: string }[] }).fixed_ips.map((fixed) => fixed.ip_address),
      );
  }
}

/** How often any map is looked into while `work` runs: what a search in the trees is made of. */
function lookups(work: () => unknown): number {
  const spy = mock.method(Map.prototype, "get");
  try {
    work();
    return spy.mock.callCount();
  } finally {
    spy.mock.restore();
  }
}

interface Crowd {
  readonly cidr: string;
  readonly pools?: readonly { readonly start: string; readonly end: string }[];
  /** Offsets of the addresses that are taken. */
  readonly taken: Iterable<number>;
}

function crowded({ cidr, pools, taken }: Crowd): { readonly cloud: Cloud; readonly subnet: Subnet } {
  const box = sandbox();
  const network_id = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
  const family = cidr.includes(":") ? 6 : 4;
  const said = { network_id, cidr, ip_version: family, ...(pools === undefined ? {} : { allocation_pools: pools }) };
  const subnet = box.cloud.get("subnet", idOf(box.ask(ADMIN, "POST", "subnets", { subnet: said }))) ?? assert.fail();
  const base = family === 4 ? 0x0a000000n : 0x20010db8n << 96n;
  box.cloud.addresses.move(
    "crowd",
    [],
    [...taken].map((offset) => ipOf(family, base + BigInt(offset))),
  );
  return { cloud: box.cloud, subnet };
}

function* upTo(count: number, leap = 1): Generator<number> {
  for (let at = 2; at < count; at += leap) yield at;
}

/** The most look-ups of a choice, over many beginnings. */
function dearest({ cloud, subnet }: ReturnType<typeof crowded>): number {
  const fresh = fates()("2026-11-23T08:00:00Z");
  return Math.max(...Array.from({ length: 200 }, () => lookups(() => freeAddress(cloud, subnet, { fresh, claimed: new Set() }))));
}

describe("choosing an address", () => {
  const cases: readonly (readonly [string, number, Crowd])[] = [
    ["of a /8 with a thousand taken", 15, { cidr: "10.0.0.0/8", taken: upTo(1000) }],
    ["of a /8 with a hundred thousand taken", 15, { cidr: "10.0.0.0/8", taken: upTo(100_000) }],
    ["of a /15 with all but a few taken", 15, { cidr: "10.0.0.0/15", taken: upTo(131_000) }],
    ["of a /14 with every other taken", 15, { cidr: "10.0.0.0/14", taken: upTo(262_000, 2) }],
    ["of a /64 with a hundred thousand taken", 15, { cidr: "2001:db8::/64", taken: upTo(100_000) }],
    [
      "of fifty pools, with all taken but in the last",
      // Each full pool costs a search.
      50 * 15,
      {
        cidr: "10.0.0.0/16",
        pools: Array.from({ length: 50 }, (_, at) => ({ start: `10.0.${at}.10`, end: `10.0.${at}.99` })),
        taken: upTo(49 * 256 + 100),
      },
    ],
  ];
  for (const [what, most, crowd] of cases)
    test(`${what} takes few steps`, () => {
      const steps = dearest(crowded(crowd));
      assert.ok(steps > 0 && steps <= most, `${steps} look-ups`);
    });

  test("costs the same among released addresses as among taken ones", () => {
    const { cloud, subnet } = crowded({ cidr: "10.0.0.0/16", taken: [] });
    for (const offset of upTo(60_000)) cloud.apply(`released/${ipOf(4, 0x0a000000n + BigInt(offset))}`, { until: "2026-11-23T09:00:00Z" });
    const steps = dearest({ cloud, subnet });
    assert.ok(steps > 0 && steps <= 15, `${steps} look-ups`);
  });
});
