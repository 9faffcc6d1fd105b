/**
 * A VM moves to another host while it runs, as Nova moves it: the port is bound to the new host as well, the tap is made there,
 * all is made ready, and nobody's packets go astray before the VM comes. Then the binding is activated.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostSideMac, readMac } from "#core/net/mac.ts";
import { ask } from "./cloud.ts";
import type { CloudPort } from "./cloud.ts";
import { down } from "./down.ts";
import { tapOf, untilActive } from "./nova.ts";
import { labNamed, machineNetns } from "./place.ts";
import { inside, must, run } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE } from "./topology.ts";
import { until } from "./wait.ts";

const LAB = labNamed("move");
const GUESTS = { h1: "mg-move-guest-h1", h2: "mg-move-guest-h2" } as const;
type Host = keyof typeof GUESTS;

async function clear(): Promise<void> {
  await down(LAB);
  for (const guest of Object.values(GUESTS)) await run(["ip", "netns", "del", guest]);
}

function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(LAB, { method: "POST", path: `/v2.0/${path}`, body });
}

/** A port on the external network that answers echo requests. */
async function openPort(): Promise<CloudPort> {
  const { security_group: group } = await post<{ security_group: { id: string } }>("security-groups", { security_group: { name: "ping" } });
  await post("security-group-rules", { security_group_rule: { security_group_id: group.id, direction: "ingress", protocol: "icmp" } });
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  const wish = { network_id: networks[0]?.id, security_groups: [group.id], device_owner: "compute:nova", "binding:host_id": "h1" };
  return (await post<{ port: CloudPort }>("ports", { port: wish })).port;
}

interface Nic {
  readonly port: CloudPort;
  readonly mac: string;
  readonly routerMac: string;
  readonly address: string;
}

/** The tap, with whatever is to be the guest behind it: it does not run yet. */
async function plug(host: Host, { port, mac, routerMac }: Nic): Promise<void> {
  const [netns, tap] = [machineNetns(LAB, host), tapOf(port.id)];
  const batch = [
    `netns add ${GUESTS[host]}`,
    `link add ${tap} netns ${netns} address ${routerMac} type veth peer name eth0 netns ${GUESTS[host]} address ${mac}`,
    "",
  ];
  await must(["ip", "-batch", "-"], { input: batch.join("\n") });
  await must(["ip", "-n", GUESTS[host], "link", "set", "eth0", "up"]);
  await must(["ip", "-n", netns, "link", "set", tap, "up"]);
}

async function runGuest(host: Host, { address, routerMac }: Nic): Promise<void> {
  const guest = [
    `addr add ${address}/32 dev eth0`,
    "route add 169.254.1.1 dev eth0",
    "route add default via 169.254.1.1",
    `neigh replace 169.254.1.1 lladdr ${routerMac} dev eth0 nud permanent`,
    "",
  ];
  await must(["ip", "-n", GUESTS[host], "-batch", "-"], { input: guest.join("\n") });
}

async function untilEcho({ address }: Nic, from: string): Promise<void> {
  await until({ what: `an echo from ${address} to ${from}`, timeout: 20_000 }, async () => {
    const { status } = await run(inside(machineNetns(LAB, from), ["ping", "-n", "-c", "1", "-W", "1", address]));
    return status === 0 ? undefined : "there is none";
  });
}

/** The host's routes to the address: `dev tap… metric 1023`, `via … metric 32`. */
async function routesOf(host: Host, { address }: Nic): Promise<readonly string[]> {
  const { stdout } = await run(["ip", "-n", machineNetns(LAB, host), "route", "show", `${address}/32`]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("a VM moves: all is ready before it comes, and nothing is announced before it is there", { timeout: 240_000 }, async (t) => {
  await clear();
  t.after(clear);
  await raiseExample(LAB, "guide");
  const port = await openPort();
  const mac = readMac(port.mac_address) ?? assert.fail(port.mac_address);
  const address = port.fixed_ips.map(({ ip_address: ip }) => ip).find((ip) => ip.includes(".")) ?? "";
  const nic: Nic = { port, mac, routerMac: hostSideMac(mac), address };
  const tap = tapOf(port.id);
  await plug("h1", nic);
  await runGuest("h1", nic);
  await untilActive(LAB, port.id);
  await untilEcho(nic, OUTSIDE.name);

  await post(`ports/${port.id}/bindings`, { binding: { host: "h2" } });
  await plug("h2", nic);
  await until({ what: "h2 to expect the VM", timeout: 20_000 }, async () => {
    const routes = await routesOf("h2", nic);
    const [own, heard] = [routes.some((route) => route.includes(tap)), routes.some((route) => route.includes(" via "))];
    return own && heard ? undefined : `it has ${routes.join("; ")}`;
  });
  const neighbours = await run(["ip", "-n", machineNetns(LAB, "h2"), "neigh", "show", address, "dev", tap]);
  assert.match(neighbours.stdout, new RegExp(`lladdr ${mac} PERMANENT`));
  const used = await run(["ip", "-n", machineNetns(LAB, "h2"), "route", "get", address]);
  assert.doesNotMatch(used.stdout, /tap/, "what h2 itself sends still goes to h1");
  assert.ok(
    (await routesOf("h1", nic)).every((route) => route.includes(tap)),
    "h1 has heard of no other way",
  );
  for (const from of [OUTSIDE.name, "h2"]) await untilEcho(nic, from);
  const { port: still } = await ask<{ port: CloudPort }>(LAB, { method: "GET", path: `/v2.0/ports/${port.id}` });
  assert.equal(still.status, "ACTIVE");

  await must(["ip", "netns", "del", GUESTS.h1]);
  await runGuest("h2", nic);
  await ask(LAB, { method: "PUT", path: `/v2.0/ports/${port.id}/bindings/h2/activate` });
  await untilActive(LAB, port.id);
  await untilEcho(nic, OUTSIDE.name);
  const [route, ...more] = await routesOf("h2", nic);
  assert.match(route ?? "", new RegExp(`dev ${tap} .*metric 1023`));
  assert.deepEqual(more, []);
  await until({ what: "h1 to hear where the VM is", timeout: 20_000 }, async () => {
    const routes = await routesOf("h1", nic);
    return routes.length === 1 && routes[0]?.includes(" via ") === true ? undefined : `it has ${routes.join("; ")}`;
  });
  await untilEcho(nic, "h1");
});
