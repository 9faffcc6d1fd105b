/** A compute host that is none: it says that it is there, and that whatever it is told to hold stands. */
import type { TestContext } from "node:test";
import { feedClient } from "#adapters/feed/client.ts";
import type { FeedMessage } from "#core/feed/item.ts";
import type { TestCloud } from "./cloud.ts";
import { within } from "./program.ts";

/** Once the controller knows it. */
export async function testHost(t: TestContext, { socket }: TestCloud, host: string): Promise<void> {
  const endpoints = new Set<string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const message = (said: FeedMessage) => {
    if (said.op === "synced") {
      const up = [...endpoints].map((id) => [id, { state: "up" }] as const);
      connection.report({ op: "report", revision: said.revision, endpoints: Object.fromEntries(up), arrived: {}, taken: {}, troubles: [] });
      resolve();
      return;
    }
    const [kind, id = ""] = "key" in said ? said.key.split("/") : [];
    if (kind !== "endpoint") return;
    if (said.op === "put") endpoints.add(id);
    else endpoints.delete(id);
  };
  const connect = feedClient({ controllers: [`unix:${socket}`] });
  const connection = connect(
    { op: "hello", host, role: "compute", started_at: new Date().toISOString().replace(/\.\d+Z$/, "Z") },
    { connected: () => undefined, message, disconnected: (reason) => reject(new Error(reason)) },
  );
  t.after(() => connection.close());
  await within(20, `${host} is told what it has to hold`, promise);
}
