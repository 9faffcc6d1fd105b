/** A controller and an agent tell a Nova what it waits for: from the binding of a port to the event. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { feedClient } from "#adapters/feed/client.ts";
import type { NovaEvent } from "#core/neutron/nova-events.ts";
import { ask, ended, home, started } from "./running.real.ts";

const VM = "0b8d7f6c-5a4e-4d3c-9b2a-1f0e9d8c7b6a";

/** A Nova that takes everything; `next` waits for so many events. */
async function novaThere(t: TestContext) {
  const heard: NovaEvent[] = [];
  let wake = () => {};
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const { events } = JSON.parse(body) as { readonly events: readonly NovaEvent[] };
      heard.push(...events);
      response.end(JSON.stringify({ events: events.map((event) => ({ ...event, code: 200 })) }));
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const next = async (count: number) => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return heard.splice(0);
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2.1`, next };
}

test(
  "a port that its host serves is told to Nova, and what had not been told when the controller is asked to stop",
  { timeout: 60_000 },
  async (t) => {
    const [nova, directory] = [await novaThere(t), home(t)];
    const file = join(directory, "controller.yaml");
    writeFileSync(file, `nova:\n  how: endpoint\n  endpoint: ${nova.url}\n`);
    const { socket, child } = await started(t, directory, ["--config", file]);
    const hello = { op: "hello", host: "h1", role: "compute", started_at: "2026-11-23T08:00:00Z" } as const;
    /** Ports that the agent has heard of. */
    const bound: string[] = [];
    await new Promise<void>((resolve) => {
      const ignore = { disconnected: () => undefined, connected: () => undefined };
      const connection = feedClient({ controllers: [`unix:${socket}`] })(hello, {
        ...ignore,
        message: (message) => {
          if (message.op === "put" && message.key.startsWith("endpoint/")) bound.push(message.key.slice("endpoint/".length));
          if (message.op !== "synced") return;
          resolve();
          const endpoints = Object.fromEntries(bound.map((id) => [id, { state: "up" } as const]));
          connection.report({ op: "report", revision: message.revision, endpoints, arrived: {}, taken: {}, troubles: [] });
        },
      });
      t.after(() => connection.close());
    });
    const post = async (name: string, fields: object) => {
      const { body } = await ask(socket, { method: "POST", path: `/v2.0/${name}s`, body: { [name]: fields } });
      return String(body[name].id);
    };
    const network_id = await post("network", { name: "internal" });
    const vm = { network_id, device_id: VM, device_owner: "compute:nova" };
    const id = await post("port", vm);
    const change = (port: object) => ask(socket, { method: "PUT", path: `/v2.0/ports/${id}`, body: { port } });
    await change({ "binding:host_id": "h1" });
    assert.deepEqual(await nova.next(2), [
      { name: "network-changed", server_uuid: VM, tag: id },
      { name: "network-vif-plugged", server_uuid: VM, tag: id, status: "completed" },
    ]);
    await change({ name: "other" });
    child.kill("SIGTERM");
    assert.equal(await ended(child), 0);
    assert.deepEqual(await nova.next(1), [{ name: "network-changed", server_uuid: VM, tag: id }]);
  },
);
