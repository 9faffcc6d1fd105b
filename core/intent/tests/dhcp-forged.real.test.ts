/** A VM that speaks DHCP in the name of its host's other guests: a real dnsmasq, and messages made by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Endpoint } from "../../feed/item.ts";
import { hostSideMac, linkLocal } from "../../net/mac.ts";
import type { Mac } from "../../net/mac.ts";
import { addressed, eventually, host, outside, ping, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import {
  bootp,
  DECLINE,
  DECLINE6,
  DISCOVER,
  message6,
  octetsOf,
  option6,
  printed,
  REBIND6,
  RELEASE,
  RELEASE6,
  RENEW6,
  REQUEST,
  SOLICIT6,
} from "./dhcp-message.ts";
import { cidr, mac, port, viewOf } from "./sample-view.ts";

const [A4, B4, A6, B6] = ["10.65.0.11", "10.65.0.12", "2001:db8:a41:3::11", "2001:db8:a41:3::12"];
const [A, B] = [port(1, [A4, A6]), port(2, [B4, B6])];
/** dnsmasq is known by the gateway of any subnet that it serves on the link. */
const SERVERS = ["10.65.0.1", "172.18.208.1"];

interface Scene {
  readonly h: Host;
  readonly a: Place;
  readonly b: Place;
}

async function scene(t: TestContext, forger: Endpoint): Promise<Scene> {
  const h = await host(t);
  await outside(t, h);
  const [a, b] = [await h.guest(forger), await h.guest(B)];
  assert.deepEqual(troubles(await h.hold(viewOf([forger, B]))), []);
  return { h, a, b };
}

const said = (h: Host, line: RegExp) => [...h.dhcpLog().matchAll(new RegExp(line, "g"))].length;

/** Said again and again until dnsmasq answers with this. */
async function isAnswered(h: Host, line: RegExp, say: () => Promise<unknown>): Promise<void> {
  const before = said(h, line);
  await eventually(`${line}`, async () => {
    await say();
    return said(h, line) > before;
  });
}

/** Each is refused, and dnsmasq hears of none. */
async function isRefused(h: Host, say: () => Promise<boolean>): Promise<void> {
  const refused = async () => Number(/counter packets (\d+)/.exec(await h.sh("nft list chain inet margay refused-lease"))?.[1]);
  const [before, lines] = [await refused(), said(h, /dnsmasq-dhcp.*DHCP/)];
  assert.ok(await say());
  await eventually("it is refused", async () => (await refused()) === before + 1);
  assert.equal(said(h, /dnsmasq-dhcp.*DHCP/), lines);
}

const leases = (guest: Place, more = "") => guest.can(`busybox udhcpc -i eth0 -q -n -f -t 2 -T 1 ${more} -s /bin/true`);
const broadcast = (guest: Place, bytes: readonly number[]) =>
  guest.can(`${printed(bytes)} | socat -u - UDP4-DATAGRAM:255.255.255.255:67,broadcast,bind=0.0.0.0:68,so-bindtodevice=eth0`);
const unicast = (guest: Place, bytes: readonly number[]) =>
  guest.can(`${printed(bytes)} | socat -u - UDP4-SENDTO:10.65.0.1:67,sourceport=68`);
const say6 = (guest: Place, bytes: readonly number[]) =>
  guest.can(`${printed(bytes)} | socat -u - 'UDP6-SENDTO:[ff02::1:2%eth0]:547,sourceport=546'`);

const renewal = (own: Mac, ip: string) => bootp({ type: REQUEST, chaddr: own, ciaddr: ip });

for (const [what, forger] of [
  ["a VM", A],
  ["a VM that is not checked", { ...A, port_security: false }],
  ["a VM that has the other's MAC as a pair's", { ...A, pairs: [{ prefix: cidr("10.65.0.99/32"), mac: B.mac }] }],
] as const)
  test(`${what} does not give back or decline another's lease`, async (t) => {
    const { h, a, b } = await scene(t, forger);
    await addressed(a, A);
    await addressed(b, B);
    assert.ok(await leases(b));
    // What is known for an answered flow is asked for whom it speaks all the same.
    await isAnswered(h, /DHCPACK\(margay0\) 10\.65\.0\.11 /, () => unicast(a, renewal(A.mac, A4)));
    for (const say of [broadcast, unicast])
      for (const server of SERVERS) {
        await isRefused(h, () => say(a, bootp({ type: RELEASE, chaddr: B.mac, ciaddr: B4, server })));
        await isRefused(h, () => say(a, bootp({ type: DECLINE, chaddr: B.mac, requested: B4, server })));
      }
    await isRefused(h, () => broadcast(a, bootp({ type: DISCOVER, chaddr: B.mac })));
    await isRefused(h, () => unicast(a, bootp({ type: DISCOVER, chaddr: A.mac, giaddr: "203.0.113.10" })));
    await isAnswered(h, /DHCPACK\(margay0\) 10\.65\.0\.12 /, () => unicast(b, renewal(B.mac, B4)));
    assert.ok(await leases(b), "as after a reboot");
    assert.ok(await leases(a), "its own");
  });

