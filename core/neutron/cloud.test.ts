/** The indexes say what a scan would say, whatever has been applied; an attempt leaves nothing behind. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readIp } from "../net/address.ts";
import { Cloud } from "./cloud.ts";
import type { RowWrite } from "./decision.ts";

const address = (host: number) => readIp(`10.0.0.${host}`) ?? assert.fail();

/** Each port has addresses of its own, as decisions see to. */
const write = fc
  .record({
    id: fc.nat(9),
    network: fc.nat(2),
    device: fc.nat(3),
    groups: fc.uniqueArray(fc.nat(3)),
    hosts: fc.uniqueArray(fc.nat(4)),
    gone: fc.boolean(),
  })
  .map(({ id, network, device, groups, hosts, gone }): RowWrite => {
    const key = `port/p${id}`;
    if (gone) return { key };
    const fixed = hosts.map((host) => ({ subnet_id: `s${network}`, ip_address: address(id * 10 + host) }));
    return {
      key,
      row: {
        id: `p${id}`,
        network_id: `n${network}`,
        device_id: `d${device}`,
        security_groups: groups.map((group) => `g${group}`),
        fixed_ips: fixed,
      },
    };
  });

/** Everything that the indexes say. */
function told(cloud: Cloud) {
  const ids = (attribute: "network_id" | "device_id" | "security_groups" | "fixed_ips", key: string) =>
    [...cloud.by("port", attribute, key)].map(({ id }) => id).toSorted();
  return {
    networks: [0, 1, 2].map((network) => ids("network_id", `n${network}`)),
    devices: [0, 1, 2, 3].map((device) => ids("device_id", `d${device}`)),
    groups: [0, 1, 2, 3].map((group) => ids("security_groups", `g${group}`)),
    subnets: [0, 1, 2].map((subnet) => ids("fixed_ips", `subnet_id=s${subnet}`)),
    owners: Array.from({ length: 100 }, (_, host) => cloud.addresses.ownerOf(address(host))),
    free: Array.from({ length: 100 }, (_, host) => cloud.addresses.nextFree(4, 0x0a000000n + BigInt(host))),
  };
}

/** The same, by looking at every row. */
function scanned(cloud: Cloud): ReturnType<typeof told> {
  const ports = [...cloud.all("port")];
  const ids = (is: (port: (typeof ports)[number]) => boolean) =>
    ports
      .filter(is)
      .map(({ id }) => id)
      .toSorted();
  const owner = (host: number) => ports.find((port) => port.fixed_ips.some((fixed) => fixed.ip_address === address(host)))?.id;
  const owners = Array.from({ length: 100 }, (_, host) => owner(host));
  const free = owners.map((_, host) => BigInt(0x0a000000 + host + [...owners.slice(host), undefined].indexOf(undefined)));
  return {
    networks: [0, 1, 2].map((network) => ids((port) => port.network_id === `n${network}`)),
    devices: [0, 1, 2, 3].map((device) => ids((port) => port.device_id === `d${device}`)),
    groups: [0, 1, 2, 3].map((group) => ids((port) => port.security_groups.includes(`g${group}`))),
    subnets: [0, 1, 2].map((subnet) => ids((port) => port.fixed_ips.some((fixed) => fixed.subnet_id === `s${subnet}`))),
    owners,
    free,
  };
}

function cloudOf(writes: readonly RowWrite[]): Cloud {
  const cloud = new Cloud();
  for (const { key, row } of writes) cloud.apply(key, row);
  return cloud;
}

describe("the cloud", () => {
  test("finds by its indexes what a scan finds", () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const cloud = cloudOf(writes);
        assert.deepEqual(told(cloud), scanned(cloud));
      }),
      { numRuns: 100 },
    );
  });

  test("is as it was after an attempt, whatever was put, and also when the attempt throws", () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), fc.array(write, { maxLength: 20 }), fc.boolean(), (before, tried, breaks) => {
        const cloud = cloudOf(before);
        const [rows, indexes] = [[...cloud.all("port")].toSorted((a, b) => (a.id < b.id ? -1 : 1)), told(cloud)];
        const attempt = () =>
          cloud.attempt((put) => {
            put(tried);
            assert.deepEqual(told(cloud), scanned(cloud));
            if (breaks) throw new Error("broken");
          });
        if (breaks) assert.throws(attempt, /broken/);
        else attempt();
        assert.deepEqual(
          [...cloud.all("port")].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
          rows,
        );
        assert.deepEqual(told(cloud), indexes);
      }),
      { numRuns: 100 },
    );
  });

  test("knows no other tables", () => assert.throws(() => new Cloud().apply("trunk/x", {}), /there is no table trunk/));
});
