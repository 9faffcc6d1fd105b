/** One compute host, real: guests that boot by DHCP, packets that pass and packets that do not. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Endpoint } from "../../feed/item.ts";
import { membersIn } from "../../feed/members.ts";
import { eui64, hostSideMac } from "../../net/mac.ts";
import { addressed, changed, ended, eventually, host, listens, outside, ping, tcp, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { cidr, group, INTERNAL, ip, mac, port, rule, subnet, SUBNETS, uuid, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);
const B = port(2, ["10.65.0.12", "2001:db8:a41:3::12"]);
const [A4, A6, B4, B6] = ["10.65.0.11", "2001:db8:a41:3::11", "10.65.0.12", "2001:db8:a41:3::12"];

const UDHCPC = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add $ip/$mask dev $interface; set -- $staticroutes
while [ $# -ge 2 ]; do ip route add $1 via $2 dev $interface; shift 2; done
echo "dns=$dns mtu=$mtu hostname=$hostname domain=$domain ntp=$ntpsrv lease=$lease"
`;
const DHCLIENT = `#!/bin/sh
case $reason in BOUND6|REBOOT6) ip -6 addr add $new_ip6_address/128 dev $interface; echo "dns6=$new_dhcp6_name_servers";; esac
`;

/** It goes to the background before it says who it is there. */
const written = (pid: string) => `timeout 5 sh -c 'until [ -s ${pid} ]; do sleep 0.05; done'`;

/** Boots by DHCPv4, router advertisement and DHCPv6, each by itself; what the clients said, and when each was done. */
async function boots(
  guest: Place,
  h: Host,
  duid = "LL",
): Promise<{ readonly words: string; readonly ms: Readonly<Record<string, number>> }> {
  const scripts = { four: join(h.state, "udhcpc.sh"), six: join(h.state, "dhclient.sh") };
  for (const [path, text] of [
    [scripts.four, UDHCPC],
    [scripts.six, DHCLIENT],
  ] as const) {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
  const [leases, pid] = [join(h.state, `${guest.name}-${performance.now()}.leases`), join(h.state, `${guest.name}.pid`)];
  const begin = performance.now();
  const timed = async (work: Promise<string>) => ({ words: await work, ms: Math.round(performance.now() - begin) });
  const [four, six, ra] = await Promise.all([
    timed(guest.sh(`busybox udhcpc -i eth0 -q -n -f -t 10 -T 1 -O 121 -O mtu -O 42 -s ${scripts.four}`)),
    timed(
      guest.sh(
        `timeout 15 dhclient -6 -1 -v -D ${duid} -sf ${scripts.six} -lf ${leases} -pf ${pid} eth0 2>/dev/null </dev/null; ${written(pid)}; kill $(cat ${pid})`,
      ),
    ),
    timed(eventually("a default router", () => guest.can("ip -6 route show default proto ra | grep -q via")).then(() => "")),
  ]);
  return { words: `${four.words} ${six.words}`, ms: { dhcp4: four.ms, dhcp6: six.ms, ra: ra.ms } };
}

test("a guest boots by DHCP and router advertisement, is told everything, and reaches the outside", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const a = {
    ...A,
    dhcp_options: [
      { name: "ntp-server", value: "192.0.2.9", family: 4 as const },
      { name: "mtu", value: "1400\ndhcp-range=x", family: 4 as const },
    ],
  };
  const guest = await h.guest(a);
  const first = await h.hold(viewOf([a]));
  assert.deepEqual(troubles(first), []);
  const { words, ms } = await boots(guest, h);
  t.diagnostic(`boot, ms from start: ${JSON.stringify(ms)}`);
  assert.match(words, /dns=203\.0\.113\.53 mtu=1500 hostname=vm-1 domain=cloud\.example ntp=192\.0\.2\.9 lease=86400/);
  assert.match(words, /dns6=2001:db8:feed::53/);
  assert.ok(await guest.can(`ip -4 addr show dev eth0 | grep -q ${A4}/16 && ip -4 route show default | grep -q 'via 10.65.0.1'`));
  assert.ok(await guest.can(`ip -6 addr show dev eth0 | grep -q ${A6}/128`));
  assert.ok(await guest.can("ip -6 route show default | grep -q 'via fe80::fc16:3eff:fe00:1'"));
  for (const target of ["203.0.113.10", "2001:db8:feed::10", "10.65.0.1", "2001:db8:a41:3::1", "fe80::fc16:3eff:fe00:1%eth0"])
    assert.ok(await guest.can(ping(target)), target);
  for (const target of [A4, A6]) assert.ok(await wan.can(ping(target)), target);
  assert.ok(
    await h.can(`ip neigh show ${A4} dev ${a.tap} | grep -q PERMANENT && ip neigh show ${A6} dev ${a.tap} | grep -q PERMANENT`),
    "DHCP leaves the permanent neighbours alone",
  );
  assert.deepEqual(changed(await h.hold(viewOf([a]))), [], "a second round finds nothing to do");
});

