/** The way from the root namespace to the controller: a relay from 127.0.0.1 to its unix socket. */
import { createServer } from "node:net";
import { controllerSocket } from "./place.ts";
import type { Lab } from "./place.ts";
import { runningService, startService } from "./service.ts";

export const RELAY = "relay";

/** Where the port is taken, says so and goes on: the unix socket serves all the same. */
export async function startRelay(lab: Lab, port: number, say: (line: string) => void): Promise<void> {
  if (runningService(lab, RELAY) !== undefined) return;
  if (!(await isFree(port))) return say(`127.0.0.1:${port} is taken by another program; use MARGAY_URL=unix:${controllerSocket(lab)}`);
  const listen = `TCP4-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`;
  startService(lab, { name: RELAY, argv: ["socat", listen, `UNIX-CONNECT:${controllerSocket(lab)}`] });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}
