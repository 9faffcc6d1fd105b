/** Bindings to several hosts: how a running VM moves. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ApiResponse } from "./api-types.ts";
import { ADMIN, allIn, MEMBER, refusalOf, sandbox, SERVICE, shownIn } from "./sandbox.ts";
import type { Fields } from "./sandbox.ts";
import { arrivedOn, presentHost } from "./port-binding.ts";
import { portOfVm } from "./sandbox-vm.ts";
import type { Who } from "../policy/who.ts";

/** A VM's port, served by h1; h2 and h3 could serve it as well. */
function running(said: Fields = {}) {
  const box = sandbox();
  const id = portOfVm(box, ["h1", "h2", "h3"], { device_id: "vm", mac_address: "fa:16:3e:00:00:01", ...said });
  box.cloud.apply(`port/${id}`, { ...box.cloud.get("port", id), status: "ACTIVE" });
  const ask = (method: string, below = "", body?: unknown, who: Who = SERVICE) =>
    box.ask(who, method, `ports/${id}/bindings${below}`, body === undefined ? undefined : { binding: body });
  const port = () => shownIn(box.ask(ADMIN, "GET", `ports/${id}`), "port");
  const hosts = () => allIn(ask("GET"), "bindings").map(({ host, status, vif_type }) => `${host} ${status} ${vif_type}`);
  return { box, id, ask, port, hosts, change: (said: Fields) => box.ask(SERVICE, "PUT", `ports/${id}`, { port: said }) };
}

const binding = (response: ApiResponse) => shownIn(response, "binding");
const DETAILS = { port_filter: true, mac_address: "fe:16:3e:00:00:01" };
const AT_H2 = { host: "h2", vif_type: "tap", vnic_type: "normal", status: "INACTIVE", profile: {}, vif_details: DETAILS };

describe("a binding to another host", () => {
  test("is made beside the active one, which is the port's own", () => {
    const { ask, hosts, port } = running();
    const made = ask("POST", "", { host: "h2" });
    assert.deepEqual([made.status, made.body], [201, { binding: AT_H2 }]);
    assert.deepEqual(hosts(), ["h1 ACTIVE tap", "h2 INACTIVE tap"]);
    assert.deepEqual(binding(ask("GET", "/h2")), AT_H2);
    assert.deepEqual(allIn(ask("GET", "?status=ACTIVE&fields=host"), "bindings"), [{ host: "h1" }]);
    assert.deepEqual([port()["binding:host_id"], port()["status"], port()["revision_number"]], ["h1", "ACTIVE", 0]);
  });

  test("is refused where it cannot be", () => {
    const { box, ask } = running();
    const id = String(running().id);
    assert.equal(
      refusalOf(ask("POST", "", { host: "nowhere" })),
      `409 PortBindingError: Binding for port ${id} on host nowhere could not be created or updated.`,
    );
    assert.match(
      refusalOf(ask("POST", "", { host: "h1" })),
      /^409 PortBindingAlreadyExists: Binding for port .* on host h1 already exists\.$/,
    );
    assert.match(refusalOf(ask("POST", "", {})), /^400 HTTPBadRequest: Failed to parse request\. Required attribute 'host' not specified/);
    assert.match(refusalOf(ask("POST", "", { host: "" })), /^400 HTTPBadRequest: Invalid input for host/);
    assert.match(refusalOf(ask("POST", "", { host: "h2", vnic_type: "direct" })), /'direct' is not offered/);
    assert.match(refusalOf(ask("POST", "", { host: "h2", status: "ACTIVE" })), /Attribute 'status' not allowed in POST/);
    for (const [method, path] of [
      ["GET", "/h9"],
      ["DELETE", "/h9"],
      ["PUT", "/h9/activate"],
    ] as const)
      assert.match(refusalOf(ask(method, path)), /^404 PortBindingNotFound: Binding for port .* for host h9 could not be found\.$/);
    assert.match(refusalOf(ask("PUT", "/h9", { profile: {} })), /^404 PortBindingNotFound/);
    assert.equal(ask("PATCH").status, 405);
    assert.equal(ask("GET", "/h2/activate").status, 405);
    assert.equal(ask("PUT", "/h2/other").status, 404);
    box.time.now = "2026-11-23T08:05:00Z";
    assert.match(refusalOf(ask("POST", "", { host: "h2" })), /^409 PortBindingError/, "an agent that is silent serves nobody");
  });

  test("is only for what runs somewhere", () => {
    const { ask } = running({ device_owner: "network:dhcp" });
    assert.match(
      refusalOf(ask("POST", "", { host: "h2" })),
      /^400 BadRequest: .*Operation only valid on compute and shared filesystem ports/,
    );
  });

  test("becomes the port's own where it has none", () => {
    const { ask, port, hosts } = running({ "binding:host_id": "" });
    assert.deepEqual(hosts(), []);
    assert.equal(binding(ask("POST", "", { host: "h2", profile: { a: "b" } }))["status"], "ACTIVE");
    assert.deepEqual(
      [port()["binding:host_id"], port()["binding:vif_type"], port()["binding:profile"], port()["status"]],
      ["h2", "tap", { a: "b" }, "DOWN"],
    );
  });

  test("can be changed, and the active one like it", () => {
    const { ask, port } = running();
    ask("POST", "", { host: "h2" });
    assert.deepEqual(binding(ask("PUT", "/h2", { profile: { a: 1 } })), { ...AT_H2, profile: { a: 1 } });
    assert.equal(binding(ask("PUT", "/h1", { profile: { b: 2 } }))["status"], "ACTIVE");
    assert.deepEqual([port()["binding:profile"], port()["status"], port()["revision_number"]], [{ b: 2 }, "ACTIVE", 1]);
    assert.match(refusalOf(ask("PUT", "/h2", { host: "h3" })), /Cannot update read-only attribute host/);
    ask("PUT", "/h1", { profile: { b: 2 } });
    assert.equal(port()["revision_number"], 1, "what changes nothing is no change");
  });
});