test("an address that moves to another port, and a port that is new, get their leases at once", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [one, two] = [await h.guest(A), await h.guest({ ...B, addresses: A.addresses })];
  await h.hold(viewOf([A]));
  await boots(one, h);
  const heir = { ...B, addresses: A.addresses };
  assert.deepEqual(troubles(await h.hold(viewOf([heir]))), []);
  await boots(two, h);
  assert.ok((await two.can(`ip addr show dev eth0 | grep -q ${A4}`)) && (await two.can(`ip addr show dev eth0 | grep -q ${A6}`)));
  const c = port(3, ["10.65.0.13", "2001:db8:a41:3::13"]);
  const three = await h.guest(c);
  await h.hold(viewOf([heir, c]));
  await boots(three, h);
  assert.ok(await three.can("ip addr show dev eth0 | grep -q 10.65.0.13"));
  assert.doesNotMatch(h.dhcpLog(), /leased to|no addresses available|NAK/);
});

test("guests reach each other and the outside by both families, unless they say to be who they are not", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest(B)];
  assert.deepEqual(troubles(await h.hold(viewOf([A, B]))), []);
  await addressed(a, A);
  await addressed(b, B);
  for (const target of [B4, B6, "203.0.113.10", "2001:db8:feed::10"]) assert.ok(await a.can(ping(target)), target);
  for (const target of [A4, A6]) assert.ok(await wan.can(ping(target)), target);

  await t.test("another address, of nobody, of the neighbour, or of the gateway", async () => {
    for (const fake of ["10.65.0.99", B4, "10.65.0.1", "198.18.0.1"]) {
      await a.sh(`ip addr add ${fake}/32 dev eth0`);
      assert.equal(await dropped(h, "inet", () => a.can(ping("203.0.113.10", `-I ${fake}`))), true, fake);
      for (const each of ordinary("203.0.113.10", fake)) assert.equal(await dropped(h, "inet", () => a.can(each)), true, each);
      await a.sh(`ip addr del ${fake}/32 dev eth0`);
    }
    for (const fake of ["2001:db8:a41:3::99", B6]) {
      await a.sh(`ip addr add ${fake}/128 dev eth0 nodad`);
      assert.equal(await dropped(h, "inet", () => a.can(ping("2001:db8:feed::10", `-I ${fake}`))), true, fake);
      for (const each of ordinary("2001:db8:feed::10", fake)) assert.equal(await dropped(h, "inet", () => a.can(each)), true, each);
      await a.sh(`ip addr del ${fake}/128 dev eth0`);
    }
  });

  await t.test("another MAC", async () => {
    const router = `10.65.0.1 lladdr ${hostSideMac(A.mac)} dev eth0`;
    await a.sh(
      `ip link set eth0 address fa:16:3e:00:00:99; ip route replace default via 10.65.0.1; ip neigh replace ${router} nud permanent`,
    );
    for (const each of [ping("203.0.113.10"), ...ordinary("203.0.113.10", A4)])
      assert.equal(await dropped(h, "inet", () => a.can(each)), true, each);
    await a.sh(`ip neigh del ${router}; ip link set eth0 address ${A.mac}`);
    await addressed(a, A);
    assert.ok(await a.can(ping("203.0.113.10")));
  });

  await t.test("another's address in ARP", async () => {
    assert.equal(
      await dropped(h, "arp", () =>
        a.can(
          `ip addr add ${B4}/32 dev eth0; s=0; busybox arping -c 1 -w 1 -s ${B4} -I eth0 10.65.0.1 || s=$?; ip addr del ${B4}/32 dev eth0; exit $s`,
        ),
      ),
      true,
    );
    assert.ok(await a.can("busybox arping -q -c 1 -w 1 -I eth0 10.65.0.1"));
  });

  await t.test("a router advertisement, a DHCP answer", async () => {
    const send = (to: string) => a.can(`printf '\\206\\0\\0\\0\\100\\0\\7\\10\\0\\0\\0\\0\\0\\0\\0\\0' | socat -u - '${to}'; false`);
    assert.equal(await dropped(h, "inet", () => send("IP6-SENDTO:[ff02::1%eth0]:58")), true, "a router advertisement");
    assert.equal(await dropped(h, "inet", () => send(`UDP4-SENDTO:${B4}:68,sourceport=67`)), true);
    assert.equal(await dropped(h, "inet", () => send(`UDP6-SENDTO:[${B6}]:546,sourceport=547`)), true);
  });
});

