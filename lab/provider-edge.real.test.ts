/** The edge of the guide's data centre, with packets: who hears of what, who reaches whom and as whom, and that nothing leaks. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import type { Ip } from "#core/net/address.ts";
import { fabricStands } from "./fabric.ts";
import { countLeaks, leaked } from "./provider-leaks.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns, vmNetns } from "./place.ts";
import { ping, tcp, udp } from "./probe.ts";
import { inside, must, run } from "./program.ts";
import { askBird, holdRules, lowerEdge, raiseEdge, startBird, startBirds, stopBird } from "./provider-edge.ts";
import { askProvider } from "./provider-router.ts";
import { outsideHost } from "./topology.ts";
import { until } from "./wait.ts";

const lab = await ownLab("edge");
const at = (machine: string) => machineNetns(lab, machine);
const vm = (name: string) => vmNetns(lab, name);
const ip = (text: string) => text as Ip;

const PUB1 = [ip("172.18.208.10"), ip("2001:db8:a41:2::10")] as const;
const PUB2 = [ip("172.18.208.20"), ip("2001:db8:a41:2::20")] as const;
const PRV1 = [ip("10.65.0.10"), ip("2001:db8:a41:3::10")] as const;
const PRV2 = [ip("10.65.0.20"), ip("2001:db8:a41:3::20")] as const;
const POOL = ["198.51.100.8", "198.51.100.9", "198.51.100.10", "198.51.100.11"];

const dc = dataCenterOf("guide");
const { ipv4: OUTSIDE4, ipv6: OUTSIDE6 } = outsideHost(dc.lab);

const edge = {
  lab,
  dc,
  vms: [
    { name: "pub1", host: "h1", addresses: PUB1 },
    { name: "pub2", host: "h2", addresses: PUB2 },
    { name: "prv1", host: "h1", addresses: PRV1 },
    { name: "prv2", host: "h2", addresses: PRV2 },
  ],
};

/** Hops of a traceroute by UDP, the target last; `*` for one that does not answer. */
async function hops(netns: string, to: string): Promise<string[]> {
  const six = to.includes(":") ? ["-6"] : [];
  const output = await must(inside(netns, ["busybox", "traceroute", ...six, "-n", "-q", "1", "-w", "1", "-m", "8", to]));
  return [...output.matchAll(/^ *\d+ +(\S+)/gm)].map((match) => match[1] ?? "");
}

/** The words with which one unfragmented packet of `size` bytes of payload is sent back. */
async function tooBig(netns: string, to: string, size: number): Promise<string> {
  const { stdout, stderr } = await run(
    inside(netns, ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-M", "do", "-s", String(size), to]),
  );
  return stdout + stderr;
}

/** Does an echo request that outside sends as `source`, be it its own address or not, get into the VM? */
async function arrives({ to, into, as: source }: { readonly to: Ip; readonly into: string; readonly as: Ip }): Promise<boolean> {
  const family = to.includes(":") ? "ip6" : "ip";
  const chain = `chain input {\ntype filter hook input priority filter;\n${family} saddr ${source} counter\n}`;
  const counter = `table inet seen {}\ndelete table inet seen\ntable inet seen {\n${chain}\n}\n`;
  await must(inside(vm(into), ["nft", "-f", "-"]), { input: counter });
  const own = [OUTSIDE4, OUTSIDE6].includes(source);
  const address = [source, "dev", "lo"];
  if (!own) await must(["ip", "-n", at("outside"), "addr", "add", ...address, ...(family === "ip6" ? ["nodad"] : [])]);
  await run(inside(at("outside"), ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "0.2", "-I", source, to]));
  if (!own) await must(["ip", "-n", at("outside"), "addr", "del", ...address]);
  return !/packets 0 /.test(await must(inside(vm(into), ["nft", "list", "table", "inet", "seen"])));
}