describe("activation", () => {
  test("makes the other host's binding the port's own; the former one is served no longer", () => {
    const { ask, port, hosts } = running();
    ask("POST", "", { host: "h2", profile: { numa: 1 } });
    const answer = ask("PUT", "/h2/activate");
    assert.deepEqual([answer.status, answer.body], [200, { ...AT_H2, status: "ACTIVE", profile: { numa: 1 } }]);
    assert.deepEqual(
      [port()["binding:host_id"], port()["binding:vif_type"], port()["binding:profile"], port()["status"]],
      ["h2", "tap", { numa: 1 }, "DOWN"],
    );
    assert.deepEqual(hosts(), ["h2 ACTIVE tap", "h1 INACTIVE unbound"]);
    assert.deepEqual(binding(ask("GET", "/h1"))["vif_details"], {});
    assert.match(
      refusalOf(ask("PUT", "/h2/activate")),
      /^409 PortBindingAlreadyActive: Binding for port .* on host h2 is already active\.$/,
    );
  });

  test("goes back as well, where the former host still has an agent", () => {
    const { box, ask, hosts } = running();
    ask("POST", "", { host: "h2" });
    ask("PUT", "/h2/activate");
    box.time.now = "2026-11-23T08:05:00Z";
    assert.match(refusalOf(ask("PUT", "/h1/activate")), /^409 PortBindingError/);
    assert.deepEqual(hosts(), ["h2 ACTIVE tap", "h1 INACTIVE unbound"]);
    box.time.now = "2026-11-23T08:00:10Z";
    assert.equal(ask("PUT", "/h1/activate").status, 200);
    assert.deepEqual(hosts(), ["h1 ACTIVE tap", "h2 INACTIVE unbound"]);
  });

  test("does not wait for an agent that is silent for a moment: the VM is there already", () => {
    const { box, ask, hosts } = running();
    ask("POST", "", { host: "h2" });
    box.time.now = "2026-11-23T08:05:00Z";
    assert.equal(ask("PUT", "/h2/activate").status, 200);
    assert.deepEqual(hosts(), ["h2 ACTIVE tap", "h1 INACTIVE unbound"]);
  });
});

describe("taking bindings away", () => {
  test("of another host", () => {
    const { ask, hosts } = running();
    ask("POST", "", { host: "h2" });
    assert.equal(ask("DELETE", "/h2").status, 204);
    assert.deepEqual(hosts(), ["h1 ACTIVE tap"]);
  });

  test("the active one: the port is unbound, and can be bound again", () => {
    const { ask, port, hosts, change } = running();
    assert.equal(ask("DELETE", "/h1").status, 204);
    assert.deepEqual([port()["binding:host_id"], port()["binding:vif_type"], port()["status"]], ["", "unbound", "DOWN"]);
    assert.deepEqual(hosts(), []);
    assert.equal(change({ "binding:host_id": "h2" }).status, 200);
    assert.deepEqual(hosts(), ["h2 ACTIVE tap"]);
  });

  test("a port that is bound by itself to the other host has one binding there; an unbound or deleted one has none", () => {
    const { box, id, ask, hosts, change } = running();
    ask("POST", "", { host: "h2" });
    ask("POST", "", { host: "h3" });
    change({ "binding:host_id": "h2" });
    assert.deepEqual(hosts(), ["h2 ACTIVE tap", "h3 INACTIVE tap"]);
    change({ "binding:host_id": "" });
    assert.deepEqual(hosts(), []);
    change({ "binding:host_id": "h1" });
    ask("POST", "", { host: "h2" });
    box.ask(ADMIN, "DELETE", `ports/${id}`);
    assert.deepEqual([...box.cloud.all("port_binding")], []);
  });
});

