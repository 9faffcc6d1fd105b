/** Subnets without a gateway, as their guests see them: real clients ask, renew, and do what they are told. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Endpoint, SubnetFact } from "../../feed/item.ts";
import { DOOR, METADATA4 } from "../../metadata/place.ts";
import { addressed, ended, eventually, host, outside, ping, tcp, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { hostSideMac, linkLocal } from "../../net/mac.ts";
import { cidr, ip, port, subnet, SUBNETS, uuid, viewOf } from "./sample-view.ts";

const OWN = uuid("own");
const WITHOUT = { gateway_ip: null };
const ROUTE = { destination: cidr("192.0.2.0/24"), nexthop: ip("172.30.0.9") };
const OWN4 = subnet("own4", OWN, "172.30.0.0/24", { ...WITHOUT, host_routes: [ROUTE] });
const own6 = (more: Partial<SubnetFact>) => subnet("own6", OWN, "2001:db8:a41:2::/64", { ...WITHOUT, mtu: 1400, ...more });

function at(n: number, ...addresses: readonly string[]): Endpoint {
  const subnetOf = (address: string) => uuid(address.includes(":") ? "own6" : "own4");
  return { ...port(n, []), network_id: OWN, addresses: addresses.map((each) => ({ ip: ip(each), subnet_id: subnetOf(each) })) };
}

const withOwn = (endpoints: readonly Endpoint[], ...own: readonly SubnetFact[]) =>
  viewOf(endpoints, { subnets: new Map([...SUBNETS, ...own].map((each) => [each.id, each])) });

/** What a client's script wrote down so far. */
function notes(h: Host, name: string, body: (log: string) => string): { readonly script: string; readonly told: () => string } {
  const [script, log] = [join(h.state, `${name}.sh`), join(h.state, `${name}.told`)];
  writeFileSync(script, `#!/bin/sh\n${body(log)}`);
  chmodSync(script, 0o755);
  return { script, told: () => (existsSync(log) ? readFileSync(log, "utf8") : "") };
}

/** As a cloud image would have it. */
const UDHCPC = (log: string) => `[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr replace "$ip/$mask" dev eth0
for one in $router; do ip route replace default via "$one" dev eth0; done
all="$staticroutes"
set -- "$1" $staticroutes
event=$1; shift
while [ $# -ge 2 ]; do ip route replace "$1" via "$2" dev eth0; shift 2; done
echo "$event $ip/$mask by $serverid router \${router:-none} names $dns mtu $mtu domain $domain routes $all" >> ${log}
`;

function asks4(guest: Place, h: Host): { readonly told: () => string; readonly renew: () => void } {
  const { script, told } = notes(h, `${guest.name}.four`, UDHCPC);
  const options = ["121", "mtu", "dns", "domain"].flatMap((option) => ["-O", option]);
  const client = guest.start(["busybox", "udhcpc", "-i", "eth0", "-f", "-t", "20", "-T", "1", ...options, "-s", script]);
  return { told, renew: () => client.kill("SIGUSR1") };
}

// On the link that most networks share, and on one that has no other address.
for (const mtu of [1500, 1400])
  test(`DHCP tells all but a router (MTU ${mtu}), and a guest reaches its subnet, its metadata and the server by what it is told`, async (t) => {
    const h = await host(t);
    await outside(t, h);
    const ports = [at(1, "172.30.0.11"), at(2, "172.30.0.12"), at(3, "172.30.0.1"), port(4, ["10.65.0.14"])];
    const guests = await Promise.all(ports.map(h.guest));
    assert.deepEqual(troubles(await h.hold(withOwn(ports, { ...OWN4, mtu }))), []);
    const [own, , , other] = guests.map((guest) => asks4(guest, h));
    const [a] = guests;
    assert.ok(a !== undefined && own !== undefined && other !== undefined);
    const tail = (size: number) => `names 203.0.113.53 mtu ${size} domain cloud.example routes`;
    const words = `172.30.0.11/24 by 169.254.169.254 router none ${tail(mtu)}`;
    await eventually("leases", async () => own.told() !== "" && other.told() !== "");
    assert.equal(own.told(), `bound ${words} 192.0.2.0/24 172.30.0.9 169.254.169.254/32 0.0.0.0\n`);
    assert.equal(other.told(), `bound 10.65.0.14/16 by 10.65.0.1 router 10.65.0.1 ${tail(1500)} 0.0.0.0/0 10.65.0.1\n`);
    assert.equal(await a.sh("ip route show default"), "");
    for (const neighbour of ["172.30.0.12", "172.30.0.1"]) await eventually(neighbour, () => a.can(ping(neighbour)));
    assert.equal(await a.can(ping("203.0.113.10")), false);
    h.start(["socat", `TCP-LISTEN:${DOOR},bind=${METADATA4},fork,reuseaddr`, "EXEC:/bin/cat"]);
    await eventually("metadata", () => a.can(tcp(METADATA4, 80)));
    for (const { renew, told } of [own, other]) {
      renew();
      await eventually("the lease is renewed", async () => told().includes("\nrenew"));
    }
    assert.ok(own.told().includes(`renew ${words}`));
    assert.doesNotMatch(h.dhcpLog(), /NAK|no address|leased to/);
  });