/** TCP and UDP from an address; they do not say that they arrived. */
function ordinary(target: string, from: string): string[] {
  const [to, bind] = [target, from].map((ip) => (ip.includes(":") ? `[${ip}]` : ip));
  return [`TCP:${to}:9,bind=${bind},connect-timeout=0.2`, `UDP:${to}:9,bind=${bind}`].map((way) => `echo hi | socat -u - ${way}; false`);
}

/** It fails, and something is counted as dropped. */
async function dropped(h: Host, family: "inet" | "arp", attempt: () => Promise<boolean>): Promise<boolean> {
  const drops = async () =>
    [...(await h.sh(`nft list table ${family} margay`)).matchAll(/counter packets (\d+)/g)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  const before = await drops();
  // A single packet may get lost on its way to the filter, while a neighbour is asked for: it is sent until one is seen to be dropped.
  await eventually("a drop", async () => {
    assert.equal(await attempt(), false);
    return (await drops()) > before;
  });
  return true;
}

test("a guest sees of its host and of the fabric what it must, and no more", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const a = await h.guest(A);
  await h.hold(viewOf([A]));
  await addressed(a, A);
  await listens(h, 22);
  await listens(wan, 179);
  for (const target of ["10.65.0.1", "172.18.208.1", "2001:db8:a41:3::1"]) assert.ok(await a.can(ping(target)), target);
  for (const target of ["192.168.100.11", "192.168.100.1", "2001:db8:a41:f::11", "2001:db8:a41:f::1"])
    assert.equal(await a.can(ping(target)), false, target);
  for (const target of ["10.65.0.1", "192.168.100.11", "2001:db8:a41:3::1"]) assert.equal(await a.can(tcp(target, 22)), false, target);
  assert.equal(await a.can(tcp("192.168.100.1", 179)), false);
  assert.ok(await a.can(tcp("203.0.113.10", 179)), "the same machine by an address that is outside");
  assert.ok((await h.can(ping(A4))) && (await h.can(ping(A6))), "the host reaches its guest");
  assert.ok(await wan.can(ping(A4, "-I 192.168.100.1")), "and so does the fabric");
  assert.match(await a.sh(`${ping("2001:db8:a41:3::77")} 2>&1 || true`), /100% packet loss/);
  assert.ok(await h.can("ip route get 10.65.0.77 2>&1 | grep -q 'No route to host\\|unreachable'"), "an address that nobody has ends here");
});

