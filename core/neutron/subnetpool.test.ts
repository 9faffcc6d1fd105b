/** Blocks out of pools, scopes that keep pools apart, and who may have what of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readDataCenter } from "../datacenter/read.ts";
import { SAMPLE } from "../datacenter/sample.ts";
import { covers, overlaps } from "../net/prefix.ts";
import { without } from "../net/prefix-set.ts";
import { ADMIN, allIn, idOf, MEMBER, OTHER, refusalOf, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import type { CloudSettings } from "./settings.ts";

interface Place {
  readonly box: Sandbox;
  readonly network: string;
  readonly pool: (said: Fields, who?: typeof ADMIN) => ReturnType<Sandbox["ask"]>;
  readonly scope: (said?: Fields, who?: typeof ADMIN) => ReturnType<Sandbox["ask"]>;
  /** On a network of its own, unless one is said. */
  readonly subnet: (said: Fields, who?: typeof ADMIN) => ReturnType<Sandbox["ask"]>;
}

function place(settings: Partial<CloudSettings> = {}): Place {
  const box = sandbox(settings);
  const newNetwork = (who = ADMIN) => idOf(box.ask(who, "POST", "networks", { network: {} }));
  return {
    box,
    network: newNetwork(),
    pool: (said, who = ADMIN) => box.ask(who, "POST", "subnetpools", { subnetpool: { name: "pool", ...said } }),
    scope: (said = {}, who = ADMIN) => box.ask(who, "POST", "address-scopes", { address_scope: { ip_version: 4, ...said } }),
    subnet: (said, who = ADMIN) =>
      box.ask(who, "POST", "subnets", { subnet: { ip_version: 4, network_id: said["network_id"] ?? newNetwork(who), ...said } }),
  };
}

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

describe("subnets of one network", () => {
  test("are all from one pool, or from none", () => {
    const { pool, subnet, network } = place();
    const [one, other] = ["10.0.0.0/16", "10.1.0.0/16"].map((prefix) => idOf(pool({ prefixes: [prefix], default_prefixlen: 24 })));
    const here = (said: Fields) => subnet({ network_id: network, ...said });
    assert.equal(here({ subnetpool_id: one }).status, 201);
    const refusal = "400 NetworkSubnetPoolAffinityError: Subnets hosted on the same network must be allocated from the same subnet pool.";
    assert.equal(refusalOf(here({ subnetpool_id: other })), refusal);
    assert.equal(refusalOf(here({ cidr: "10.9.0.0/24" })), refusal);
    assert.equal(here({ subnetpool_id: one }).status, 201);
    assert.equal(here({ ip_version: 6, cidr: "2001:db8::/64" }).status, 201, "the other family is by itself");
  });

  test("are of pools of one scope, which the network tells", () => {
    const { box, pool, scope, subnet, network } = place();
    const [green, blue] = [idOf(scope()), idOf(scope())];
    const from = (prefix: string, address_scope_id: string | null) =>
      idOf(pool({ prefixes: [prefix], default_prefixlen: 24, address_scope_id }));
    const [one, two, three, four] = [
      from("10.0.0.0/16", green),
      from("10.1.0.0/16", green),
      from("10.2.0.0/16", blue),
      from("10.3.0.0/16", null),
    ];
    const here = (id: string) => subnet({ network_id: network, subnetpool_id: id });
    assert.equal(here(one).status, 201);
    assert.equal(here(two).status, 201);
    assert.match(refusalOf(here(three)), /^400 NetworkAddressScopeAffinityError/);
    assert.match(refusalOf(here(four)), /^400 NetworkAddressScopeAffinityError/);
    const shown = shownIn(box.ask(ADMIN, "GET", `networks/${network}`), "network");
    assert.deepEqual([shown["ipv4_address_scope"], shown["ipv6_address_scope"]], [green, null]);
    const move = (id: string, to: string | null) => box.ask(ADMIN, "PUT", `subnetpools/${id}`, { subnetpool: { address_scope_id: to } });
    assert.match(refusalOf(move(one, blue)), /^400 NetworkAddressScopeAffinityError/, "its subnets would part");
    assert.match(refusalOf(move(one, null)), /^400 NetworkAddressScopeAffinityError/);
    assert.equal(move(three, green).status, 200);
  });

  test("become part of a pool together, by who may change them", () => {
    const { box, pool, subnet, network } = place();
    const id = idOf(pool({ prefixes: ["10.0.0.0/16"], default_prefixlen: 24, shared: true }));
    const onboard = (network_id: unknown, who = ADMIN) => box.ask(who, "PUT", `subnetpools/${id}/onboard_network_subnets`, { network_id });
    const [one, other] = ["192.0.2.0/25", "192.0.2.128/25"].map((cidr) => idOf(subnet({ network_id: network, cidr })));
    subnet({ network_id: network, ip_version: 6, cidr: "2001:db8::/64" });
    assert.deepEqual(onboard(network).body, [
      { id: one, cidr: "192.0.2.0/25" },
      { id: other, cidr: "192.0.2.128/25" },
    ]);
    assert.deepEqual(box.cloud.get("subnetpool", id)?.prefixes, ["10.0.0.0/16", "192.0.2.0/24"]);
    assert.equal(box.cloud.get("subnet", one ?? "")?.subnetpool_id, id);
    assert.match(refusalOf(onboard(network)), /^400 IllegalSubnetPoolUpdate: .* conflicts with allocated prefixes/);
    assert.equal(refusalOf(onboard(undefined)), "400 InvalidInput: Invalid input for operation: network_id must be specified.");
    assert.match(refusalOf(onboard("00000000-0000-4000-8000-00000000dead")), /^404 NetworkNotFound/);
    assert.match(refusalOf(onboard(network, MEMBER)), /^403 PolicyNotAuthorized: rule:onboard_network_subnets/);
  });

  test("of others do not become part of one's own pool", () => {
    const { box, pool, subnet, network } = place();
    subnet({ network_id: network, cidr: "192.0.2.0/24" });
    box.ask(ADMIN, "PUT", `networks/${network}`, { network: { shared: true } });
    const mine = idOf(pool({ prefixes: ["10.0.0.0/16"] }, MEMBER));
    const onboard = box.ask(MEMBER, "PUT", `subnetpools/${mine}/onboard_network_subnets`, { network_id: network });
    assert.equal(refusalOf(onboard), "403 PolicyNotAuthorized: rule:update_subnet is disallowed by policy");
  });
});

