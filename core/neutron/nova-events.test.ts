/** What Nova is told, of changes made as they are made: by request, and by agents' reports. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { heard } from "../feed/status.ts";
import type { EndpointState } from "../feed/item.ts";
import { novaEvents } from "./nova-events.ts";
import type { NovaEvent } from "./nova-events.ts";
import { ADMIN, sandbox, SERVICE } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";
import { portOfVm } from "./sandbox-vm.ts";

const VM = "0b8d7f6c-5a4e-4d3c-9b2a-1f0e9d8c7b6a";

/** A VM's port on h1, and what Nova has been told since it was made. */
function told(said: Fields = {}) {
  const box = sandbox();
  const events: NovaEvent[] = [];
  const id = portOfVm(box, ["h1", "h2"], { device_id: VM, ...said });
  const apply = box.cloud.apply.bind(box.cloud);
  box.cloud.apply = (key, row) => {
    const slash = key.indexOf("/");
    const [table, name] = [key.slice(0, slash), key.slice(slash + 1)];
    const before = table === "port" ? box.cloud.get("port", name) : table === "floatingip" ? box.cloud.get("floatingip", name) : undefined;
    apply(key, row);
    events.push(...novaEvents(box.cloud, { key, before, after: row }));
  };
  const report = (host: string, state: EndpointState) => {
    const hello = { op: "hello", host, role: "compute", started_at: box.time.now } as const;
    box.decide(heard(hello, { op: "report", revision: 1, endpoints: { [id]: state }, arrived: {}, taken: {}, troubles: [] }));
  };
  const change = (said: Fields) => box.ask(SERVICE, "PUT", `ports/${id}`, { port: said });
  const since = () =>
    events.splice(0).map(({ name, status, server_uuid, tag }) => {
      assert.deepEqual([server_uuid, tag], [VM, id]);
      return status === undefined ? name : `${name} ${status}`;
    });
  return { box, id, network: box.cloud.get("port", id)?.network_id, report, change, since };
}

const UP: EndpointState = { state: "up" };
const WAITING: EndpointState = { state: "waiting", for: "link/tap" };
const FAILED: EndpointState = { state: "failed", reason: "no space" };

describe("Nova is told", () => {
  test("when a NIC is served, once; when it is no longer; and when it cannot be", () => {
    const { report, since } = told();
    report("h1", WAITING);
    assert.deepEqual(since(), []);
    report("h1", UP);
    report("h1", UP);
    assert.deepEqual(since(), ["network-vif-plugged completed"]);
    report("h1", WAITING);
    assert.deepEqual(since(), ["network-vif-unplugged completed"]);
    report("h1", FAILED);
    assert.deepEqual(since(), ["network-vif-plugged failed"]);
    report("h1", UP);
    report("h1", FAILED);
    assert.deepEqual(since(), ["network-vif-plugged completed"], "what fails under a running instance is not its plugging");
  });

  test("what changes by request, and nothing where nothing did", () => {
    const { box, id, change, since } = told();
    change({ name: "other" });
    change({ name: "other" });
    assert.deepEqual(since(), ["network-changed"]);
    box.ask(ADMIN, "PUT", `ports/${id}/tags`, { tags: ["a"] });
    assert.deepEqual(since(), ["network-changed"]);
    box.ask(ADMIN, "DELETE", `ports/${id}`);
    assert.deepEqual(since(), ["network-vif-deleted"]);
  });

  test("when all is ready where a VM is about to move, though the port stays ACTIVE; and it is when it is bound there", () => {
    const { box, id, report, since } = told();
    report("h1", UP);
    since();
    box.ask(SERVICE, "POST", `ports/${id}/bindings`, { binding: { host: "h2" } });
    report("h2", WAITING);
    assert.deepEqual(since(), []);
    report("h2", UP);
    assert.deepEqual([since(), box.cloud.get("port", id)?.status], [["network-vif-plugged completed"], "ACTIVE"]);
    box.ask(SERVICE, "PUT", `ports/${id}/bindings/h2/activate`);
    assert.deepEqual([since(), box.cloud.get("port", id)?.status], [["network-changed"], "ACTIVE"]);
    report("h1", WAITING);
    assert.deepEqual(since(), [], "where it came from has nothing to say any more");
    report("h2", WAITING);
    assert.deepEqual(since(), ["network-vif-unplugged completed"]);
  });

  test("the same of a move that is told in the profile", () => {
    const { report, change, since } = told();
    report("h1", UP);
    change({ "binding:profile": { migrating_to: "h2" } });
    since();
    report("h2", UP);
    assert.deepEqual(since(), ["network-vif-plugged completed"]);
  });

  test("nothing of ports that are no instance's", () => {
    for (const other of [{ device_owner: "network:dhcp" }, { device_id: "not-a-uuid" }, { device_owner: "" }]) {
      const { box, id, report, change, since } = told(other);
      report("h1", UP);
      change({ name: "other" });
      box.ask(ADMIN, "DELETE", `ports/${id}`);
      assert.deepEqual(since(), []);
    }
  });

  test("of a floating IP that comes, changes or goes: each port that it leads or led to", () => {
    const { box, id, since } = told();
    const row = { id: "f", port_id: id, status: "DOWN", revision_number: 0, description: "" };
    box.cloud.apply("floatingip/f", row);
    assert.deepEqual(since(), ["network-changed"]);
    box.cloud.apply("floatingip/f", { ...row, status: "ACTIVE", revision_number: 1 });
    assert.deepEqual(since(), [], "its status says nothing that Nova keeps");
    box.cloud.apply("floatingip/f", { ...row, port_id: null });
    assert.deepEqual(since(), ["network-changed"]);
    box.cloud.apply("floatingip/f", { ...row, port_id: "gone" });
    box.cloud.apply("floatingip/f", undefined);
    assert.deepEqual(since(), []);
  });
});
