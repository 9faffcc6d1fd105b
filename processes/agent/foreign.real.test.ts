/** What others have on a host, beside ours and called like ours: an agent lives its whole life, and none of it is touched. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { isAlive, processOf } from "#adapters/linux/process.ts";
import type { ProcessName } from "#adapters/linux/process.ts";
import { ground, port, told, until, up } from "./told.real.ts";
import type { Told } from "./told.real.ts";

/** Tables of other names, of ours in other families, and of names that begin or end like ours. */
const TABLES = `
table inet other {
  set s { type ipv4_addr; elements = { 192.0.2.1 }; }
  chain forward { type filter hook forward priority -5; policy accept; counter; }
}
table ip filter {
  chain LIBVIRT_FWI { oifname "virbr0" ip daddr 192.168.122.0/24 ct state related,established counter accept; }
  chain FORWARD { type filter hook forward priority filter; policy accept; counter jump LIBVIRT_FWI; }
}
table inet margayx { map senders { type ifname : verdict; elements = { "tap17" : accept }; }; }
table ip6 margay { chain forward { type filter hook forward priority 7; policy accept; counter accept; }; }
table ip6 margay-old { set taps { type ifname; elements = { "tap17" }; }; }
table arp other { chain input { type filter hook input priority 1; policy accept; counter; }; }
`;

/** Routes and neighbours of every other origin, on our taps too, for addresses beside ours; rules, qdiscs, links and their addresses. */
const OBJECTS = `
ip link add other0 type ifb; ip link set other0 up; ip addr add 192.168.122.1/24 dev other0; ip -6 addr add fd00:122::1/64 dev other0 nodad
ip link add margaret type ifb; ip link set margaret up; ip addr add 198.51.100.1/32 dev margaret
ip addr add 192.168.100.111/24 dev fab0
ip route add 192.0.2.7 dev tap17 proto static; ip route add 192.0.2.8 dev tap17 proto 89 metric 1024; ip route add 192.0.2.9 dev tap17
ip route add 10.65.0.17 via 192.168.122.9 metric 77; ip route add 198.18.0.0/15 via 192.168.100.1 proto bird metric 99
ip route add unreachable 203.0.113.0/24 metric 1048576; ip route add 10.65.0.18 dev other0 table 100; ip rule add from 192.168.122.0/24 lookup 100 pref 500
ip -6 route add 2001:db8:77::7 dev tap17 proto static; ip -6 route add unreachable 2001:db8:88::/48 metric 1048576
ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev tap17 nud permanent; ip neigh add 10.65.0.99 lladdr 02:00:00:00:00:99 dev tap17 nud permanent
ip -6 neigh add 2001:db8:a41:3::99 lladdr 02:00:00:00:00:99 dev tap17 nud permanent
ip neigh add 192.168.100.1 lladdr 02:00:00:00:00:01 dev fab0 nud permanent proto 89
ip neigh add proxy 192.0.2.77 dev tap17; ip -6 neigh add proxy 2001:db8:77::77 dev fab0
tc qdisc add dev other0 root tbf rate 1mbit burst 16k latency 50ms; tc qdisc add dev fab0 clsact; tc qdisc add dev fab0 root handle 77: htb default 1
tc class add dev fab0 parent 77: classid 77:1 htb rate 100gbit; tc qdisc add dev tap17 clsact; tc qdisc add dev tap18 root pfifo limit 77
sysctl -qw net.ipv4.conf.other0.proxy_arp=1 net.ipv4.conf.other0.forwarding=1 net.ipv4.conf.margaret.send_redirects=1
`;

/** All of that, without counters, with the handles by which the kernel tells an object from one that was made again. */
const LOOK = `
for table in "inet other" "ip filter" "inet margayx" "ip6 margay" "ip6 margay-old" "arp other"; do nft -s -a list table $table; done
ip -d addr show other0; ip -d addr show margaret; ip addr show fab0; ip rule
ip -4 route show table all | grep -v 'proto 88' | grep -v '^broadcast\\|^local\\|^multicast' | sort
ip -6 route show table all | grep -v 'proto 88' | grep -v '^local\\|^multicast\\|^anycast\\|^fe80' | sort
ip -4 neigh show nud permanent | grep -v 'proto 88' | sort
ip -6 neigh show nud permanent | grep -v 'proto 88' | sort
ip -4 neigh show proxy; ip -6 neigh show proxy
tc qdisc show | grep 'other0\\|fab0\\|tap17\\|tap18' | sed 's/ refcnt [0-9]*//'; tc class show dev fab0
sysctl net.ipv4.conf.other0.proxy_arp net.ipv4.conf.other0.forwarding net.ipv4.conf.margaret.send_redirects
`;

