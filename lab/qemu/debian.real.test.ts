/** Debian's own kernel, with this tree in it: what it can do that this machine's kernel may not, and what becomes of the VM. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive, processOf } from "#adapters/linux/process.ts";
import type { ProcessName } from "#adapters/linux/process.ts";
import { until } from "../wait.ts";
import { inDebian } from "./debian.ts";
import { kernel } from "./kernel.ts";

/** Two interfaces, and a table that lets packets of known flows past the packet filter: modules of the kernel that nobody loads by name. */
const TABLE = `table inet t {
  flowtable f {
    hook ingress priority 0
    devices = { one, other }
  }
  chain c {
    type filter hook forward priority 0
    ct state established meta l4proto { tcp, udp } flow add @f
  }
}
`;
const SCRIPT = `set -e
ip link add one type veth peer name other
nft -f - <<'END'
${TABLE}END
nft list table inet t
echo written >"$1"
cat "$1"
node --input-type=module -e 'import { readIp } from "#core/net/address.ts"; console.log(os.release(), readIp("10.065.0.1"), readIp("2001:DB8::0"))'
exit 3
`;

/** What that process runs for a VM: QEMU, and the server of its files, as soon as they are themselves. */
function runBy(parent: number | undefined): ProcessName[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const own = pids.filter((pid) => said(pid, "status").includes(`\nPPid:\t${parent}\n`));
  return own.filter((pid) => /^\/usr\/.*margay-debian-/.test(said(pid, "cmdline"))).flatMap((pid) => processOf(Number(pid)) ?? []);
}

/** Empty when it has ended meanwhile. */
function said(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

async function gone(there: readonly ProcessName[]): Promise<void> {
  await until({ what: "the VM to be gone", timeout: 10_000 }, () => (there.some(isAlive) ? "it is still there" : undefined));
}

test("a command of this tree runs there, with all that this kernel has, and changes no file here", { timeout: 180_000 }, async (t) => {
  const { version } = await kernel();
  const [from, file, heard] = [performance.now(), join(tmpdir(), `margay-written-${process.pid}`), [] as string[]];
  const { status, text } = await inDebian(["sh", "-c", SCRIPT, "it's", file], { timeout: 150_000, heard: (line) => heard.push(line) });
  t.diagnostic(`done in ${Math.round(performance.now() - from)} ms`);
  assert.equal(status, 3, text);
  assert.match(text, /flowtable f \{\s+hook ingress priority filter\s+devices = \{ one, other \}/);
  assert.deepEqual(text.trim().split("\n"), heard);
  assert.deepEqual(heard.slice(-2), ["written", `${version} undefined 2001:db8::`]);
  assert.equal(existsSync(file), false);
  await gone(runBy(process.pid));
});

test("one that does not end in time is ended, and says so", { timeout: 60_000 }, async () => {
  await assert.rejects(inDebian(["sleep", "1000"], { timeout: 1000 }), /did not end within 1 s/);
  await gone(runBy(process.pid));
});

test("it ends with whoever asked for it, even killed", { timeout: 60_000 }, async (t) => {
  const asks = `import { inDebian } from "${import.meta.resolve("./debian.ts")}"; await inDebian(["sleep", "1000"]);`;
  const place = mkdtempSync(join(tmpdir(), "margay-asker-"));
  const asker = spawn(process.execPath, ["--input-type=module", "-e", asks], { stdio: "ignore", env: { ...process.env, TMPDIR: place } });
  t.after(() => {
    asker.kill("SIGKILL");
    rmSync(place, { recursive: true });
  });
  await until({ what: "the VM to be there", timeout: 30_000 }, () => (runBy(asker.pid).length === 2 ? undefined : "it is not there"));
  const there = runBy(asker.pid);
  asker.kill("SIGKILL");
  await once(asker, "close");
  await gone(there);
});