test("rules open and close, and a rule that goes takes its flows along", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest({ ...B, groups: [uuid("web")] })];
  const web = (more: readonly ReturnType<typeof rule>[]) => group("web", [rule("egress", 4), ...more]);
  const ssh4 = rule("ingress", 4, { protocol: 6, port_range_min: 22, port_range_max: 22 });
  const members = (...texts: string[]) => new Map([[uuid("open"), membersIn(texts.map(ip))]]);
  const show = async (...more: Parameters<typeof web>[0]) =>
    h.hold(
      viewOf([A, { ...B, groups: [uuid("web")] }], {
        with: [group("open", [rule("egress", 4), rule("egress", 6), rule("ingress", 4)]), web(more)],
        members: members(A4),
      }),
    );
  assert.deepEqual(troubles(await show()), []);
  await addressed(a, A);
  await addressed(b, B);
  await listens(b, 22);
  await listens(b, 80);

  assert.equal(await a.can(tcp(B4, 22)), false, "closed without a rule");
  assert.ok(await b.can(ping(A4)), "replies come back");
  await show(ssh4);
  assert.ok(await a.can(tcp(B4, 22)), "open with a rule");
  assert.equal(await a.can(tcp(B4, 80)), false, "another port is not");
  assert.equal(await a.can(tcp(B6, 22)), false, "the other family is not");

  const flow = a.start(["sh", "-c", `while sleep 0.1; do echo alive; done | socat -u - TCP:${B4}:22`]);
  await eventually("a flow", () => h.can(`conntrack -L -p tcp --dport 22 2>/dev/null | grep -q ESTABLISHED`));
  await show(ssh4, rule("ingress", 6));
  assert.ok(await h.can("conntrack -L -p tcp --dport 22 2>/dev/null | grep -q ESTABLISHED.*ASSURED"), "a rule more cuts nothing");
  await show();
  await eventually("its flow is cut", () => h.can("conntrack -L -p tcp --dport 22 -m 0x80000000/0x80000000 2>/dev/null | grep -q tcp"));
  assert.equal(await a.can(tcp(B4, 22)), false);
  await ended(flow);

  const byGroup = rule("ingress", 4, { protocol: 6, remote: { group: uuid("open") } });
  await show(byGroup);
  assert.ok(await a.can(tcp(B4, 80)), "open for a member");
  const without = viewOf([A, { ...B, groups: [uuid("web")] }], {
    with: [group("open", [rule("egress", 4)]), web([byGroup])],
    members: members(),
  });
  await h.hold(without);
  assert.equal(await a.can(tcp(B4, 80)), false, "closed for one that left");
});

test("closed: a tap that nobody told us of, a port that is down, a port without groups; open: a port without port security", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const [down, bare, open] = [
    port(2, ["10.65.0.12"], { admin_state_up: false }),
    port(3, ["10.65.0.13"], { groups: [] }),
    port(4, ["10.65.0.14"], { port_security: false }),
  ];
  const stranger = port(5, ["10.65.0.15"]);
  const guests = new Map<Endpoint, Place>();
  for (const each of [down, bare, open, stranger]) {
    const guest = await h.guest(each);
    await addressed(guest, each);
    guests.set(each, guest);
  }
  const at = (endpoint: Endpoint) => guests.get(endpoint) ?? wan;
  assert.deepEqual(troubles(await h.hold(viewOf([down, bare, open]))), []);
  await h.sh(`ip route add 10.65.0.15/32 dev ${stranger.tap}; ip route add 10.65.0.12/32 dev ${down.tap}`);
  for (const each of [down, bare, stranger]) {
    const [{ ip: address }] = each.addresses as readonly [Endpoint["addresses"][number]];
    assert.equal(await wan.can(ping(address)), false, `to ${address}`);
    assert.equal(await at(each).can(ping("203.0.113.10")), false, `from ${address}`);
  }
  assert.equal(await at(stranger).can(ping("10.65.0.1")), false);
  assert.ok(await at(bare).can(ping("10.65.0.1")), "a port without groups still has its gateway");
  assert.ok((await wan.can(ping("10.65.0.14"))) && (await at(open).can(ping("203.0.113.10"))));
  await at(open).sh(
    "ip addr add 10.65.0.44/32 dev eth0; ip link set eth0 address fa:16:3e:99:99:99; ip route replace default via 10.65.0.1",
  );
  await h.sh(`ip route add 10.65.0.44/32 dev ${open.tap}`);
  assert.ok(await at(open).can(ping("203.0.113.10", "-I 10.65.0.44")), "unfiltered");

  const running = wan.start(["ping", "-i", "0.1", "10.65.0.14"]);
  await eventually("a flow", () => h.can("conntrack -L -p icmp 2>/dev/null | grep -q dst=10.65.0.14"));
  await h.hold(viewOf([down, bare, { ...open, admin_state_up: false }]));
  assert.equal(await wan.can(ping("10.65.0.14")), false, "down is closed for flows that were there, too");
  await ended(running);
});

