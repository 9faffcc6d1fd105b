/** DHCP and router advertisements go on whatever changes on the host: clients that give up after their first try ask all the while. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { SubnetFact } from "../../feed/item.ts";
import { ended, eventually, host, outside, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { cidr, INTERNAL, ip, port, subnet, SUBNETS, uuid, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);
const ALL = viewOf([]).subnets;

const withSubnets = (...subnets: readonly SubnetFact[]) => ({
  subnets: new Map([...ALL.values(), ...subnets].map((each) => [each.id, each])),
});

/** Asks for a lease again and again, one try each time, and writes down each that was in vain. */
function asksBy4(guest: Place, h: Host): () => { readonly asked: number; readonly missed: number } {
  const log = join(h.state, `${guest.name}.four`);
  const once = "busybox udhcpc -i eth0 -q -n -f -t 1 -T 1 -s /bin/true >/dev/null 2>&1 && echo leased || echo missed";
  guest.start(["sh", "-c", `while :; do (${once}) >> ${log}; sleep 0.1; done`]);
  return () => counted(log);
}

function counted(log: string): { readonly asked: number; readonly missed: number } {
  const words = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { asked: words.length, missed: words.filter((word) => word === "missed").length };
}

/** Router solicitations, ten in a second, with what came back on the wire. */
function solicits(guest: Place, h: Host): () => { readonly asked: number; readonly missed: number } {
  const log = join(h.state, `${guest.name}.six`);
  guest.start(["sh", "-c", `exec tcpdump -lnni eth0 -tt 'icmp6 and (ip6[40] == 133 or ip6[40] == 134)' > ${log} 2>/dev/null`]);
  const one = "printf '\\205\\0\\0\\0\\0\\0\\0\\0' | socat -u - 'IP6-SENDTO:[ff02::2%eth0]:58,setsockopt-int=41:18:255'";
  guest.start(["sh", "-c", `while :; do ${one}; sleep 0.1; done`]);
  return () => {
    const seen = (existsSync(log) ? readFileSync(log, "utf8") : "").split("\n").map((line) => ({ at: Number.parseFloat(line), line }));
    const [asked, answers] = ["solicitation", "advertisement"].map((what) => seen.filter(({ line }) => line.includes(what)));
    const due = (asked ?? []).filter(({ at }) => at < (seen.at(-2)?.at ?? 0) - 1);
    return { asked: due.length, missed: due.filter(({ at }) => !answers?.some((answer) => answer.at >= at && answer.at < at + 1)).length };
  };
}

test("no request stays without an answer while ports with and without options, subnets and networks come and go", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const guest = await h.guest(A);
  const heir = port(2, ["10.65.0.12", "2001:db8:a41:3::12"]);
  const optioned = { ...port(3, ["10.65.0.13"]), dhcp_options: [{ name: "ntp-server", value: "192.0.2.9", family: 4 as const }] };
  const own = uuid("own");
  const slaac = [subnet("own6", own, "2001:db8:a41:2::/64", { ipv6_mode: "slaac", mtu: 1400 })];
  const maker = { ...port(5, []), network_id: own, addresses: [{ ip: ip("2001:db8:a41:2:f816:3eff:fe00:5"), subnet_id: uuid("own6") }] };
  const other = port(4, ["10.65.0.12", "2001:db8:a41:3::12"]);
  for (const each of [heir, optioned, maker, other]) await h.guest(each);
  const steps: readonly (readonly [string, Parameters<typeof viewOf>])[] = [
    ["a port comes", [[A, heir]]],
    ["and goes", [[A]]],
    ["its address goes to another", [[A, other]]],
    ["one with options comes", [[A, optioned]]],
    ["and goes", [[A]]],
    ["a name server is another", [[A], changed({ dns_nameservers: [ip("192.0.2.53")] })]],
    ["a route more", [[A], changed({ host_routes: [{ destination: cidr("192.0.2.0/24"), nexthop: ip("10.65.0.9") }] })]],
    ["a network comes", [[A], withSubnets(subnet("more4", uuid("more"), "172.30.0.0/24"))]],
    ["guests that make their addresses", [[A, maker], withSubnets(...slaac)]],
    ["another MTU for them", [[A, maker], withSubnets(...slaac.map((each) => ({ ...each, mtu: 1300 })))]],
    ["all as it was", [[A]]],
  ];
  assert.deepEqual(troubles(await h.hold(viewOf([A]))), []);
  const four = asksBy4(guest, h);
  const six = solicits(guest, h);
  await eventually("both ask", async () => four().asked > 3 && six().asked > 3);
  const pids = new Set<string>();
  for (const [what, view] of steps) {
    const before = four().asked;
    assert.deepEqual(troubles(await h.hold(viewOf(...view))), [], what);
    for (const file of readdirSync(join(h.state, "run"))) if (file.endsWith(".pid")) pids.add(file);
    await eventually(`asked since ${what}`, async () => four().asked > before + 2);
    assert.equal(four().missed, 0, `${what}: DHCPv4`);
  }
  await eventually("all that was asked is due", async () => six().asked > 30);
  t.diagnostic(`asked ${four().asked} times by DHCPv4, ${six().asked} times for a router; ${pids.size} dnsmasq`);
  assert.equal(six().missed, 0, "router solicitations");
  assert.doesNotMatch(h.dhcpLog(), /NAK|no address|leased to/);
});

function changed(more: Partial<SubnetFact>): { readonly subnets: ReadonlyMap<string, SubnetFact> } {
  return { subnets: new Map(SUBNETS.map((each) => [each.id, each.network_id === INTERNAL ? { ...each, ...more } : each])) };
}

test("a VM that is built anew on its tap has its addresses at once, by another DUID and another name for itself", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const view = viewOf([A]);
  const first = await h.guest(A);
  assert.deepEqual(troubles(await h.hold(view)), []);
  assert.match(await leases(first, h, "first"), /2001:db8:a41:3::11/);
  await h.sh(`ip link del ${A.tap}`);
  const second = await h.guest(A);
  assert.deepEqual(troubles(await h.hold(view)), []);
  assert.match(await leases(second, h, "second"), /2001:db8:a41:3::11/);
  assert.doesNotMatch(h.dhcpLog(), /no address|NAK|leased to/);
});

/** Both leases, each at the first try; the DUID is by the time of day. */
async function leases(guest: Place, h: Host, name: string): Promise<string> {
  const script = join(h.state, "six.sh");
  writeFileSync(script, '#!/bin/sh\n[ "$reason" = BOUND6 ] && echo "$new_ip6_address" || true\n');
  chmodSync(script, 0o755);
  await guest.sh(`busybox udhcpc -i eth0 -q -n -f -t 1 -T 1 -x 0x3d:01${name === "first" ? "aa" : "bb"} -s /bin/true`);
  const files = `-lf ${h.state}/${name}.leases -pf ${h.state}/${name}.pid`;
  const client = guest.start(["sh", "-c", `dhclient -6 -1 -d -D LLT -sf ${script} ${files} eth0 > ${h.state}/${name}.words 2>/dev/null`]);
  const words = () => (existsSync(`${h.state}/${name}.words`) ? readFileSync(`${h.state}/${name}.words`, "utf8") : "");
  await eventually(`${name}: a DHCPv6 lease`, async () => words().includes(":"));
  await ended(client);
  return words();
}