describe("the edge of the guide's data centre", () => {
  before(async () => {
    await raiseEdge(edge);
    await countLeaks(edge);
    startBirds(edge);
    await fabricStands(lab, edge.dc);
    await until({ what: "routes to all VMs at the gateway", timeout: 10_000 }, async () => {
      const routes = await askBird(edge, "gw1", "show route");
      return edge.vms.flatMap(({ addresses }) => addresses).find((address) => !routes.includes(`${address}/`));
    });
  });
  after(() => lowerEdge(edge));

  test("the provider hears of the two aggregates and of nothing else", async () => {
    const heard = await askProvider(lab, "show route where source = RTS_BGP");
    assert.deepEqual(
      [...heard.matchAll(/^(\S+\/\d+) +unicast \[(\S+) /gm)].map((match) => `${match[1]} ${match[2]}`),
      ["172.18.208.0/24 customer4:gw1", "2001:db8:a41:2::/63 customer6:gw1"],
    );
  });

  test("the gateway takes the default route from the provider, and none of what else it tells", async () => {
    const told = await askBird(edge, "gw1", 'show route where proto ~ "upstream*"');
    assert.deepEqual(
      [...told.matchAll(/^(\S+\/\d+) /gm)].map((match) => match[1]),
      ["0.0.0.0/0", "::/0"],
    );
    const { "1": received } = /Import updates: +(\d+)/.exec(await askBird(edge, "gw1", "show protocols all upstream4")) ?? [];
    assert.ok(Number(received) > 1, "the provider told more than the default route");
  });

  test("a host holds the other hosts' endpoints by way of their hosts, and its own by way of their taps", async () => {
    const of = async (address: string) => (await must(["ip", "-n", at("h1"), "route", "get", address])).split("\n")[0] ?? "";
    assert.match(await of(PUB2[0]), /via 192\.168\.100\.12 dev fab0/);
    assert.match(await of(PUB1[0]), /dev tappub1/);
    assert.match(await of(PUB2[1]), /via 2001:db8:a41:f::12 dev fab0/);
    assert.match(await of(OUTSIDE4), /via 192\.168\.100\.1 dev fab0/);
    assert.match(await of(OUTSIDE6), /via 2001:db8:a41:f::1 dev fab0/);
  });

  test("outside reaches public addresses and both halves of IPv6, by ICMP, UDP and TCP, as itself", async () => {
    for (const to of [PUB1[0], PUB2[0]]) {
      assert.deepEqual((await ping(at("outside"), to)).error, undefined);
      assert.equal((await udp(at("outside"), to, 53)).peerSaw, OUTSIDE4);
      assert.equal((await tcp(at("outside"), to, 80)).peerSaw, OUTSIDE4);
    }
    for (const to of [PUB1[1], PRV2[1]]) {
      assert.deepEqual((await ping(at("outside"), to)).error, undefined);
      assert.equal((await udp(at("outside"), to, 53)).peerSaw, OUTSIDE6);
      assert.equal((await tcp(at("outside"), to, 80)).peerSaw, OUTSIDE6);
    }
  });

  test("public and IPv6 addresses go out as they are", async () => {
    assert.equal((await tcp(vm("pub1"), OUTSIDE4, 80)).peerSaw, PUB1[0]);
    assert.equal((await udp(vm("pub2"), OUTSIDE4, 53)).peerSaw, PUB2[0]);
    assert.equal((await tcp(vm("pub1"), OUTSIDE6, 80)).peerSaw, PUB1[1]);
    assert.equal((await tcp(vm("prv1"), OUTSIDE6, 80)).peerSaw, PRV1[1]);
  });

  test("private addresses go out as one of the pool, always the same", async () => {
    assert.deepEqual((await ping(vm("prv1"), OUTSIDE4)).error, undefined);
    const seen = new Set([
      (await udp(vm("prv1"), OUTSIDE4, 53)).peerSaw,
      (await tcp(vm("prv1"), OUTSIDE4, 80)).peerSaw,
      (await tcp(vm("prv1"), OUTSIDE4, 22)).peerSaw,
    ]);
    assert.equal(seen.size, 1);
    for (const address of seen) assert.ok(POOL.includes(address ?? ""), String(address));
    assert.ok(POOL.includes((await tcp(vm("prv2"), OUTSIDE4, 80)).peerSaw ?? ""));
  });

  test("inside the data centre nothing is translated", async () => {
    assert.equal((await tcp(vm("prv1"), PUB2[0], 80)).peerSaw, PRV1[0]);
    assert.equal((await tcp(vm("pub1"), PRV2[0], 80)).peerSaw, PUB1[0]);
    assert.equal((await udp(vm("prv1"), PRV2[0], 53)).peerSaw, PRV1[0]);
  });

  test("only translated flows are tracked", async () => {
    await tcp(at("outside"), PUB1[0], 80);
    await tcp(vm("prv1"), OUTSIDE4, 80);
    const flows = (await must(inside(at("gw1"), ["conntrack", "-L"]))).trim().split("\n");
    assert.ok(flows.length > 0);
    assert.deepEqual(
      flows.filter((flow) => !/src=10\.65\.0\.\d+ .*dst=198\.51\.100\.(8|9|10|11) /.test(flow)),
      [],
    );
  });

  test("an address that nobody has is answered unreachable", async () => {
    assert.match((await ping(at("outside"), "172.18.208.99")).error ?? "", /Unreachable/);
    assert.match((await ping(at("outside"), "2001:db8:a41:2::99")).error ?? "", /unreachable/);
  });

  test("traceroute shows every hop but names no machine of the fabric outside", async () => {
    assert.deepEqual(await hops(at("outside"), PUB1[0]), ["203.0.113.1", "198.51.100.2", "198.51.100.2", PUB1[0]]);
    assert.deepEqual(await hops(at("outside"), PRV2[1]), ["2001:db8:feed::1", "2001:db8:ffff::2", "2001:db8:ffff::2", PRV2[1]]);
    assert.deepEqual(await hops(vm("prv1"), OUTSIDE4), ["192.168.100.11", "192.168.100.1", "198.51.100.1", OUTSIDE4]);
    assert.deepEqual(await hops(vm("pub1"), OUTSIDE6), ["2001:db8:a41:f::11", "2001:db8:a41:f::1", "2001:db8:ffff::1", OUTSIDE6]);
  });

  test("a closed port is answered as closed, through the translation and without", async () => {
    assert.match((await udp(vm("prv1"), OUTSIDE4, 9)).error ?? "", /refused/);
    assert.match((await tcp(vm("prv1"), OUTSIDE4, 9)).error ?? "", /refused/);
    assert.match((await udp(at("outside"), PUB1[0], 9)).error ?? "", /refused/);
  });

  test("who sends too large a packet is told so: by the outside, and by a host", async () => {
    await must(["ip", "-n", at("provider"), "link", "set", "inet0", "mtu", "1400"]);
    await must(["ip", "-n", at("h1"), "link", "set", "tappub1", "mtu", "1300"]);
    assert.match(await tooBig(vm("prv1"), OUTSIDE4, 1450), /mtu = 1400/);
    assert.match(await tooBig(vm("prv1"), OUTSIDE6, 1430), /mtu=1400/);
    assert.match(await tooBig(at("outside"), PUB1[0], 1350), /From 198\.51\.100\.2 .*mtu = 1300/);
    assert.match(await tooBig(at("outside"), PUB1[1], 1330), /From 2001:db8:ffff::2 .*mtu=1300/);
    await must(["ip", "-n", at("provider"), "link", "set", "inet0", "mtu", "1500"]);
    await must(["ip", "-n", at("h1"), "link", "set", "tappub1", "mtu", "1500"]);
  });

  for (const [ttl, where] of [
    [2, "the gateway"],
    [3, "the host"],
  ] as const)
    test(`an error of ${where} about a reply to a private address quotes the address that outside knows`, async () => {
      // Of the packet quoted in an ICMP error, the destination begins 8 + 16 bytes into the ICMP header.
      const rules = ["icmp type time-exceeded counter name errors", "icmp type time-exceeded @th,192,16 0x0a41 counter name secret"];
      const chain = `chain input {\ntype filter hook input priority filter;\n${rules.join("\n")}\n}`;
      const table = `table inet quoted {}\ndelete table inet quoted\ntable inet quoted {\ncounter errors {}\ncounter secret {}\n${chain}\n}\n`;
      await must(inside(at("outside"), ["nft", "-f", "-"]), { input: table });
      await must(inside(at("outside"), ["sysctl", "-qw", `net.ipv4.ip_default_ttl=${ttl}`]));
      assert.equal((await ping(vm("prv1"), OUTSIDE4)).reached, false);
      await must(inside(at("outside"), ["sysctl", "-qw", "net.ipv4.ip_default_ttl=64"]));
      const counted = await must(inside(at("outside"), ["nft", "list", "counters", "table", "inet", "quoted"]));
      assert.match(counted, /counter errors \{\s*packets [1-9]/);
      assert.match(counted, /counter secret \{\s*packets 0/);
    });

  test("nobody outside reaches a private address, though the provider's router be taught the way", async () => {
    await must(["ip", "-n", at("provider"), "route", "add", "10.65.0.0/16", "via", "198.51.100.2"]);
    assert.equal(await arrives({ to: PRV1[0], into: "prv1", as: OUTSIDE4 }), false);
    assert.equal(await arrives({ to: PUB1[0], into: "pub1", as: OUTSIDE4 }), true);
    await must(["ip", "-n", at("provider"), "route", "del", "10.65.0.0/16"]);
  });

  test("what claims from outside to come from inside is dropped", async () => {
    for (const source of [PUB2[0], PRV2[0], ip("192.168.100.12")])
      assert.equal(await arrives({ to: PUB1[0], into: "pub1", as: source }), false, source);
    for (const source of [PUB2[1], PRV2[1], ip("2001:db8:a41:f::12")])
      assert.equal(await arrives({ to: PUB1[1], into: "pub1", as: source }), false, source);
    assert.equal(await arrives({ to: PUB1[0], into: "pub1", as: OUTSIDE4 }), true);
    assert.equal(await arrives({ to: PUB1[1], into: "pub1", as: OUTSIDE6 }), true);
  });

  test("the gateway answers pings, and neither outside nor VMs get to its services", async () => {
    assert.equal((await ping(at("outside"), "198.51.100.2")).reached, true);
    assert.equal((await ping(vm("prv1"), "192.168.100.1")).reached, true);
    const doors = ["198.51.100.2", "198.51.100.8", "2001:db8:ffff::2"].flatMap((to) =>
      [22, 179].map((port) => tcp(at("outside"), ip(to), port)),
    );
    const fromVms = [tcp(vm("prv1"), ip("192.168.100.1"), 179), tcp(vm("pub1"), ip("2001:db8:a41:f::1"), 179)];
    for (const { error } of await Promise.all([...doors, ...fromVms])) assert.match(error ?? "", /timed out/);
  });

  for (const [machine, what] of [
    ["h1", "a host"],
    ["rr1", "the reflector"],
    ["gw1", "the gateway"],
  ] as const)
    test(`the BIRD of ${what} may crash and come back: not one packet is lost`, async () => {
      const pings = (netns: string, to: string) =>
        run(inside(netns, ["ping", "-n", "-q", "-c", "120", "-i", "0.05", "-W", "1", to]), { timeout: 15_000 });
      const all = Promise.all([
        pings(at("outside"), PUB1[0]),
        pings(at("outside"), PUB2[1]),
        pings(vm("prv1"), OUTSIDE4),
        pings(vm("pub1"), PUB2[0]),
      ]);
      await stopBird(edge, machine, "SIGKILL");
      startBird(edge, machine);
      for (const { stdout } of await all) assert.match(stdout, / 0% packet loss/);
      await until({ what: `${machine} to have its sessions again`, timeout: 5000 }, async () => {
        const sessions = [...(await askBird(edge, machine, "show protocols")).matchAll(/^(\S+) +BGP.*$/gm)];
        return sessions.find(([line]) => !line.includes("Established"))?.[1];
      });
    });

  test("BIRD refuses a wrong configuration, and birdc says so by its exit status", async () => {
    const path = join(lab.directory, "wrong.conf");
    writeFileSync(path, "protocol bgp;\n");
    await assert.rejects(askBird(edge, "gw1", `configure "${path}"`), /syntax error/);
    assert.match(await askBird(edge, "gw1", "configure"), /Reconfigured/);
  });

  test("the gateway's rules are as they should be: a round finds nothing to do", async () => {
    assert.equal(await holdRules(edge, "gw1"), 0);
  });

  test("nothing has leaked; without its rules, the gateway leaks, and that is seen", async () => {
    assert.deepEqual(await leaked(edge), []);
    await must(inside(at("gw1"), ["nft", "flush", "ruleset"]));
    await ping(vm("prv1"), OUTSIDE4);
    assert.deepEqual(await leaked(edge), ["10.65.0.0/16"]);
    assert.ok((await holdRules(edge, "gw1")) > 0);
    assert.ok(POOL.includes((await tcp(vm("prv1"), OUTSIDE4, 80)).peerSaw ?? ""));
  });
});
