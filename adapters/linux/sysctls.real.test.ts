/** Settings of a kernel: /proc/sys shows those of the reader's own namespace, so the tests run once more in one of their own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { driverContract } from "#contracts/driver.contract.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import type { Sysctl } from "#core/kinds/sysctl.ts";
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
  const one = { path: "net/ipv4/conf/tap1/proxy_arp", value: "1" };

  driverContract<Sysctl>("linuxSysctls()", () => {
    execFileSync("sysctl", ["-qw", "net.ipv4.conf.tap1.proxy_arp=0", "net.ipv4.neigh.tap1.proxy_delay=80"]);
    const impossible = { value: { path: "net/ipv4/conf/tap9/proxy_arp", value: "1" }, reason: /ENOENT/ };
    const other = { path: "net/ipv4/neigh/tap1/proxy_delay", value: "0" };
    return { kind: sysctl, fresh: linuxSysctls, one, other, changed: { ...one, value: "0" }, impossible };
  });

  test("a value that the kernel refuses fails with its words", async () => {
    const [outcome] = await linuxSysctls().apply([{ op: "create", ref: "sysctl/x", want: { ...one, value: "banana" } }]);
    assert.equal(outcome?.state, "failed");
    assert.match(outcome?.state === "failed" ? outcome.reason : "", /EINVAL/);
  });

  test("several numbers are compared as one line", async () => {
    const want = { path: "net/ipv4/ip_local_port_range", value: "20000 60000" };
    await linuxSysctls().apply([{ op: "create", ref: "sysctl/x", want }]);
    assert.deepEqual(await linuxSysctls().list([want]), [want]);
  });
}