/** Asks for routers (RFC 4861, 4.1). */
const SOLICITS = "printf '\\205\\0\\0\\0\\0\\0\\0\\0' | socat -u - 'IP6-SENDTO:[ff02::2%eth0]:58,setsockopt-int=41:18:255'";
const defaultOf = (guest: Place) => guest.sh("ip -6 route show default proto ra");

test("by DHCPv6 a guest is given its address, and told of no router", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [A, other] = [at(1, "2001:db8:a41:2::11"), port(2, ["2001:db8:a41:3::12"])];
  const [a, b] = [await h.guest(A), await h.guest(other)];
  assert.deepEqual(troubles(await h.hold(withOwn([A, other], { ...OWN4, mtu: 1400 }, own6({})))), []);
  const { script, told } = notes(h, "six", (log) => `[ "$reason" = BOUND6 ] && echo "$new_ip6_address" >> ${log}\nexit 0\n`);
  const files = ["-lf", join(h.state, "six.leases"), "-pf", join(h.state, "six.pid")];
  const client = a.start(["dhclient", "-6", "-1", "-d", "-D", "LL", "-sf", script, ...files, "eth0"]);
  await eventually("a lease", async () => told() === "2001:db8:a41:2::11\n");
  await ended(client);
  await eventually("its own advertisement", () => a.can("test $(cat /proc/sys/net/ipv6/conf/eth0/mtu) = 1400"));
  await eventually("a router for who has one", async () => (await defaultOf(b)) !== "");
  assert.equal(await defaultOf(a), "");
  // Whoever wants to go further knows the way.
  await addressed(b, other);
  await a.sh("ip addr replace 2001:db8:a41:2::11/128 dev eth0");
  assert.equal(await a.can(ping("2001:db8:a41:3::12")), false);
  await a.sh(`ip route add 2001:db8:a41:2::/63 via ${linkLocal(hostSideMac(A.mac))} dev eth0`);
  await eventually("another guest", () => a.can(ping("2001:db8:a41:3::12")));
});

for (const ipv6_mode of ["slaac", "dhcpv6-stateless"] as const)
  test(`a guest makes its own address (${ipv6_mode}), and is told of no router`, async (t) => {
    const h = await host(t);
    await outside(t, h);
    const [A, made] = [at(1, "2001:db8:a41:2:f816:3eff:fe00:1"), "2001:db8:a41:2:f816:3eff:fe00:1"];
    const a = await h.guest(A);
    assert.deepEqual(troubles(await h.hold(withOwn([A], own6({ ipv6_mode })))), []);
    await eventually("its address", () => a.can(`ip -6 addr show dev eth0 | grep -q ' ${made}/64 '`));
    assert.equal(await defaultOf(a), "");
    for (const [gateway_ip, is] of [
      [ip("2001:db8:a41:2::1"), true],
      [null, false],
    ] as const) {
      assert.deepEqual(troubles(await h.hold(withOwn([A], own6({ ipv6_mode, gateway_ip })))), []);
      await eventually(`a router: ${is}`, async () => {
        await a.sh(SOLICITS);
        return ((await defaultOf(a)) !== "") === is;
      });
    }
  });
