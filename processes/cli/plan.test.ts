import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const HOME = fileURLToPath(new URL("../..", import.meta.url));

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function margay(...argv: string[]): Promise<Ended> {
  return new Promise((ended) => {
    execFile(process.execPath, ["processes/main.ts", ...argv], { cwd: HOME, timeout: 20_000 }, (error, stdout, stderr) =>
      ended({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

test("the plan of the guide's file: titled tables, then the warnings with their lines", async () => {
  const { code, stdout, stderr } = await margay("plan", "examples/guide.yaml");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const titles = stdout.split("\n\n").map((section) => section.split("\n")[0]);
  assert.deepEqual(titles, [
    "Networks, shared with every project",
    "Quotas of every project",
    "What VMs have of the outside",
    "BGP sessions",
    "BFD on each of them but the providers'",
    "What passes on them, and nothing else",
    "Announced to the outside",
    "Port-NAT, on the way outside",
    "What its pools are enough for",
    "Tunnels that VMs send (VXLAN, GENEVE, GRE, IPIP and their like)",
    "Warnings",
  ]);
  assert.match(
    stdout,
    /^\| gw1 +\| 198\.51\.100\.2 +\| 64512 \| provider of gw1 \| 198\.51\.100\.1 +\| 64496 \| eBGP +\| customer +\| IPv4 +\|$/m,
  );
  assert.match(stdout, /^\| 80 ms +\| 4 +\| 320 ms +\| 3 +\| 38 +\|$/m);
  assert.match(stdout, /^\| h1, h2 \| rr1 +\| addresses of its own VMs, one by one \|/m);
  assert.match(stdout, /^examples\/guide\.yaml:6: ranges\.public 172\.18\.208\.0\/24: private space/m);
});

test("--json prints the plan for programs", async () => {
  const { stdout } = await margay("plan", "examples/guide.yaml", "--json");
  const made = JSON.parse(stdout) as { announced: unknown; warnings: readonly string[] };
  assert.deepEqual(made.announced, ["172.18.208.0/24", "2001:db8:a41:2::/63"]);
  assert.match(made.warnings[0] ?? "", /^examples\/guide\.yaml:6: /);
});

test("a file with mistakes is refused whole, with all of them, and status 2", async () => {
  const folder = mkdtempSync(join(tmpdir(), "margay-plan-"));
  const file = join(folder, "dc.yaml");
  writeFileSync(file, "name: x\nranges: { public: 10.0.0.1/24 }\nfabric:\n  asn: 0\n  interface: fab0\n  ipv4: 10.0.0.0/24\n");
  const { code, stdout, stderr } = await margay("plan", file);
  rmSync(folder, { recursive: true });
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    `${file}:2: ranges.public 10.0.0.1/24: has bits set beyond its length; the prefix is 10.0.0.0/24`,
    `${file}:4: fabric.asn 0: not an AS number (1 to 4294967295)`,
  ]);
});
