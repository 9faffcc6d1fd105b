/** Settings of a kernel: /proc/sys shows those of the reader's own namespace, so the tests run once more in one of their own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { driverContract } from "#contracts/driver.contract.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import type { Sysctl } from "#core/kinds/sysctl.ts";
import { kernelOf } from "../netlink/kernel.ts";
import { linkSettings } from "../netlink/link-settings.ts";
import { programs } from "../programs/programs.ts";
import { testNamespace } from "./namespace.real.ts";
import { linuxSysctls } from "./sysctls.ts";

if (process.env["MARGAY_TEST_INSIDE"] === undefined) {
  test("in a network namespace of its own, every test of this file holds", async (t) => {
    const { name } = await testNamespace(t, 1);
    const run = programs({ under: ["ip", "netns", "exec", name, "env", "-u", "NODE_TEST_CONTEXT", "MARGAY_TEST_INSIDE=1"] });
    const result = await run([process.execPath, "--test", fileURLToPath(import.meta.url)]);
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /pass [1-9]/);
  });
} else {
  const kernel = kernelOf();
  after(kernel.close);
  const one = { path: "net/ipv4/conf/tap1/proxy_arp", value: "1" };

  driverContract<Sysctl>("linuxSysctls()", () => {
    execFileSync("sysctl", ["-qw", "net.ipv4.conf.tap1.proxy_arp=0", "net.ipv4.neigh.tap1.proxy_delay=80"]);
    const impossible = { value: { path: "net/ipv4/conf/tap9/proxy_arp", value: "1" }, reason: /ENOENT/ };
    const other = { path: "net/ipv4/neigh/tap1/proxy_delay", value: "0" };
    return { kind: sysctl, fresh: () => linuxSysctls(kernel), one, other, changed: { ...one, value: "0" }, impossible };
  });

  test("a value that the kernel refuses fails with its words", async () => {
    const [outcome] = await linuxSysctls(kernel).apply([{ op: "create", ref: "sysctl/x", want: { ...one, value: "banana" } }]);
    assert.equal(outcome?.state, "failed");
    assert.match(outcome?.state === "failed" ? outcome.reason : "", /EINVAL/);
  });

  test("several numbers are compared as one line", async () => {
    const want = { path: "net/ipv4/ip_local_port_range", value: "20000 60000" };
    await linuxSysctls(kernel).apply([{ op: "create", ref: "sysctl/x", want }]);
    assert.deepEqual(await linuxSysctls(kernel).list([want]), [want]);
  });

  test("settings of links, told all at once, are as their files show them, whatever they are", async () => {
    const links = ["lo", "tap1", "all", "tap9"];
    const names = {
      ipv4: ["forwarding", "proxy_arp", "accept_redirects", "send_redirects", "rp_filter", "route_localnet", "arp_ignore"],
      ipv6: ["forwarding", "mtu", "accept_ra", "accept_redirects", "accept_dad", "hop_limit"],
    };
    const paths = Object.entries(names).flatMap(([family, some]) =>
      links.flatMap((link) => some.map((name) => `net/${family}/conf/${link}/${name}`)),
    );
    const all = [...paths, ...links.map((link) => `net/ipv4/neigh/${link}/proxy_delay`)];
    const driver = linuxSysctls(kernel);
    for (const round of ["0", "1", "2"]) {
      // Each on its own link and of its own: a place that is another's would show it.
      for (const [at, path] of all.entries())
        if (path.includes("/tap1/"))
          await driver.apply([{ op: "create", ref: "sysctl/x", want: { path, value: valueFor(path, at, round) } }]);
      const told = linkSettings(kernel.route);
      const known = all.filter((path) => told(path) !== undefined);
      assert.equal(known.filter((path) => path.includes("/tap1/")).length, 12);
      for (const path of known) assert.deepEqual([path, told(path)], [path, fileOf(path)]);
      // Those of links that there are not, too.
      const want = Array.from({ length: 10 }, () => all.map((path) => ({ path, value: told(path) ?? "?" }))).flat();
      const listed = new Map((await driver.list(want)).map(({ path, value }) => [path, value]));
      assert.deepEqual(
        [...listed],
        all.filter((path) => !path.includes("tap9") && existsSync(`/proc/sys/${path}`)).map((path) => [path, fileOf(path)]),
      );
    }
  });
}

function fileOf(path: string): string {
  return readFileSync(`/proc/sys/${path}`, "utf8").trim();
}

/** Something that the kernel takes, and takes to be different in each round. */
function valueFor(path: string, at: number, round: string): string {
  if (path.endsWith("/mtu")) return String(1300 + 10 * Number(round));
  if (path.endsWith("/hop_limit")) return String(60 + Number(round));
  if (path.endsWith("/proxy_delay")) return String(8 * Number(round));
  return String((at + Number(round)) % 2);
}