test("a VM has its lease from a pair's MAC as well, as long as it says who it is", async (t) => {
  const other = mac("02:00:5e:00:01:07");
  const { h, a } = await scene(t, { ...A, pairs: [{ prefix: cidr("0.0.0.0/0"), mac: other }] });
  await a.sh(`ip link set eth0 address ${other}`);
  await isAnswered(h, /DHCPOFFER\(margay0\) 10\.65\.0\.11 /, () => broadcast(a, bootp({ type: DISCOVER, chaddr: A.mac })));
});

test("a VM that calls itself by another's client identifier takes nothing from it", async (t) => {
  const { h, a, b } = await scene(t, A);
  const identifier = `01${B.mac.replaceAll(":", "")}`;
  assert.ok(await leases(b, `-x 0x3d:${identifier}`));
  assert.ok(await leases(a, `-x 0x3d:${identifier}`));
  await addressed(b, B);
  const renews = bootp({ type: REQUEST, chaddr: B.mac, ciaddr: B4, identifier });
  await isAnswered(h, /DHCPACK\(margay0\) 10\.65\.0\.12 /, () => unicast(b, renews));
  assert.doesNotMatch(h.dhcpLog(), /NAK/);
});

const rapid = option6(14, []);
/** Its lease at once, under this name. */
const solicits = (who: string, more: readonly number[] = rapid) => message6(SOLICIT6, who, undefined, more);

async function isServed6(h: Host, guest: Place, { tap, addresses }: Endpoint, who: string): Promise<void> {
  await isAnswered(h, new RegExp(`DHCPREPLY\\(${tap}\\) ${addresses[1]?.ip} `), () => say6(guest, solicits(who)));
}

test("by DHCPv6 a VM is given no address of another's, neither when it rebinds nor as a relay", async (t) => {
  const { h, a, b } = await scene(t, A);
  await isRefused(h, () => say6(a, message6(REBIND6, "aa", B6)));
  const relayed = [12, 0, ...octetsOf("2001:db8:a41:3::1"), ...octetsOf("fe80::1"), ...option6(79, [0, 1, ...octetsOf(B.mac)])];
  for (const inner of [solicits("aa"), message6(REBIND6, "aa", B6)]) await isRefused(h, () => say6(a, [...relayed, ...option6(9, inner)]));
  await isServed6(h, b, B, "bb");
  await isServed6(h, a, A, "aa");
});

test("a VM whose neighbour advertisements tell another's MAC is not the other for DHCPv6", async (t) => {
  const { h, a, b } = await scene(t, A);
  assert.ok(await a.can(ping(`${linkLocal(hostSideMac(A.mac))}%eth0`, "-6")), "the host knows it");
  const told = [136, 0, 0, 0, 0x20, 0, 0, 0, ...octetsOf(linkLocal(A.mac)), 2, 1, ...octetsOf(B.mac)];
  await a.sh(`${printed(told)} | socat -u - 'IP6-SENDTO:[ff02::1%eth0]:58,setsockopt-int=41:18:255'`);
  await eventually("the host believes it", () => h.can(`ip -6 neigh show dev ${A.tap} | grep -q '^fe80.* ${B.mac}'`));
  await isAnswered(h, new RegExp(`DHCP\\w+\\(${A.tap}\\) .*no addresses`), () => say6(a, solicits("aa")));
  await isServed6(h, b, B, "bb");
});

test("whoever knows another's DUID can make it ask again, and it is given what it had", async (t) => {
  const { h, a, b } = await scene(t, A);
  await isServed6(h, b, B, "bb");
  for (const type of [RELEASE6, DECLINE6]) {
    await isAnswered(h, new RegExp(`DHCP\\w+\\(${A.tap}\\) 00:02.*bb`), () => say6(a, message6(type, "bb", B6)));
    await isAnswered(h, new RegExp(`DHCPREPLY\\(${B.tap}\\) ${B6} .*lease not found`), () => say6(b, message6(RENEW6, "bb", B6)));
    await isServed6(h, b, B, "bb");
  }
});

test("a VM that asks all the time is heard now and then, and keeps nobody else waiting", async (t) => {
  const { h, a, b } = await scene(t, A);
  const paced = async () => Number(/counter packets (\d+)/.exec(await h.sh("nft list chain inet margay refused-pace"))?.[1]);
  const flood = async (bytes: readonly number[], to: string) => {
    const before = await paced();
    assert.ok(await a.can(`for i in $(seq 1000); do ${printed(bytes)}; done | socat -u -b ${bytes.length} - ${to}`));
    return (await paced()) - before;
  };
  const four = await flood(
    bootp({ type: DISCOVER, chaddr: A.mac }),
    "UDP4-DATAGRAM:255.255.255.255:67,broadcast,bind=0.0.0.0:68,so-bindtodevice=eth0",
  );
  assert.ok(four >= 500 && four <= 900, `${four} of 1000 are refused`);
  const six = await flood(solicits("aa"), "'UDP6-SENDTO:[ff02::1:2%eth0]:547,sourceport=546'");
  assert.ok(six >= 900 && six <= 960, `${six} of 1000 are refused`);
  assert.ok(await leases(b), "another's");
  await isServed6(h, b, B, "bb");
});
