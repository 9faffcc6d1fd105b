/** The agent as a process, with a real kernel, BIRD and dnsmasq. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { agentSocket } from "./socket.ts";
import { askAgent, ground, port, told, until, up } from "./told.real.ts";
import type { Told } from "./told.real.ts";

test("a port waits for its tap, is up when it has come, and goes without a trace", async (t) => {
  const one = await told(t);
  one.say(...(await ground()), port(17));
  one.start();
  await until(
    () => one.report()?.endpoints["p17"]?.state === "waiting",
    () => JSON.stringify(one.report(), null, 1),
  );
  assert.deepEqual(one.report()?.endpoints["p17"], { state: "waiting", for: "link/tap17" });
  assert.deepEqual(await taps(one, "tap17"), []);

  await one.host.sh("ip tuntap add tap17 mode tap; ip link set tap17 up");
  await up(one, [17], 1);
  assert.deepEqual(await taps(one, "tap17"), ["10.65.0.17 dev tap17 scope link metric 1024", "2001:db8:a41:3::11 dev tap17 metric 1024"]);
  assert.match(await one.host.sh("ip neigh show nud permanent dev tap17 | sort"), /10\.65\.0\.17 lladdr fa:16:3e:00:00:11 PERMANENT/);
  assert.deepEqual(one.report()?.troubles, []);
  assert.ok(
    one.log().some(({ msg, did }) => msg === "change" && did === "create route/10.65.0.17/32 metric 1024 done because port/p17"),
    JSON.stringify(one.log()),
  );
  const { endpoints, objects, controller, troubles } = await one.status();
  assert.deepEqual(troubles, []);
  assert.deepEqual([endpoints, controller], [{ p17: { state: "up" } }, "connected"]);
  assert.deepEqual(
    objects.filter(({ state }) => state !== "done"),
    [],
  );

  const asked = async (query: string) =>
    (JSON.parse(await askAgent(one.state, `/objects?${query}`)) as { objects: readonly { object: string }[] }).objects.map(
      ({ object }) => object,
    );
  assert.deepEqual(await asked("because=port/p17&kind=neighbour"), ["neighbour/tap17 10.65.0.17", "neighbour/tap17 2001:db8:a41:3::11"]);
  assert.deepEqual(await asked("state=failed"), []);
  await assert.rejects(asked("cause=port/p17"), /400 .*cause: \/objects knows because, state, kind/);
  assert.equal((JSON.parse(await askAgent(one.state, "/view")) as { revision: number }).revision, 1);
  assert.match(await askAgent(one.state, "/metrics"), /^margay_agent_endpoints\{state="up"\} 1$/m);
  assert.equal(statSync(agentSocket(one.state)).mode & 0o777, 0o600);

  const revision = one.say({ op: "gone", key: "endpoint/p17" });
  await until(() => one.report()?.revision === revision);
  assert.deepEqual(await taps(one, "tap17"), []);
  assert.equal(await one.host.sh("ip neigh show nud permanent"), "");
  assert.doesNotMatch(await one.host.sh("nft list ruleset"), /tap17/);
});

test("whoever kills it changes nothing on the host, and the next one finds nothing to do", async (t) => {
  const one = await told(t);
  await one.host.sh("ip tuntap add tap17 mode tap; ip link set tap17 up");
  one.say(...(await ground()), port(17));
  const first = one.start();
  await up(one, [17], 1);
  const before = await holdings(one);
  first.kill("SIGKILL");
  await once(first, "exit");
  assert.equal(await holdings(one), before);

  const lines = one.log().length;
  const second = one.start();
  await until(() =>
    one
      .log()
      .slice(lines)
      .some(({ msg }) => msg === "connected"),
  );
  await until(async () => (await one.status()).revision === 1);
  assert.deepEqual(
    one
      .log()
      .slice(lines)
      .filter(({ msg }) => msg === "change" || msg === "drift"),
    [],
  );

  second.kill("SIGTERM");
  const [code] = await once(second, "exit");
  assert.equal(code, 0);
  assert.equal(await holdings(one), before);
});

test("a host that boots while its controller is gone serves its VMs by what it was told last, and removes nothing", async (t) => {
  const one = await told(t);
  const tap = "ip tuntap add tap17 mode tap; ip link set tap17 up";
  await one.host.sh(tap);
  one.say(...(await ground()), port(17), port(18));
  const first = one.start();
  await up(one, [17], 1);
  const before = await taps(one, "tap17");
  await until(() => existsSync(join(one.state, "last-view")) && !existsSync(join(one.state, "last-view.behind")));
  first.kill("SIGKILL");
  await once(first, "exit");
  one.hush();
  // What a boot leaves of it: nothing but files.
  await one.endDaemons();
  await one.host.sh(
    "ip link del tap17; ip link del margay0; ip link del margay-meta 2>/dev/null; nft flush ruleset; ip route flush proto 88; ip -6 route flush proto 88",
  );
  const foreign = "route add unreachable 198.18.0.0/15 proto 88 metric 7";
  await one.host.sh(`${tap}; ip ${foreign}`);

  const second = one.start();
  await until(
    async () => JSON.stringify(await taps(one, "tap17")) === JSON.stringify(before),
    () => JSON.stringify(one.log().slice(-20), null, 1),
  );
  const { view, controller, endpoints, revision } = await one.status();
  assert.deepEqual([view, revision], ["remembered", 1]);
  assert.match(controller, /^not connected since 2\d{3}-.*ENOENT|ECONNREFUSED/);
  assert.deepEqual(endpoints, { p17: { state: "up" }, p18: { state: "waiting", for: "link/tap18" } });
  assert.match(await one.host.sh("nft list ruleset"), /tap17/);
  assert.match(await one.host.sh("ip route show proto 88"), /198\.18\.0\.0\/15/, "what is not wanted by it may be wanted by now");
  second.kill("SIGTERM");
  await once(second, "exit");
});

test("what somebody else breaks is put right, and told as drift", async (t) => {
  const one = await told(t);
  await one.host.sh("ip tuntap add tap17 mode tap; ip link set tap17 up");
  one.say(...(await ground()), port(17));
  one.start();
  await up(one, [17], 1);
  const before = await holdings(one);
  await one.host.sh(
    "ip route flush proto 88; nft delete table inet margay; ip neigh flush nud permanent; ip link del margay0 2>/dev/null || true",
  );
  await one.host.sh("sysctl -qw net.ipv4.conf.tap17.proxy_arp=0; ip link add nudge type ifb");
  await until(
    async () => (await holdings(one)) === before,
    () => JSON.stringify(one.log().slice(-20), null, 1),
  );
  assert.ok(
    one.log().some(({ msg, did }) => msg === "drift" && did === "replace sysctl/net/ipv4/conf/tap17/proxy_arp done because port/p17"),
    JSON.stringify(one.log()),
  );
});

/** Routes on a tap, both families, marked as ours. */
async function taps({ host }: Told, tap: string): Promise<string[]> {
  const lines = await host.sh(`ip route show proto 88 | grep ${tap} || true; ip -6 route show proto 88 | grep ${tap} || true`);
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/ (linkdown|pref \w+)/g, "").trim());
}

/** What packets depend on, without counters, and which daemons run. */
async function holdings({ host, state }: Told): Promise<string> {
  // What packets themselves put into sets comes and goes with them.
  const nft = (await host.sh("nft -s list ruleset"))
    .replaceAll(/ # handle \d+/g, "")
    .replaceAll(/^\s*elements = \{[^}]*limit rate[^}]*\}\n/gm, "");
  const rest = await host.sh(
    `ip route show proto 88; ip -6 route show proto 88; ip neigh show nud permanent | sort
     tail -qn1 ${state}/run/*.run.json | grep -o '"pid":[0-9]*'; sysctl net.ipv4.conf.tap17.proxy_arp`,
  );
  return [...nft.split("\n").toSorted(), rest].join("\n");
}