test("nobody else answers ARP for a guest's own address, wherever its route points; for other addresses the host does", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const a = await h.guest(A);
  await h.hold(viewOf([A]));
  await h.sh(`ip route add ${A4}/32 via 192.168.100.1 metric 1`);
  assert.ok(await a.can(`busybox arping -D -q -c 2 -w 2 -I eth0 ${A4}`), "duplicate address detection finds it free");
  await addressed(a, A);
  await h.sh("ip route add 10.65.0.200/32 via 192.168.100.1");
  assert.ok(await a.can("busybox arping -q -c 1 -w 1 -I eth0 10.65.0.200"), "a neighbour on another host");
});

test("allowed pairs: their addresses may be sent from, others not", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const virtual = mac("00:00:5e:00:01:01");
  const a = { ...A, pairs: [{ prefix: cidr("10.65.0.0/16"), mac: virtual }] };
  const guest = await h.guest(a);
  assert.deepEqual(troubles(await h.hold(viewOf([a]))), []);
  await addressed(guest, a);
  await h.sh(`ip route add 10.65.0.50/32 dev ${a.tap}; ip neigh add 10.65.0.50 dev ${a.tap} lladdr ${virtual}`);
  await guest.sh("ip addr add 10.65.0.50/32 dev eth0");
  assert.equal(await wan.can(ping("10.65.0.50")), false, "the address with the wrong MAC");
  await guest.sh(`ip link add link eth0 name vip address ${virtual} type macvlan; ip link set vip up; 
    ip addr del 10.65.0.50/32 dev eth0; ip addr add 10.65.0.50/32 dev vip
    ip route add default via 10.65.0.1 dev vip onlink table 7; ip rule add from 10.65.0.50 table 7`);
  assert.ok(await wan.can(ping("10.65.0.50")), "the pair");
});

