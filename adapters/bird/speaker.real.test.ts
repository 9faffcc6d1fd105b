/** A real BIRD, asked by its socket. It speaks to nobody: its peers are its own loopback. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { askBird } from "./control.ts";
import { birdSpeaker } from "./speaker.ts";

const SESSION = "local 127.0.0.1 port 17911 as 64512; ipv4 { import none; export all; }; passive; multihop;";
const CONFIGURATION = `
router id 192.0.2.1;
protocol device { }
protocol static here { ipv4; route 192.0.2.0/24 unreachable; }
protocol bgp 'host:h-1.example' { ${SESSION} neighbor 127.0.0.2 port 17912 as 64513; }
protocol bgp resting { disabled; ${SESSION} neighbor 127.0.0.3 port 17912 as 64513; }
`;

async function bird(t: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "margay-bird-"));
  const [config, control] = [join(directory, "bird.conf"), join(directory, "bird.ctl")];
  writeFileSync(config, CONFIGURATION);
  const child = spawn("bird", ["-f", "-c", config, "-s", control, "-P", join(directory, "bird.pid")], { stdio: "ignore" });
  t.after(() => {
    child.kill();
    rmSync(directory, { recursive: true });
  });
  while ((await askBird(control, "show status").catch(() => undefined)) === undefined) {
    assert.equal(child.exitCode, null, "BIRD takes its configuration");
    await pause(20);
  }
  return control;
}

test("BIRD is asked in its own words, and says which sessions do not stand", async (t) => {
  const control = await bird(t);
  assert.deepEqual(await birdSpeaker(control).sessions(), { established: 0, down: ["host:h-1.example", "resting"] });
  assert.match((await askBird(control, "show route")).join("\n"), /192\.0\.2\.0\/24 +unreachable \[here/);
  await assert.rejects(askBird(control, "nonsense"), /BIRD: syntax error/);
});

test("where no BIRD is, nobody answers", async () => {
  assert.equal(await birdSpeaker("/nonexistent/bird.ctl").sessions(), undefined);
  await assert.rejects(askBird("/nonexistent/bird.ctl", "show status"), /ENOENT/);
});
