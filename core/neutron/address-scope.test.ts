/** What the subnets of one network have to do with one another's pools, and scopes that keep pools apart. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { place } from "./pool-sandbox.ts";
import { ADMIN, idOf, MEMBER, refusalOf, shownIn } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";

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