describe("an address scope", () => {
  test("has no address in two pools, and pools of its family alone", () => {
    const { pool, scope } = place();
    const id = idOf(scope());
    assert.equal(pool({ prefixes: ["10.0.0.0/16"], address_scope_id: id }).status, 201);
    assert.match(refusalOf(pool({ prefixes: ["10.0.7.0/24"], address_scope_id: id })), /^409 AddressScopePrefixConflict/);
    assert.match(
      refusalOf(pool({ prefixes: ["2001:db8::/48"], address_scope_id: id })),
      /^400 IllegalSubnetPoolIpVersionAssociationToAddressScope/,
    );
    const apart = pool({ prefixes: ["10.0.7.0/24"] });
    assert.equal(apart.status, 201);
  });

  test("is for its project, unless it is shared, which it stays", () => {
    const { box, pool, scope } = place();
    const id = idOf(scope());
    const join = () => pool({ prefixes: ["10.0.0.0/16"], address_scope_id: id }, MEMBER);
    assert.equal(refusalOf(join()), `404 AddressScopeNotFound: Address scope ${id} could not be found.`);
    const share = (shared: boolean) => box.ask(ADMIN, "PUT", `address-scopes/${id}`, { address_scope: { shared } });
    assert.equal(shownIn(share(true), "address_scope")["shared"], true);
    const joined = join();
    assert.equal(joined.status, 201);
    assert.equal(
      refusalOf(share(false)),
      `400 AddressScopeUpdateError: Unable to update address scope ${id} : Shared address scope can't be unshared.`,
    );
    const rename = (who: typeof ADMIN) => box.ask(who, "PUT", `subnetpools/${idOf(joined)}`, { subnetpool: { name: "x" } });
    assert.match(refusalOf(rename(MEMBER)), /^400 IllegalSubnetPoolUpdate: Illegal subnetpool update : subnetpool .* shared address scope/);
    assert.equal(rename(ADMIN).status, 200);
  });

  test("ends when no pool is in it", () => {
    const { box, pool, scope } = place();
    const id = idOf(scope());
    const inside = idOf(pool({ prefixes: ["10.0.0.0/16"], address_scope_id: id }));
    assert.match(refusalOf(box.ask(ADMIN, "DELETE", `address-scopes/${id}`)), /^409 AddressScopeInUse/);
    box.ask(ADMIN, "DELETE", `subnetpools/${inside}`);
    assert.equal(box.ask(ADMIN, "DELETE", `address-scopes/${id}`).status, 204);
  });
});
