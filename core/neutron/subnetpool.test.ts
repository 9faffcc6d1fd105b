/** Blocks out of pools, and who may have what of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readDataCenter } from "../datacenter/read.ts";
import { SAMPLE } from "../datacenter/sample.ts";
import { covers, overlaps } from "../net/prefix.ts";
import { without } from "../net/prefix-set.ts";
import { place } from "./pool-sandbox.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, refusalOf, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";

const cidrOf = (response: ReturnType<Sandbox["ask"]>) => shownIn(response, "subnet")["cidr"];

describe("a subnet pool", () => {
  test("has its prefixes in as few as can be, its family from them, and its lengths as texts", () => {
    const { pool } = place();
    const made = shownIn(pool({ prefixes: ["10.11.0.0/16", "10.10.0.0/16"], min_prefixlen: 24, default_prefixlen: "26" }), "subnetpool");
    const { prefixes, ip_version, min_prefixlen, max_prefixlen, default_prefixlen, default_quota, shared } = made;
    assert.deepEqual(
      { prefixes, ip_version, min_prefixlen, max_prefixlen, default_prefixlen, default_quota, shared },
      {
        prefixes: ["10.10.0.0/15"],
        ip_version: 4,
        min_prefixlen: "24",
        max_prefixlen: "32",
        default_prefixlen: "26",
        default_quota: null,
        shared: false,
      },
    );
    const six = shownIn(pool({ prefixes: ["2001:db8::/40"] }), "subnetpool");
    assert.deepEqual([six["min_prefixlen"], six["default_prefixlen"], six["max_prefixlen"]], ["64", "64", "128"]);
  });

  const wrong: readonly (readonly [string, Fields, string])[] = [
    ["without prefixes", { prefixes: [] }, "400 EmptySubnetPoolPrefixList: Empty subnet pool prefix list."],
    [
      "of both families",
      { prefixes: ["10.0.0.0/8", "2001:db8::/48"] },
      "400 PrefixVersionMismatch: Cannot mix IPv4 and IPv6 prefixes in a subnet pool.",
    ],
    [
      "with host bits",
      { prefixes: ["10.0.0.5/8"] },
      "400 HTTPBadRequest: Invalid input for prefixes. Reason: '10.0.0.5/8' isn't a recognized IP subnet cidr, '10.0.0.0/8' is recommended.",
    ],
    [
      "without a name",
      { name: "", prefixes: ["10.0.0.0/8"] },
      "400 HTTPBadRequest: Invalid input for name. Reason: '' Blank strings are not permitted.",
    ],
    [
      "whose least is above its most",
      { prefixes: ["10.0.0.0/8"], min_prefixlen: 28, max_prefixlen: 24 },
      "400 IllegalSubnetPoolPrefixBounds: Illegal prefix bounds: min_prefixlen=28, max_prefixlen=24.",
    ],
    [
      "longer than addresses are",
      { prefixes: ["10.0.0.0/8"], max_prefixlen: 33 },
      "400 IllegalSubnetPoolPrefixBounds: Illegal prefix bounds: max_prefixlen=33, ip_version_max=32.",
    ],
    [
      "whose usual length is too short",
      { prefixes: ["10.0.0.0/8"], min_prefixlen: 20, default_prefixlen: 16 },
      "400 IllegalSubnetPoolPrefixBounds: Illegal prefix bounds: default_prefixlen=16, min_prefixlen=20.",
    ],
    [
      "whose usual length is too long",
      { prefixes: ["10.0.0.0/8"], max_prefixlen: 24, default_prefixlen: 26 },
      "400 IllegalSubnetPoolPrefixBounds: Illegal prefix bounds: default_prefixlen=26, max_prefixlen=24.",
    ],
  ];
  for (const [what, said, refusal] of wrong)
    test(`is refused ${what}`, () => {
      const { box, pool } = place();
      assert.equal(refusalOf(pool(said)), refusal);
      assert.deepEqual([...box.cloud.all("subnetpool")], []);
    });

  test("grows, and shrinks only by what no subnet has", () => {
    const { box, pool, subnet } = place();
    const id = idOf(pool({ prefixes: ["192.168.64.0/20"], default_prefixlen: 24 }));
    const act = (verb: string, prefixes: readonly string[]) => box.ask(ADMIN, "PUT", `subnetpools/${id}/${verb}`, { prefixes });
    assert.deepEqual(act("add_prefixes", ["192.168.80.0/20"]).body, { prefixes: ["192.168.64.0/19"] });
    assert.deepEqual(act("remove_prefixes", ["192.168.80.0/20"]).body, { prefixes: ["192.168.64.0/20"] });
    assert.equal(cidrOf(subnet({ subnetpool_id: id })), "192.168.64.0/24");
    assert.equal(
      refusalOf(act("remove_prefixes", ["192.168.64.0/21"])),
      "400 IllegalSubnetPoolPrefixUpdate: Illegal update to prefixes: 192.168.64.0/24 is in use by a subnet.",
    );
    assert.match(refusalOf(act("add_prefixes", ["2001:db8::/48"])), /^400 PrefixVersionMismatch/);
    assert.match(refusalOf(box.ask(ADMIN, "PUT", `subnetpools/${id}/add_prefixes`, {})), /^400 HTTPBadRequest: Invalid input for prefixes/);
    const put = (prefixes: readonly string[]) => box.ask(ADMIN, "PUT", `subnetpools/${id}`, { subnetpool: { prefixes } });
    assert.equal(
      refusalOf(put(["192.168.64.0/21"])),
      "400 IllegalSubnetPoolPrefixUpdate: Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes.",
    );
    assert.deepEqual(shownIn(put(["192.168.64.0/20", "10.0.0.0/8"]), "subnetpool")["prefixes"], ["10.0.0.0/8", "192.168.64.0/20"]);
    assert.equal(
      refusalOf(box.ask(ADMIN, "DELETE", `subnetpools/${id}`)),
      "400 SubnetPoolDeleteError: Unable to delete subnet pool: Subnet pool has existing allocations.",
    );
  });

  test("is seen by its project alone, unless it is shared", () => {
    const { box, pool, subnet } = place();
    const id = idOf(pool({ prefixes: ["10.0.0.0/16"], default_prefixlen: 24 }));
    const seen = () => allIn(box.ask(MEMBER, "GET", "subnetpools"), "subnetpools").length;
    assert.equal(seen(), 0);
    assert.equal(refusalOf(subnet({ subnetpool_id: id }, MEMBER)), `404 SubnetPoolNotFound: Subnet pool ${id} could not be found.`);
    const shared = idOf(pool({ prefixes: ["10.1.0.0/16"], default_prefixlen: 24, shared: true }));
    assert.equal(seen(), 1);
    assert.equal(cidrOf(subnet({ subnetpool_id: shared }, MEMBER)), "10.1.0.0/24");
    assert.match(refusalOf(box.ask(MEMBER, "PUT", `subnetpools/${shared}`, { subnetpool: { name: "mine" } })), /^403 PolicyNotAuthorized/);
    const [policy] = allIn(box.ask(ADMIN, "GET", "rbac-policies?object_type=subnetpool"), "rbac_policies");
    assert.match(refusalOf(box.ask(ADMIN, "DELETE", `rbac-policies/${policy?.["id"]}`)), /^409 RbacPolicyInUse/);
  });

  test("counts against its project's quota", () => {
    const { box, pool } = place();
    box.ask(ADMIN, "PUT", `quotas/${MEMBER.project}`, { quota: { subnetpool: 1 } });
    assert.equal(pool({ prefixes: ["10.0.0.0/16"] }, MEMBER).status, 201);
    assert.equal(refusalOf(pool({ prefixes: ["10.1.0.0/16"] }, MEMBER)), "409 OverQuota: Quota exceeded for resources: ['subnetpool'].");
  });
});

describe("a subnet from a pool", () => {
  test("has the first block of the smallest free part that is large enough", () => {
    const { pool, subnet } = place();
    const id = idOf(pool({ prefixes: ["10.0.0.0/15", "192.168.0.0/24"], default_prefixlen: 26 }));
    const take = (said: Fields = {}) => cidrOf(subnet({ subnetpool_id: id, ...said }));
    assert.deepEqual([take(), take(), take()], ["192.168.0.0/26", "192.168.0.64/26", "192.168.0.128/26"]);
    assert.equal(take({ prefixlen: 24 }), "10.0.0.0/24");
    assert.equal(take({ prefixlen: "27" }), "192.168.0.192/27");
    assert.equal(take({ cidr: "10.1.0.0/24" }), "10.1.0.0/24");
  });

  test("does not tell what was wished for", () => {
    const { pool, subnet } = place();
    const id = idOf(pool({ prefixes: ["10.0.0.0/16"] }));
    const made = shownIn(subnet({ subnetpool_id: id, prefixlen: 24 }), "subnet");
    assert.equal(made["subnetpool_id"], id);
    assert.ok(!("prefixlen" in made) && !("use_default_subnetpool" in made));
  });

  test("never lies on another subnet of the cloud, nor outside the ranges of the data centre", () => {
    const { box, pool, subnet } = place();
    const id = idOf(pool({ prefixes: ["10.65.0.0/22", "192.0.2.0/24"], default_prefixlen: 24 }));
    subnet({ cidr: "10.65.0.0/24" });
    const read = readDataCenter(SAMPLE);
    assert.ok(read.ok);
    box.cloud.apply("datacenter/this", read.value);
    box.cloud.apply(`quota/${ADMIN.project}`, { project_id: ADMIN.project, subnet: -1, network: -1 });
    const given = Array.from({ length: 3 }, () => cidrOf(subnet({ subnetpool_id: id })));
    assert.deepEqual(given.toSorted(), ["10.65.1.0/24", "10.65.2.0/24", "10.65.3.0/24"]);
    assert.match(refusalOf(subnet({ subnetpool_id: id })), /^409 SubnetAllocationError: .*Insufficient prefix space/);
  });

  test("may lie on another where operators let it, but not on one of its pool or of its network", () => {
    const { pool, subnet, network } = place({ overlappingSubnets: "allowed" });
    const id = idOf(pool({ prefixes: ["10.0.0.0/22"], default_prefixlen: 24 }));
    subnet({ cidr: "10.0.0.0/24" });
    assert.equal(cidrOf(subnet({ subnetpool_id: id })), "10.0.0.0/24");
    assert.equal(cidrOf(subnet({ subnetpool_id: id, network_id: network })), "10.0.1.0/24");
    const other = idOf(pool({ prefixes: ["10.0.0.0/22"], default_prefixlen: 24 }));
    assert.match(refusalOf(subnet({ subnetpool_id: other, network_id: network })), /^400 NetworkSubnetPoolAffinityError/);
    assert.match(refusalOf(subnet({ subnetpool_id: id, cidr: "10.0.1.0/24" })), /^409 SubnetAllocationError/);
  });

  const wrong: readonly (readonly [string, Fields, string])[] = [
    [
      "too long",
      { prefixlen: 29 },
      "400 MaxPrefixSubnetAllocationError: Unable to allocate subnet with prefix length 29, maximum allowed prefix is 28.",
    ],
    [
      "too short",
      { prefixlen: 19 },
      "400 MinPrefixSubnetAllocationError: Unable to allocate subnet with prefix length 19, minimum allowed prefix is 20.",
    ],
    [
      "said to be too short",
      { cidr: "10.0.0.0/19" },
      "400 MinPrefixSubnetAllocationError: Unable to allocate subnet with prefix length 19, minimum allowed prefix is 20.",
    ],
    [
      "said twice",
      { cidr: "10.0.0.0/24", prefixlen: 24 },
      "400 BadRequest: Bad subnets request: cidr and prefixlen must not be supplied together.",
    ],
    [
      "outside the pool",
      { cidr: "10.9.0.0/24" },
      "409 SubnetAllocationError: Failed to allocate subnet: Cannot allocate requested subnet from the available set of prefixes.",
    ],
    ["of the other family", { ip_version: 6 }, "400 BadRequest: Bad subnets request: Cannot allocate IPv6 subnet from IPv4 subnet pool."],
    [
      "with pools in a block that nobody knows yet",
      { allocation_pools: [{ start: "10.0.0.2", end: "10.0.0.9" }] },
      "400 BadRequest: Bad subnets request: allocation_pools allowed only for specific subnet requests.",
    ],
    [
      "with a gateway elsewhere",
      { gateway_ip: "10.9.0.1" },
      "400 InvalidInput: Invalid input for operation: gateway_ip 10.9.0.1 does not lie in 10.0.0.0/24, the block that the pool has for the subnet.",
    ],
    [
      "of two pools",
      { use_default_subnetpool: true },
      "400 BadRequest: Bad subnets request: subnetpool_id and use_default_subnetpool cannot both be specified.",
    ],
    [
      "of delegated prefixes",
      { subnetpool_id: "prefix_delegation" },
      "400 BadRequest: Bad subnets request: prefixes are not delegated here: a pool is declared, or the cidr is.",
    ],
  ];
  for (const [what, said, refusal] of wrong)
    test(`is refused when it is ${what}`, () => {
      const { pool, subnet } = place();
      const id = idOf(pool({ prefixes: ["10.0.0.0/16"], min_prefixlen: 20, max_prefixlen: 28, default_prefixlen: 24 }));
      assert.equal(refusalOf(subnet({ subnetpool_id: id, ...said })), refusal);
    });

  test("may have a gateway that lies in its block", () => {
    const { pool, subnet } = place();
    const id = idOf(pool({ prefixes: ["10.0.0.0/16"], default_prefixlen: 24 }));
    assert.equal(shownIn(subnet({ subnetpool_id: id, gateway_ip: "10.0.0.9" }), "subnet")["gateway_ip"], "10.0.0.9");
  });

  test("is from the default pool of its family, where one is asked for and seen", () => {
    const { box, pool, subnet } = place();
    const ask = (who = ADMIN) => subnet({ use_default_subnetpool: true }, who);
    const none = "400 BadRequest: Bad subnets request: No default subnetpool found for IPv4.";
    assert.equal(refusalOf(ask()), none);
    pool({ prefixes: ["2001:db8::/48"], is_default: true });
    const id = idOf(pool({ prefixes: ["10.0.0.0/16"], default_prefixlen: 24, is_default: true }));
    assert.equal(cidrOf(ask()), "10.0.0.0/24");
    assert.equal(refusalOf(ask(MEMBER)), none, "nobody shared it");
    const second =
      "400 InvalidInput: Invalid input for operation: A default subnetpool for this IP family has already been set. Only one default may exist per IP family.";
    assert.equal(refusalOf(pool({ prefixes: ["10.1.0.0/16"], is_default: true })), second);
    const other = idOf(pool({ prefixes: ["10.1.0.0/16"] }));
    const set = (pool: string, value: boolean) => box.ask(ADMIN, "PUT", `subnetpools/${pool}`, { subnetpool: { is_default: value } });
    assert.equal(refusalOf(set(other, true)), second);
    assert.equal(set(id, true).status, 200);
    set(id, false);
    assert.equal(set(other, true).status, 200);
  });

  test("counts against what its project may have of the pool: addresses, in IPv6 blocks of 64 bits", () => {
    const { pool, subnet } = place();
    const four = idOf(pool({ prefixes: ["10.0.0.0/16"], default_quota: 300, shared: true }));
    const over = "409 SubnetPoolQuotaExceeded: Per-project subnet pool prefix quota exceeded.";
    assert.equal(subnet({ subnetpool_id: four, prefixlen: 24 }).status, 201);
    assert.equal(refusalOf(subnet({ subnetpool_id: four, prefixlen: 26 })), over);
    assert.equal(subnet({ subnetpool_id: four, prefixlen: 27 }).status, 201);
    assert.equal(subnet({ subnetpool_id: four, prefixlen: 24 }, OTHER).status, 201);
    const unlimited = idOf(pool({ prefixes: ["10.1.0.0/16"], default_quota: 0 }));
    assert.equal(subnet({ subnetpool_id: unlimited, prefixlen: 24 }).status, 201);
    const six = idOf(pool({ prefixes: ["2001:db8::/40"], default_quota: 2, min_prefixlen: 60 }));
    assert.equal(refusalOf(subnet({ ip_version: 6, subnetpool_id: six, prefixlen: 62 })), over);
    assert.equal(subnet({ ip_version: 6, subnetpool_id: six, prefixlen: 63 }).status, 201);
    assert.equal(refusalOf(subnet({ ip_version: 6, subnetpool_id: six, prefixlen: 80 })), over);
  });

  test("is one of many that never meet, and the pool gives all it has before it refuses", () => {
    const step = fc.oneof(fc.record({ length: fc.integer({ min: 24, max: 30 }) }), fc.record({ gone: fc.nat(30) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { box, pool, subnet } = place();
        const id = idOf(pool({ prefixes: ["10.0.0.0/23", "10.0.7.0/25"], min_prefixlen: 20 }));
        for (const one of steps) {
          const before = [...box.cloud.all("subnet")];
          if ("gone" in one) {
            box.ask(ADMIN, "DELETE", `subnets/${before[one.gone % Math.max(before.length, 1)]?.id}`);
            continue;
          }
          const free = without(
            box.cloud.get("subnetpool", id)?.prefixes ?? [],
            before.map(({ cidr }) => cidr),
          );
          const fits = free.some((part) => Number(part.split("/")[1]) <= one.length);
          const { status } = subnet({ subnetpool_id: id, prefixlen: one.length });
          assert.equal(status, fits ? 201 : 409);
          const blocks = [...box.cloud.all("subnet")].map(({ cidr }) => cidr);
          for (const [at, block] of blocks.entries()) {
            assert.ok(box.cloud.get("subnetpool", id)?.prefixes.some((prefix) => covers(prefix, block)));
            assert.ok(!blocks.slice(at + 1).some((other) => overlaps(block, other)));
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});
