/** A controller of the benchmark's own: started, measured from outside, killed, started again. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { local } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";

const MAIN = fileURLToPath(new URL("../../processes/main.ts", import.meta.url));

export interface OwnController {
  readonly endpoint: Endpoint;
  /** Milliseconds until it answers. */
  start(): Promise<number>;
  stop(): Promise<void>;
  /** Resident memory, in megabytes. */
  rss(): number;
  /** Stops it and forgets everything. */
  end(): Promise<void>;
}

export function ownController(clients: number): OwnController {
  const home = mkdtempSync(join(tmpdir(), "margay-bench-"));
  const socket = join(home, "api.sock");
  const endpoint = local(socket, clients);
  let child: ChildProcess | undefined;
  const stop = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await once(child, "exit");
  };
  return {
    endpoint,
    start: async () => {
      const begun = performance.now();
      const argv = [MAIN, "controller", "--store", join(home, "store.sqlite"), "--listen", `unix:${socket}`];
      child = spawn(process.execPath, argv, { stdio: "ignore" });
      await answers(endpoint);
      return performance.now() - begun;
    },
    stop,
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child?.pid}/status`, "utf8"))?.[1]) / 1024,
    end: async () => {
      await stop();
      endpoint.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A list, not the version: what is loaded counts. */
async function answers({ ask }: Endpoint): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask("GET", "/v2.0/networks?limit=1");
      return;
    } catch (error) {
      if (tries > 2000) throw error;
      await pause(10);
    }
  }
}
