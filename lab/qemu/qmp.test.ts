import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { qmp } from "./qmp.ts";

/** A QEMU that answers each command as it is told to. */
async function played(t: TestContext, answer: (execute: string, socket: Socket) => object | undefined) {
  const place = mkdtempSync(join(tmpdir(), "margay-qmp-"));
  const [path, asked]: [string, unknown[]] = [join(place, "qmp.sock"), []];
  const server = createServer((socket) => {
    socket.write(`{"QMP": {"version": {}, "capabilities": []}}\n`);
    createInterface({ input: socket }).on("line", (line) => {
      const command = JSON.parse(line) as { execute: string };
      asked.push(command);
      const said = command.execute === "qmp_capabilities" ? { return: {} } : answer(command.execute, socket);
      if (said !== undefined) socket.write(`${JSON.stringify(said)}\n`);
    });
  });
  server.listen(path);
  await once(server, "listening");
  const monitor = await qmp(path);
  t.after(() => {
    monitor.close();
    server.close();
    rmSync(place, { recursive: true });
  });
  return { monitor, asked };
}

test("a command is done when QEMU says so, and what it refuses is told in its words", async (t) => {
  const { monitor, asked } = await played(t, (execute) =>
    execute === "cont" ? { return: {} } : { error: { class: "GenericError", desc: "Bus 'port9' not found" } },
  );
  await monitor.tell("cont", {});
  await assert.rejects(monitor.tell("device_del", { id: "eth9" }), /device_del: Bus 'port9' not found/);
  assert.deepEqual(asked.at(-1), { execute: "device_del", arguments: { id: "eth9" } });
});

test("what QEMU says by itself is waited for, whether it comes before the answer or after", async (t) => {
  const gone = `${JSON.stringify({ event: "DEVICE_DELETED", data: { device: "eth1", path: "/" } })}\n`;
  const { monitor } = await played(t, (execute, socket) => {
    if (execute === "device_del") socket.write(gone.replace("eth1", "eth0"));
    else setTimeout(() => socket.write(gone), 10);
    return { return: {} };
  });
  await monitor.tell("device_del", { id: "eth0" });
  await monitor.until("DEVICE_DELETED", "eth0", 1000);
  await monitor.tell("cont", {});
  await monitor.until("DEVICE_DELETED", "eth1", 1000);
  await assert.rejects(monitor.until("DEVICE_DELETED", "eth7", 20), /did not say DEVICE_DELETED of eth7 within 0.02 s/);
});

test("a QEMU that ends answers nobody any more", async (t) => {
  const { monitor } = await played(t, (_execute, socket) => void socket.destroy());
  await assert.rejects(monitor.tell("quit", {}), /QEMU has ended/);
  await assert.rejects(monitor.until("DEVICE_DELETED", "eth0", 1000), /QEMU has ended/);
  await assert.rejects(monitor.tell("cont", {}), /QEMU has ended/);
});