describe("who may", () => {
  test("Nova: as a service, or as an administrator", () => {
    const { ask } = running();
    for (const who of [SERVICE, ADMIN]) {
      assert.equal(ask("POST", "", { host: "h2" }, who).status, 201);
      assert.equal(ask("DELETE", "/h2", undefined, who).status, 204);
    }
  });

  test("a port's owner sees none, and changes none", () => {
    const { ask } = running();
    ask("POST", "", { host: "h2" });
    assert.deepEqual(allIn(ask("GET", "", undefined, MEMBER), "bindings"), []);
    assert.match(refusalOf(ask("GET", "/h2", undefined, MEMBER)), /^404 PortBindingNotFound/);
    const denied = (name: string) => `403 PolicyNotAuthorized: rule:${name} is disallowed by policy`;
    assert.equal(refusalOf(ask("POST", "", { host: "h3" }, MEMBER)), denied("create_port_binding"));
    assert.equal(refusalOf(ask("PUT", "/h2", { profile: {} }, MEMBER)), denied("update_port_binding"));
    assert.equal(refusalOf(ask("DELETE", "/h2", undefined, MEMBER)), denied("delete_port_binding"));
    assert.equal(refusalOf(ask("PUT", "/h2/activate", undefined, MEMBER)), denied("activate"));
  });
});

describe("a VM that has come to a host before Nova says so", () => {
  const arrived = (expected: (it: ReturnType<typeof running>) => void) => {
    const it = running();
    expected(it);
    const row = () => it.box.cloud.get("port", it.id);
    const { arrived_on, moves } = arrivedOn(row() ?? assert.fail(), "h2");
    it.box.cloud.apply(`port/${it.id}`, { ...row(), arrived_on, moves });
    const said = () => [presentHost(row() ?? assert.fail()), row()?.moves];
    assert.deepEqual(said(), ["h2", 1]);
    return { ...it, said };
  };
  const bound = ({ ask }: ReturnType<typeof running>) => void ask("POST", "", { host: "h2" });
  const named = ({ change }: ReturnType<typeof running>) => void change({ "binding:profile": { migrating_to: "h2" } });

  test("is there; what clients see changes when Nova says so, and the VM does not move again by it", () => {
    for (const expected of [bound, named]) {
      const { ask, said, port, change } = arrived(expected);
      change({ name: "on its way" });
      assert.deepEqual([said(), port()["binding:host_id"], port()["arrived_on"], port()["moves"]], [["h2", 1], "h1", undefined, undefined]);
      if (expected === bound) ask("PUT", "/h2/activate");
      else change({ "binding:host_id": "h2", "binding:profile": {} });
      assert.deepEqual([said(), port()["binding:host_id"]], [["h2", 1], "h2"]);
    }
  });

  test("is where it came from once the move is given up", () => {
    for (const expected of [bound, named]) {
      const { ask, said, change } = arrived(expected);
      if (expected === bound) ask("DELETE", "/h2");
      else change({ "binding:profile": {} });
      assert.deepEqual(said(), ["h1", 2]);
    }
  });

  test("is served as soon as it is bound there, where its host had everything ready", () => {
    for (const expected of [bound, named]) {
      const { box, id, ask, port, change } = running();
      expected({ ask, change } as ReturnType<typeof running>);
      box.cloud.apply(`port/${id}`, { ...box.cloud.get("port", id), ready_on: ["h2"] });
      if (expected === bound) ask("PUT", "/h2/activate");
      else change({ "binding:host_id": "h2", "binding:profile": {} });
      assert.deepEqual([port()["binding:host_id"], port()["status"]], ["h2", "ACTIVE"]);
    }
  });

  test("without a sign of life it moves when Nova says so", () => {
    const { box, id, ask, change } = running();
    const said = () => [box.cloud.get("port", id)?.arrived_on, box.cloud.get("port", id)?.moves];
    bound({ ask } as ReturnType<typeof running>);
    ask("PUT", "/h2/activate");
    assert.deepEqual(said(), ["", 1]);
    change({ "binding:host_id": "h3" });
    assert.deepEqual(said(), ["", 2]);
    change({ "binding:host_id": "" });
    assert.deepEqual(said(), ["", 2]);
    change({ "binding:host_id": "h1" });
    assert.deepEqual(said(), ["", 2], "nobody else announces it");
  });
});

describe("what another host has ready", () => {
  const ready = () => {
    const it = running();
    const said = () => it.box.cloud.get("port", it.id)?.ready_on;
    const report = (...hosts: readonly string[]) =>
      it.box.cloud.apply(`port/${it.id}`, { ...it.box.cloud.get("port", it.id), ready_on: hosts });
    return { ...it, said, report };
  };

  test("is forgotten once it is not expected there any more, or is there", () => {
    const { ask, said, report } = ready();
    ask("POST", "", { host: "h2" });
    ask("POST", "", { host: "h3" });
    report("h2", "h3");
    ask("DELETE", "/h3");
    assert.deepEqual(said(), ["h2"]);
    ask("PUT", "/h2/activate");
    assert.deepEqual(said(), []);
  });

  test("the same where Nova names the host in the profile", () => {
    const { said, report, change, port } = ready();
    change({ "binding:profile": { migrating_to: "h2" } });
    report("h2");
    change({ name: "still on its way" });
    assert.deepEqual([said(), port()["status"], port()["ready_on"]], [["h2"], "ACTIVE", undefined]);
    change({ "binding:profile": { migrating_to: "h3" } });
    assert.deepEqual(said(), []);
  });
});