interface Foreign {
  look(): Promise<string>;
}

async function foreign(t: TestContext, one: Told): Promise<Foreign> {
  const { host, state } = one;
  await host.sh(`nft -f - <<'END'\n${TABLES}\nEND\n${OBJECTS}`);
  const beside = [
    join(state, "notes.txt"),
    join(state, "birds", "bird.conf"),
    join(state, "log", "bird.log.old"),
    join(state, "run", "x.json"),
  ];
  for (const file of beside) {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, `somebody's ${file}\n`);
  }
  const running = await programs(t, host.name);
  const filesThere = () => beside.map((file) => `${file} ${statSync(file).mtimeMs} ${readFileSync(file, "utf8")}`).join("");
  return {
    look: async () =>
      [await host.sh(LOOK), filesThere(), ...running.map((name) => `${name.pid} ${isAlive(name) ? "lives" : "is gone"}`)].join("\n"),
  };
}

/** A BIRD and a dnsmasq of others, in the same namespace, with files of their own. */
async function programs(t: TestContext, netns: string): Promise<readonly ProcessName[]> {
  const home = mkdtempSync(join(tmpdir(), "margay-foreign-"));
  writeFileSync(join(home, "bird.conf"), "router id 192.0.2.1;\nprotocol device {}\n");
  const started = [
    ["bird", "-f", "-c", join(home, "bird.conf"), "-s", join(home, "bird.ctl")],
    [
      "dnsmasq",
      "-k",
      "--conf-file=/dev/null",
      "--port=0",
      "--interface=other0",
      "--bind-dynamic",
      "--dhcp-range=192.168.122.10,192.168.122.20",
    ],
  ].map((argv) => spawn("ip", ["netns", "exec", netns, ...argv, ...(argv[0] === "dnsmasq" ? [`--dhcp-leasefile=${home}/leases`] : [])]));
  t.after(() => {
    for (const child of started) child.kill("SIGKILL");
    rmSync(home, { recursive: true });
  });
  await Promise.all(started.map((child) => once(child, "spawn")));
  return started.flatMap(({ pid }) => processOf(pid ?? 0) ?? []);
}

test("through start, changes, drift, kill -9, restart and stop nothing of others is touched", async (t) => {
  const one = await told(t);
  await one.host.sh(
    "for n in 17 18; do ip tuntap add tap$n mode tap; ip link set tap$n up; done; ip link add tapother type ifb; ip link set tapother up",
  );
  const others = await foreign(t, one);
  const before = await others.look();
  const same = async (when: string) => assert.equal(await others.look(), before, when);

  const heard = (revision: number) =>
    until(
      () => one.report()?.revision === revision,
      () => `revision ${revision}: ${JSON.stringify([one.report(), one.log().slice(-20)], null, 1)}`,
    );

  one.say(...(await ground()), port(17), port(18));
  const first = one.start();
  await up(one, [17, 18], 1);
  await same("when all was made");

  const revision = one.say({ op: "gone", key: "endpoint/p18" }, port(19));
  await heard(revision);
  await one.host.sh("ip tuntap add tap19 mode tap; ip link set tap19 up");
  await up(one, [17, 19], revision);
  await same("when ports came and went");

  await one.host.sh(
    "nft flush table inet margay; ip route flush proto 88; ip neigh flush nud permanent dev tap19; ip link set tap19 down; ip link set tap19 up",
  );
  await until(async () =>
    (await one.host.sh("ip route show proto 88 dev tap19; nft list chain inet margay forward")).includes("10.65.0.19"),
  );
  await up(one, [17, 19], revision);
  await same("when ours was broken and put right");

  first.kill("SIGKILL");
  await once(first, "exit");
  one.say({ op: "gone", key: "endpoint/p19" });
  const second = one.start();
  const left = async () => (await one.host.sh("nft list table inet margay; ip route show proto 88")).match(/.*tap19.*/g);
  await until(
    async () => (await left()) === null,
    () => JSON.stringify(one.log().slice(-20), null, 1),
  );
  await same("when another agent went on");

  // The data centre itself goes: there is nothing of ours to hold any more but what others have.
  const last = one.say({ op: "gone", key: "endpoint/p17" });
  await heard(last);
  await same("when the last port had gone");
  second.kill("SIGTERM");
  assert.deepEqual(await once(second, "exit"), [0, null]);
  await same("when it was stopped");
});
