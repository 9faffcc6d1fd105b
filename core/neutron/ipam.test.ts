/** An address has at most one port in the whole cloud, whatever is asked in whatever order. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readIp } from "../net/address.ts";
import { contains, readCidr } from "../net/prefix.ts";
import { Cloud } from "./cloud.ts";
import type { Fresh } from "./decision.ts";
import { defaultGateway, defaultPools, freeAddress, hostsOf } from "./ipam.ts";
import { Occupancy } from "./occupancy.ts";
import { ADMIN, idOf, sandbox, shownIn } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

describe("occupancy", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("add", "remove"), fc.bigInt({ min: 0n, max: 1100n })), { maxLength: 1500 });

  test("the next free number is the one that a plain set would find", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.bigInt({ min: 0n, max: 1100n }), { maxLength: 40 }), (taken, questions) => {
        const [tree, set] = [new Occupancy(32), new Set<bigint>()];
        for (const [step, number] of taken) {
          tree[step](number);
          if (step === "add") set.add(number);
          else set.delete(number);
        }
        for (const from of questions) assert.equal(tree.nextFree(from), plainNext(set, from));
      }),
      { numRuns: 60 },
    );
  });

  test("behind sixty thousand that are taken, the next free one is told at once", () => {
    const tree = new Occupancy(32);
    for (let number = 0n; number < 65_536n; number++) tree.add(number);
    assert.equal(tree.nextFree(0n), 65_536n);
    tree.remove(40_000n);
    assert.equal(tree.nextFree(7n), 40_000n);
    assert.equal(tree.nextFree(40_001n), 65_536n);
  });

  test("numbers of 128 bits are told apart to the last bit", () => {
    const tree = new Occupancy(128);
    const high = (1n << 127n) + (1n << 64n);
    tree.add(high);
    assert.equal(tree.nextFree(high), high + 1n);
    assert.equal(tree.nextFree(high - 1n), high - 1n);
  });
});

function plainNext(set: ReadonlySet<bigint>, from: bigint): bigint {
  let at = from;
  while (set.has(at)) at++;
  return at;
}

describe("blocks", () => {
  const block = (text: string) => {
    const read = readCidr(text);
    assert.ok(read);
    return read;
  };

  test("the gateway is the first host, in both families; blocks without room have none", () => {
    assert.equal(defaultGateway(block("10.65.0.0/16")), "10.65.0.1");
    assert.equal(defaultGateway(block("2001:db8::/64")), "2001:db8::1");
    assert.equal(defaultGateway(block("10.65.0.0/31")), null);
  });

  test("the pools are the hosts without the gateway, on both sides of it", () => {
    assert.deepEqual(defaultPools(block("10.0.0.0/29"), readIp("10.0.0.3") ?? null), [
      { start: "10.0.0.1", end: "10.0.0.2" },
      { start: "10.0.0.4", end: "10.0.0.6" },
    ]);
    assert.deepEqual(defaultPools(block("10.0.0.0/30"), null), [{ start: "10.0.0.1", end: "10.0.0.2" }]);
    assert.deepEqual(defaultPools(block("10.0.0.0/29"), readIp("10.9.0.1") ?? null), [{ start: "10.0.0.1", end: "10.0.0.6" }]);
  });

  test("small blocks are hosts from end to end", () => {
    assert.deepEqual(hostsOf(block("10.0.0.4/31")), { first: 0x0a000004n, last: 0x0a000005n });
    assert.deepEqual(hostsOf(block("10.0.0.4/32")), { first: 0x0a000004n, last: 0x0a000004n });
  });
});

interface Lan {
  readonly box: Sandbox;
  readonly network: string;
}

function lan(...cidrs: readonly string[]): Lan {
  const box = sandbox();
  const network = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
  for (const cidr of cidrs)
    box.ask(ADMIN, "POST", "subnets", { subnet: { network_id: network, cidr, ip_version: cidr.includes(":") ? 6 : 4 } });
  return { box, network };
}

function held(box: Sandbox): readonly string[] {
  return [...box.cloud.all("port")].flatMap((port) => port.fixed_ips.map((fixed) => fixed.ip_address));
}

describe("addresses of ports", () => {
  test("no address is ever with two ports, however ports come and go", () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant("create" as const),
        ips: fc.option(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 3 }), { nil: undefined }),
      }),
      fc.record({ do: fc.constant("delete" as const), at: fc.nat(20) }),
      fc.record({ do: fc.constant("change" as const), at: fc.nat(20), ips: fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { box, network } = lan("10.0.0.0/28", "2001:db8::/124");
        const fixed = (ips: readonly number[]) => ips.map((host) => ({ ip_address: `10.0.0.${host}` }));
        for (const one of steps) {
          const ports = [...box.cloud.all("port")].map(({ id }) => id);
          if (one.do === "create")
            box.ask(ADMIN, "POST", "ports", {
              port: { network_id: network, ...(one.ips === undefined ? {} : { fixed_ips: fixed(one.ips) }) },
            });
          else if (one.do === "delete") box.ask(ADMIN, "DELETE", `ports/${ports[one.at % ports.length]}`);
          else box.ask(ADMIN, "PUT", `ports/${ports[one.at % ports.length]}`, { port: { fixed_ips: fixed(one.ips) } });
          const addresses = held(box);
          assert.equal(new Set(addresses).size, addresses.length);
          assert.equal(box.cloud.addresses.size, addresses.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a subnet gives out each of its addresses once, and then refuses", () => {
    const { box, network } = lan("10.0.0.0/27");
    const statuses = Array.from({ length: 30 }, () => box.ask(ADMIN, "POST", "ports", { port: { network_id: network } }));
    assert.equal(statuses.filter(({ status }) => status === 201).length, 29);
    assert.deepEqual(shownIn(statuses.at(-1), "NeutronError"), {
      type: "IpAddressGenerationFailure",
      message: `No more IP addresses available on network ${network}.`,
      detail: "",
    });
    assert.equal(new Set(held(box)).size, 29);
    assert.ok(!held(box).includes("10.0.0.1"), "the gateway is not given out");
  });

  test("an address that is released is free again after its rest", () => {
    const { box, network } = lan("10.0.0.0/30");
    const first = idOf(box.ask(ADMIN, "POST", "ports", { port: { network_id: network } }));
    assert.equal(box.ask(ADMIN, "POST", "ports", { port: { network_id: network } }).status, 409);
    assert.equal(box.ask(ADMIN, "DELETE", `ports/${first}`).status, 204);
    box.time.now = "2026-11-23T08:01:00Z";
    assert.equal(box.ask(ADMIN, "POST", "ports", { port: { network_id: network } }).status, 201);
  });

  test("a second subnet of the family helps out when the first is full", () => {
    const { box, network } = lan("10.0.0.0/30", "10.0.1.0/30");
    for (let port = 0; port < 2; port++) assert.equal(box.ask(ADMIN, "POST", "ports", { port: { network_id: network } }).status, 201);
    assert.deepEqual(held(box).toSorted(), ["10.0.0.2", "10.0.1.2"]);
  });

  test("addresses are drawn by chance from all of the pools, and lie in the block", () => {
    const { box, network } = lan("10.65.0.0/16");
    for (let port = 0; port < 40; port++) box.ask(ADMIN, "POST", "ports", { port: { network_id: network } });
    const block = readCidr("10.65.0.0/16");
    for (const address of held(box)) assert.ok(block !== undefined && contains(block, readIp(address) ?? assert.fail()));
    assert.ok(new Set(held(box).map((address) => address.split(".")[2])).size > 20, "not one after the other");
  });

  test("the last free address of a /16 is found without a search", () => {
    const { box, network } = lan("10.65.0.0/16");
    const subnet = [...box.cloud.all("subnet")][0] ?? assert.fail();
    const addresses: string[] = [];
    for (let at = 2; at < 65_535; at++) if (at !== 30_000) addresses.push(`10.65.${at >> 8}.${at & 255}`);
    box.cloud.addresses.move(
      "crowd",
      [],
      addresses.map((address) => readIp(address) ?? assert.fail()),
    );
    let asked = 0;
    const spying: Pick<Cloud["addresses"], "nextFree" | "pass"> = {
      pass: () => {},
      nextFree: (family, from) => (asked++, box.cloud.addresses.nextFree(family, from)),
    };
    const cloud = Object.assign(new Cloud(), { addresses: spying });
    const fresh: Fresh = { now: "", uuid: () => "", below: () => 50_000n };
    assert.equal(freeAddress(cloud, subnet, { fresh, claimed: new Set() }), "10.65.117.48");
    assert.ok(asked <= 2, `asked ${asked} times`);
    assert.equal(box.ask(ADMIN, "POST", "ports", { port: { network_id: network } }).status, 201);
  });
});
