/** `margay render` and `margay prove`, as one types them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const MARGAY = fileURLToPath(new URL("../main.ts", import.meta.url));
const GUIDE = fileURLToPath(new URL("../../examples/guide.yaml", import.meta.url));

const scratch = mkdtempSync(join(tmpdir(), "margay-render-"));
after(() => rmSync(scratch, { recursive: true }));

function margay(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MARGAY, ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("render: the router's own text alone, to be sent on as it is; or all files", () => {
  const { status, stdout, stderr } = margay("render", "gateway", "gw1", GUIDE, "--platform", "frr");
  assert.equal(status, 0);
  assert.match(stdout, /^! gw1, gateway of the data centre guide: written by Margay\.\n[\s\S]*router bgp 64512\n/);
  assert.equal(stderr, "beside it, with --out DIRECTORY: gw1.nft, gw1.sysctl.conf\n");
  const out = join(scratch, "gw1");
  assert.equal(margay("render", "gateway", "gw1", GUIDE, "--platform", "frr", "--out", out).status, 0);
  assert.deepEqual(readdirSync(out).toSorted(), ["gw1.frr.conf", "gw1.nft", "gw1.sysctl.conf"]);
  assert.equal(readFileSync(join(out, "gw1.frr.conf"), "utf8"), stdout);
  assert.match(readFileSync(join(out, "gw1.nft"), "utf8"), /snat ip to 198\.51\.100\.8-198\.51\.100\.11 persistent/);
});

test("render: in a vendor's words, with the router's own names for its interfaces; what it cannot do is said, and ends with 3", () => {
  const ports = ["--interface", "fab0=Ethernet1", "--interface", "wan0=Ethernet2"];
  const { status, stdout, stderr } = margay("render", "gateway", "gw1", GUIDE, "--platform", "eos", ...ports);
  assert.equal(status, 3);
  assert.match(stdout, /^interface Ethernet2\n {3}description outside\n {3}no switchport\n/m);
  assert.doesNotMatch(stdout, /wan0/);
  assert.match(stderr, /^PNAT of 10\.65\.0\.0\/16 is not rendered: .*\n {2}beside it: a Linux gateway/);
  const wrong = margay("render", "gateway", "gw1", GUIDE, "--platform", "eos", "--interface", "eth9=Ethernet1");
  assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
  assert.equal(wrong.stderr, "--interface eth9=Ethernet1: say NAME=PORT; the interfaces of gw1 are fab0, wan0\n");
});

test("render: a name or a role that the file has not is said, with those that it has", () => {
  const { status, stdout, stderr } = margay("render", "reflector", "gw1", GUIDE);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
  assert.equal(stderr, `${GUIDE} has no reflector "gw1"; it has rr1\n`);
});

test("prove: a file is proven; a configuration that somebody changed is not", () => {
  const whole = margay("prove", GUIDE);
  assert.equal(whole.status, 0, whole.stdout);
  assert.match(whole.stdout, /^\d+ proven, 0 not proven, in \d+\.\d s$/m);
  const changed = join(scratch, "gw1.conf");
  writeFileSync(
    changed,
    margay("render", "gateway", "gw1", GUIDE, "--platform", "frr").stdout.replace(
      "permit 172.18.208.0/24\n",
      "permit 172.18.208.0/24 le 32\n",
    ),
  );
  const broken = margay("prove", GUIDE, "--config", changed, "--platform", "frr", "--router", "gw1", "--json");
  assert.equal(broken.status, 1);
  const claims = JSON.parse(broken.stdout) as { readonly about: string; readonly where: string; readonly verdict: string }[];
  assert.deepEqual(
    claims.filter(({ verdict }) => verdict !== "proven").map(({ about, where }) => `${about} ${where}`),
    ["exports gw1 → provider of gw1, IPv4"],
  );
});

test("prove: what is asked for halfway is refused", () => {
  assert.match(margay("prove", GUIDE, "--router", "gw1").stderr, /--router says whose configuration --config is/);
  assert.match(margay("prove", GUIDE, "--config", GUIDE).stderr, /--config needs --router/);
  assert.equal(margay("prove", GUIDE, "--config", GUIDE, "--router", "gw9").status, 2);
});