test("guests that make their own addresses are told their network's prefix, and others are not", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const own = uuid("own");
  const made = [
    subnet("own4", own, "172.18.208.0/24"),
    subnet("own6", own, "2001:db8:a41:2::/64", { ipv6_mode: "slaac", mtu: 1400 }),
    ...SUBNETS.filter(({ network_id }) => network_id === INTERNAL),
  ];
  const subnets = new Map(made.map((each) => [each.id, each]));
  const self = eui64(cidr("2001:db8:a41:2::/64"), mac("fa:16:3e:00:00:05"));
  const slaac = port(5, ["172.18.208.15"], { network_id: own });
  const addresses = [
    { ip: ip("172.18.208.15"), subnet_id: uuid("own4") },
    { ip: self, subnet_id: uuid("own6") },
  ];
  const [c, a] = [await h.guest(slaac), await h.guest(A)];
  for (const guest of [a, c])
    guest.start(["sh", "-c", `tcpdump -lnnvi eth0 'icmp6 and ip6[40] == 134' > ${h.state}/${guest.name}.adverts 2>/dev/null`]);
  const said = async (guest: Place, what: string) => guest.can(`grep -q '${what}' ${h.state}/${guest.name}.adverts`);
  assert.deepEqual(troubles(await h.hold(viewOf([A, { ...slaac, addresses }], { subnets }))), []);
  await eventually("an address made by itself", () => c.can(`ip addr show dev eth0 scope global | grep -q ${self}`));
  await eventually("a router for the other", () => a.can("ip -6 route show default proto ra | grep -q via"));
  assert.equal(await a.can("ip -6 addr show dev eth0 scope global | grep -q inet6"), false);
  assert.ok(await c.can("ip -6 route show default | grep -q 'mtu 1400'"));
  assert.ok(await c.can(`busybox udhcpc -i eth0 -q -n -f -t 3 -T 1 -s /bin/true 2>&1 | grep -q 'lease of 172.18.208.15'`));
  assert.ok(await c.can(ping("2001:db8:feed::10")));
  // Of its own accord dnsmasq advertises the common anchor to all taps within seconds of its start.
  await eventually("advertised to the one", () => said(a, "Flags \\[managed, other"));
  await eventually("advertised to the other", () => said(c, "prefix info option.*2001:db8:a41:2::/64, Flags \\[auto\\]"));
  await eventually("what is kept from it", () => h.can("nft list chain inet margay to-tap | grep -q 'packets [1-9]'"));
  assert.equal(await said(c, "managed"), false, "it is never told to ask");
  assert.ok(await said(c, "rdnss option.*2001:db8:feed::53"));
  assert.equal(await said(a, "rdnss"), false, "name servers of a network are no matter of the others on the common anchor");
  assert.ok((await said(a, "mtu option (5), length 8 (1):  1500")) && (await said(c, "mtu option (5), length 8 (1):  1400")));
});

test("a lease is renewed by a dnsmasq that never gave it: after a restart, or on another host", async (t) => {
  const h = await host(t);
  await outside(t, h);
  const guest = await h.guest(A);
  await h.hold(viewOf([A, B]));
  const scripts = { six: join(h.state, "six.sh"), lease: join(h.state, "six.leases"), pid: join(h.state, "six.pid") };
  writeFileSync(scripts.six, '#!/bin/sh\necho $reason >> "$0.log"\n');
  chmodSync(scripts.six, 0o755);
  const client = (...more: string[]) =>
    ["dhclient", "-6", ...more, "-sf", scripts.six, "-lf", scripts.lease, "-pf", scripts.pid, "eth0"].join(" ");
  await guest.sh(`timeout 15 ${client("-1", "-D", "LL")} >/dev/null 2>&1; ${written(scripts.pid)}; kill $(cat ${scripts.pid})`);
  assert.deepEqual(
    changed(await h.hold(viewOf([A]))).includes("replace daemon/dnsmasq"),
    true,
    "another port has gone: dnsmasq is started anew",
  );
  // Renewal is due at once when the lease was bound long ago.
  await guest.sh(`sed -i 's/starts [0-9]*/starts '$(($(date +%s) - 320))'/' ${scripts.lease}`);
  await guest.sh(`timeout 15 ${client("-1", "-D", "LL")} >/dev/null 2>&1; kill $(cat ${scripts.pid}) || true`);
  assert.match(await guest.sh(`cat ${scripts.six}.log`), /BOUND6\n(?:\w+\n)*(?:REBOOT6|RENEW6|BOUND6)/);
  assert.match(h.dhcpLog(), /DHCPRENEW|DHCPCONFIRM/);
  assert.doesNotMatch(h.dhcpLog(), /no addresses available/);
  assert.ok(await guest.can(`busybox udhcpc -i eth0 -q -n -f -t 3 -T 1 -r ${A4} -s /bin/true 2>&1 | grep -q 'lease of ${A4}'`));
});
