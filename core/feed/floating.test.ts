/** Which host is told of a floating IP, and that it is told whenever something about it changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBound } from "../neutron/port-binding.ts";
import { ADMIN, idOf, sandbox } from "../neutron/sandbox.ts";
import type { Fields, Sandbox } from "../neutron/sandbox.ts";
import type { Endpoint, Floating, Hello } from "./item.ts";
import { itemOf } from "./slice.ts";
import { alive } from "./status.ts";
import { touch, untouched } from "./touch.ts";

interface Site {
  readonly box: Sandbox;
  readonly external: string;
  /** A port on a host, with an address of its own. */
  port(host: string, address: string): string;
  make(url: string, said: Fields): string;
  /** Asks, and claims that whoever has to know would be told. */
  ask(method: string, url: string, said?: Fields): string;
  floating(port: string): readonly Floating[];
}

function site(): Site {
  const box = sandbox();
  for (const host of ["h1", "h2"]) {
    const hello: Hello = { op: "hello", host, role: "compute", started_at: box.time.now };
    box.decide(alive(hello));
  }
  const singular = (url: string) => (url.split("/").at(-1) ?? "").replace(/s$/, "");
  const told = (port: string) => itemOf(box.cloud, `endpoint/${port}`) as Endpoint | undefined;
  const ask: Site["ask"] = (method, url, said) => {
    const name = singular(method === "POST" ? url : url.split("/").slice(0, -1).join("/"));
    const before = snapshot(box, told);
    const rows = new Map(ALL.flatMap((table) => [...box.cloud.all(table)].map((row) => [`${table}/${row.id}`, row as object])));
    const response = box.ask(ADMIN, method, url, said === undefined ? undefined : { [name]: said });
    assert.ok(response.status < 300, JSON.stringify(response));
    const touched = untouched();
    const after = new Map(ALL.flatMap((table) => [...box.cloud.all(table)].map((row) => [`${table}/${row.id}`, row as object])));
    for (const key of new Set([...rows.keys(), ...after.keys()]))
      if (rows.get(key) !== after.get(key)) touch(touched, box.cloud, { key, before: rows.get(key), after: after.get(key) });
    for (const [port, text] of snapshot(box, told))
      if (text !== before.get(port)) assert.ok(touched.keys.has(`endpoint/${port}`), `${method} ${url} changes what is told of ${port}`);
    return method === "POST" ? idOf(response) : "";
  };
  const make: Site["make"] = (url, said) => ask("POST", url, said);
  const network = (said: Fields, cidr: string) => {
    const network_id = make("networks", said);
    make("subnets", { network_id, cidr, ip_version: 4 });
    return network_id;
  };
  const [external, shared] = [network({ "router:external": true }, "198.51.100.0/24"), network({ shared: true }, "10.1.0.0/24")];
  return {
    box,
    external,
    port: (host, address) => make("ports", { network_id: shared, fixed_ips: [{ ip_address: address }], "binding:host_id": host }),
    make,
    ask,
    floating: (port) => told(port)?.floating ?? [],
  };
}

const ALL = ["network", "subnet", "port", "floatingip", "port_forwarding"] as const;

/** Of ports that some host is told of. */
function snapshot(box: Sandbox, told: (port: string) => Endpoint | undefined): Map<string, string> {
  return new Map([...box.cloud.all("port")].filter(isBound).map(({ id }) => [id, JSON.stringify(told(id)?.floating)]));
}

test("a floating IP is told with its port, from its association to its end", () => {
  const { external, port, make, ask, floating } = site();
  const [a, b] = [port("h1", "10.1.0.10"), port("h2", "10.1.0.11")];
  const id = make("floatingips", { floating_network_id: external, floating_ip_address: "198.51.100.5" });
  assert.deepEqual([floating(a), floating(b)], [[], []]);
  const whole = { id, ip: "198.51.100.5", forwards: [] };
  ask("PUT", `floatingips/${id}`, { port_id: a });
  assert.deepEqual([floating(a), floating(b)], [[{ ...whole, stands_for: "10.1.0.10" }], []]);
  ask("PUT", `floatingips/${id}`, { port_id: b });
  assert.deepEqual([floating(a), floating(b)], [[], [{ ...whole, stands_for: "10.1.0.11" }]]);
  ask("DELETE", `floatingips/${id}`);
  assert.deepEqual([floating(a), floating(b)], [[], []]);
});

test("port forwardings are told to one host, whichever serves a port of theirs first", () => {
  const { external, port, make, ask, floating } = site();
  const [a, b] = [port("h1", "10.1.0.10"), port("h2", "10.1.0.11")];
  const id = make("floatingips", { floating_network_id: external });
  const forward = (internal_port_id: string, internal_ip_address: string, external_port: number) =>
    make(`floatingips/${id}/port_forwardings`, {
      protocol: "tcp",
      internal_port_id,
      internal_ip_address,
      internal_port: 22,
      external_port,
    });
  const toB = forward(b, "10.1.0.11", 2002);
  const ports = (told: readonly Floating[]) => told.map(({ forwards }) => forwards.map(({ external: { first }, to }) => `${first} ${to}`));
  assert.deepEqual([ports(floating(a)), ports(floating(b))], [[], [["2002 10.1.0.11"]]]);
  forward(a, "10.1.0.10", 2001);
  const both = ["2001 10.1.0.10", "2002 10.1.0.11"];
  assert.deepEqual([ports(floating(a)), ports(floating(b))], [[both], []], "the first by its port");
  ask("PUT", `ports/${a}`, { admin_state_up: false });
  assert.deepEqual([ports(floating(a)), ports(floating(b))], [[], [both]]);
  ask("PUT", `ports/${a}`, { admin_state_up: true });
  assert.deepEqual([ports(floating(a)), ports(floating(b))], [[both], []]);
  ask("PUT", `ports/${a}`, { "binding:host_id": "" });
  assert.deepEqual([ports(floating(a)), ports(floating(b))], [[], [both]]);
  ask("DELETE", `ports/${a}`);
  assert.deepEqual(ports(floating(b)), [["2002 10.1.0.11"]]);
  ask("PUT", `floatingips/${id}/port_forwardings/${toB}`, { external_port: 2003 });
  assert.deepEqual(ports(floating(b)), [["2003 10.1.0.11"]]);
  ask("DELETE", `floatingips/${id}/port_forwardings/${toB}`);
  assert.deepEqual(floating(b), []);
});
