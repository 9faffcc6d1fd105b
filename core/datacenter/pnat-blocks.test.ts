import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains, firstOf, prefixOf, sizeOf } from "../net/prefix.ts";
import { addressesFor, blockOf, blocksOf, PORTS, vmsPerAddress } from "./pnat-blocks.ts";

const RANGE = prefixOf("10.65.0.0" as Ip, 24);
const pool = (addresses: bigint) => ({ start: ipOf(4, 0xc633_6408n), end: ipOf(4, 0xc633_6408n + addresses - 1n) });

test("no two VMs have a port of one address in common, and each has as many as were asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: PORTS }), fc.nat(255), fc.nat(255), (ports, one, other) => {
      const addresses = pool(addressesFor([RANGE], ports));
      const at = (offset: number) => blockOf(ipOf(4, 0x0a41_0000n + BigInt(offset)), [RANGE], addresses, ports) ?? assert.fail();
      const [mine, yours] = [at(one), at(other)];
      assert.equal(mine.last - mine.first + 1, ports);
      assert.ok(mine.first >= 1024 && mine.last <= 65_535, `${mine.first}-${mine.last}`);
      if (one !== other) assert.ok(mine.ip !== yours.ip || mine.last < yours.first || yours.last < mine.first);
    }),
    { numRuns: 300 },
  );
});

test("the rules' map says the same as the one VM's block", () => {
  for (const ports of [64, 1000, 2048, 64_512]) {
    const addresses = pool(addressesFor([RANGE], ports));
    const blocks = blocksOf([RANGE], addresses, ports);
    assert.equal(
      blocks.reduce((sum, { vms }) => sum + sizeOf(vms), 0n),
      sizeOf(RANGE),
    );
    for (const { vms, ip } of blocks) {
      assert.equal(blockOf(firstOf(vms), [RANGE], addresses, ports)?.ip, ip);
      assert.ok(contains(RANGE, firstOf(vms)));
    }
  }
});

test("what fits on an address, and what a range needs", () => {
  assert.deepEqual([64, 252, 1000, 2048, 64_512].map(vmsPerAddress), [512, 256, 64, 16, 1]);
  assert.deepEqual(
    [252, 2048, 64_512].map((ports) => addressesFor([RANGE], ports)),
    [1n, 16n, 256n],
  );
});
