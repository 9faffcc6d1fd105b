/**
 * A real Linux, from its boot to its end: addresses by DHCP and router advertisements, reached from the outside as its networks and
 * groups allow, a NIC that comes and goes while it runs, and nothing left of it.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Ip } from "#core/net/address.ts";
import { down } from "./down.ts";
import { PING, groupAllowing, tcpTo } from "./group.real.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns } from "./place.ts";
import { ping, tcp } from "./probe.ts";
import { run } from "./program.ts";
import { inGuest } from "./qemu/command.ts";
import { consoleText } from "./qemu/machine.ts";
import { raiseExample } from "./raise.ts";
import { runningService } from "./service.ts";
import { OUTSIDE, outsideHost } from "./topology.ts";
import { addVm, plugVm, unplugVm } from "./vm.ts";
import type { Nic } from "./vm-record.ts";
import { until } from "./wait.ts";

const MARGAY = fileURLToPath(new URL("../processes/main.ts", import.meta.url));
const GROUP = "open";

function addressesOf({ addresses }: Nic): readonly [four: Ip, six: Ip] {
  const [four, six] = [addresses.find((ip) => !ip.includes(":")), addresses.find((ip) => ip.includes(":"))];
  assert.ok(four !== undefined && six !== undefined);
  return [four, six];
}

test(
  "a real VM boots, is reached, takes a NIC while it runs and gives it back, and goes without trace",
  { timeout: 170_000 },
  async (t) => {
    const lab = await ownLab("qemu");
    t.after(() => down(lab));
    const center = await raiseExample(lab, "guide");
    await groupAllowing(lab, GROUP, [PING, tcpTo(22)]);
    const outside = machineNetns(lab, OUTSIDE.name);
    const wish = { host: "h1", groups: [GROUP], body: "qemu" } as const;

    const from = performance.now();
    const { id, nics } = await addVm(lab, { ...wish, name: "v", network: "internal" });
    t.diagnostic(`booted, with all its addresses, in ${Math.round(performance.now() - from)} ms`);
    const [first] = nics;
    assert.ok(first);
    const [own4, own6] = addressesOf(first);

    await t.test("it has what DHCP and router advertisements say", async () => {
      const { text } = await inGuest(lab, "v", "ip -4 route; ip -6 route; cat /etc/resolv.conf; hostname");
      assert.match(text, /default via 10\.65\.0\.1 dev eth0 metric 1024 onlink/);
      assert.match(text, /default via fe80::fc16:3eff:fe[0-9a-f:]+ dev eth0 proto ra metric 1024/);
      assert.match(text, new RegExp(`^${own6} dev eth0`, "m"));
      assert.match(text, /^nameserver 203\.0\.113\.53$|^nameserver 10\.65\.0\.1$/m);
      assert.match(text, new RegExp(`^host-${own4.replaceAll(".", "-")}$`, "m"));
    });

    await t.test("from it everybody is reached, and it from outside in IPv6 alone: its network is internal", async () => {
      const { ipv4, ipv6 } = outsideHost(center.lab);
      for (const to of [ipv4, ipv6]) assert.equal((await inGuest(lab, "v", `ping -c 1 -W 3 ${to}`)).status, 0, to);
      assert.equal((await ping(outside, own6, { patience: 3 })).reached, true);
      assert.equal((await tcp(outside, own6, 22)).reached, true);
      assert.equal((await tcp(outside, own6, 80)).reached, false);
      assert.equal((await ping(outside, own4)).reached, false);
    });

    await t.test("it has its metadata from the agent, as Nova tells it of this very VM", async () => {
      const said = () => /^margay: metadata (.*)$/m.exec(consoleText(lab, "v"))?.[1];
      await until({ what: "its metadata", timeout: 30_000 }, () => (said() === undefined ? "nothing" : undefined));
      assert.match(said() ?? "", new RegExp(id));
    });

    await t.test("a NIC on the external network, plugged while it runs, makes it reachable in IPv4, until it is unplugged", async () => {
      const { nics } = await plugVm(lab, "v", { network: "external", groups: [GROUP] });
      const second = nics[1];
      assert.ok(second);
      for (const ip of addressesOf(second)) {
        assert.equal((await ping(outside, ip, { patience: 3 })).reached, true, ip);
        assert.match((await tcp(outside, ip, 22)).peerSaw ?? "", /^203\.0\.113\.10$|^2001:db8:feed::a$/, ip);
      }
      const why = execFileSync(process.execPath, [MARGAY, "why", addressesOf(second)[0], "--lab", lab.name], { encoding: "utf8" });
      assert.match(why, / is served by h1, and known to rr1, gw1\n$/);

      await unplugVm(lab, "v", "external");
      for (const ip of addressesOf(second)) assert.equal((await ping(outside, ip)).reached, false, ip);
      await until({ what: "the VM to say so", timeout: 5000 }, () =>
        /^margay: gone eth1/m.test(consoleText(lab, "v")) ? undefined : "nothing",
      );
      assert.doesNotMatch((await inGuest(lab, "v", "ip link; ip rule; ip -6 rule")).text, /eth1|lookup 101/);
      assert.equal((await ping(outside, own6)).reached, true);
    });

    await t.test("where a command of one's own is run in it, its end is told", async () => {
      const enter = (words: readonly string[]) => run([process.execPath, MARGAY, "lab", "enter", "--name", lab.name, "v", "--", ...words]);
      assert.deepEqual(await enter(["echo", "it's", "$HOME"]), { status: 0, stdout: "it's $HOME\n", stderr: "" });
      assert.equal((await enter(["sh", "-c", "exit 3"])).status, 3);
    });

    await t.test("one that cannot be plugged in leaves nothing behind", async () => {
      await assert.rejects(addVm(lab, { ...wish, name: "w", network: "nowhere" }), /no network "nowhere"/);
      assert.equal(runningService(lab, "qemu-w"), undefined);
    });

    await t.test("it goes with its lab, without trace", async () => {
      const running = runningService(lab, "qemu-v");
      assert.ok(running);
      await down(lab);
      assert.equal(existsSync(`/proc/${running.pid}`), false);
      assert.equal(existsSync(lab.directory), false);
    });
  },
);
