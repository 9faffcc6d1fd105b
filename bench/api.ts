/** Ports created through the API of a controller of its own, over HTTP, by clients that wait for each answer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readYaml } from "#adapters/yaml/document.ts";
import { atLeast, quantile } from "./figure.ts";
import type { Bench } from "./figure.ts";

const MAIN = fileURLToPath(new URL("../processes/main.ts", import.meta.url));
const GUIDE = fileURLToPath(new URL("../examples/guide.yaml", import.meta.url));
const PORTS = 5000;
const CLIENTS = 32;

export const api: Bench = async (say) => {
  const home = mkdtempSync(join(tmpdir(), "margay-bench-"));
  const socketPath = join(home, "api.sock");
  const argv = [MAIN, "controller", "--store", join(home, "store.sqlite"), "--listen", `unix:${socketPath}`];
  const controller = spawn(process.execPath, argv, { stdio: "ignore" });
  try {
    const post = poster(socketPath);
    await answers(post);
    await post("/margay/v1/apply", { document: readYaml(readFileSync(GUIDE, "utf8")).value });
    const project = "bench";
    await post(`/v2.0/quotas/${project}`, { quota: { port: -1 } }, "PUT");
    const { networks } = (await post("/v2.0/networks?name=internal", undefined, "GET")) as { networks: readonly { id: string }[] };
    const body = { port: { network_id: networks[0]?.id, tenant_id: project } };
    const { perSecond, latencies } = await measured(() => post("/v2.0/ports", body));
    say(
      `${PORTS} ports, ${CLIENTS} clients: median ${quantile(latencies, 0.5).toFixed(1)} ms, 99 % ${quantile(latencies, 0.99).toFixed(1)} ms`,
    );
    return [atLeast("ports created through the API", perSecond, { limit: 500, unit: "per second" })];
  } finally {
    controller.kill();
    await once(controller, "exit");
    rmSync(home, { recursive: true, force: true });
  }
};

async function measured(once: () => Promise<unknown>): Promise<{ readonly perSecond: number; readonly latencies: readonly number[] }> {
  const latencies: number[] = [];
  const begun = performance.now();
  let left = PORTS;
  const client = async () => {
    while (left-- > 0) {
      const from = performance.now();
      await once();
      latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { perSecond: (PORTS / (performance.now() - begun)) * 1000, latencies };
}

type Post = (path: string, body?: object, method?: "POST" | "PUT" | "GET") => Promise<unknown>;

function poster(socketPath: string): Post {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  return (path, body, method = "POST") =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath, path, method, agent, headers: { "content-type": "application/json" } }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          const refused = response.statusCode === undefined || response.statusCode >= 400;
          if (refused) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          else resolve(text === "" ? undefined : JSON.parse(text));
        });
      });
      sent.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
}

async function answers(post: Post): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await post("/", undefined, "GET");
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await pause(25);
    }
  }
}
