/**
 * Addresses that go from one running VM to another: an address that both may have (VRRP), to whoever announced it last; and addresses that
 * move in one call of the API, between hosts and on one.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Ip } from "#core/net/address.ts";
import { ask } from "./cloud.ts";
import type { CloudPort } from "./cloud.ts";
import { down } from "./down.ts";
import { PING, groupAllowing } from "./group.real.ts";
import { movingGuest } from "./moving-guest.ts";
import type { MovingGuest } from "./moving-guest.ts";
import { tapOf, untilActive } from "./nova.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns } from "./place.ts";
import { inside, run } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { OUTSIDE } from "./topology.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("handover");

interface Vm {
  readonly host: string;
  readonly port: CloudPort;
  readonly guest: MovingGuest;
}

const vms: Vm[] = [];
/** The address that all of them may have, and the MAC that they share it with. */
let shared: Ip;
let a: Vm, b: Vm, c: Vm;

before(async () => {
  await down(LAB);
  await raiseExample(LAB, "guide");
  const group = await groupAllowing(LAB, "ping", [PING]);
  // Kept by a port that no host serves.
  shared = fourOf(await external({}));
  const pairs = { security_groups: [group], allowed_address_pairs: [{ ip_address: shared }] };
  for (const [name, host] of [
    ["a", "h1"],
    ["b", "h2"],
    ["c", "h2"],
  ] as const) {
    const port = await external({ ...pairs, "binding:host_id": host, device_owner: "compute:nova" });
    const guest = await movingGuest(LAB, port, `guest-${name}`);
    vms.push({ host, port, guest });
    await guest.plug(host);
    await guest.run(host);
    await guest.accept(shared);
    await untilActive(LAB, port.id);
  }
  [a, b, c] = vms as [Vm, Vm, Vm];
});

after(async () => {
  for (const { guest } of vms) await guest.end();
  await down(LAB);
});

test("an address that several may have leads to nobody until one announces it, then to whoever did so last", async () => {
  for (const { host, port } of vms) await untilRoute(shared, { host, tap: tapOf(port.id) }, "none");
  // Another host, the same host, and back again.
  for (const holder of [a, b, c, b, a]) {
    await holder.guest.announce(shared);
    await untilRoute(shared, { host: holder.host, tap: tapOf(holder.port.id) }, "one");
    for (const other of vms) if (other !== holder) await untilRoute(shared, { host: other.host, tap: tapOf(other.port.id) }, "none");
    await untilEcho(shared, OUTSIDE.name);
    const neighbour = await run(["ip", "-n", machineNetns(LAB, holder.host), "neigh", "show", shared, "dev", tapOf(holder.port.id)]);
    assert.match(neighbour.stdout, new RegExp(`lladdr ${holder.port.mac_address} PERMANENT`));
  }
});

test("a VM that may not have it takes nothing by saying so", async () => {
  const own = fourOf(b.port);
  await a.guest.announce(own);
  await a.guest.announce(shared);
  await untilEcho(own, OUTSIDE.name);
  await untilRoute(own, { host: b.host, tap: tapOf(b.port.id) }, "one");
  await untilRoute(own, { host: a.host, tap: tapOf(a.port.id) }, "none");
});

test("an address moves to a VM of another host, and on to one of the same, in one call each", async () => {
  const address = fourOf(a.port);
  for (const taker of [b, c]) {
    await taker.guest.accept(address);
    await ask(LAB, { method: "PUT", path: `/v2.0/ports/${taker.port.id}/take_addresses`, body: { addresses: [{ ip_address: address }] } });
    await untilRoute(address, { host: taker.host, tap: tapOf(taker.port.id) }, "one");
    for (const other of vms) if (other !== taker) await untilRoute(address, { host: other.host, tap: tapOf(other.port.id) }, "none");
    await untilEcho(address, OUTSIDE.name);
  }
});

function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(LAB, { method: "POST", path: `/v2.0/${path}`, body });
}

async function external(said: object): Promise<CloudPort> {
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  return (await post<{ port: CloudPort }>("ports", { port: { network_id: networks[0]?.id, ...said } })).port;
}

function fourOf(port: CloudPort): Ip {
  return port.fixed_ips.map(({ ip_address: ip }) => ip as Ip).find((ip) => ip.includes(".")) ?? assert.fail(JSON.stringify(port.fixed_ips));
}

async function untilEcho(ip: Ip, from: string): Promise<void> {
  await until({ what: `an echo from ${ip} to ${from}`, timeout: 20_000 }, async () => {
    const { status } = await run(inside(machineNetns(LAB, from), ["ping", "-n", "-c", "1", "-W", "1", ip]));
    return status === 0 ? undefined : "there is none";
  });
}

async function untilRoute(ip: Ip, { host, tap }: { readonly host: string; readonly tap: string }, how: "one" | "none"): Promise<void> {
  await until({ what: `${how} of ${host}'s routes to ${ip} to lead to ${tap}`, timeout: 20_000 }, async () => {
    const { stdout } = await run(["ip", "-n", machineNetns(LAB, host), "route", "show", ip, "dev", tap]);
    return (stdout !== "") === (how === "one") ? undefined : `there is "${stdout.trim()}"`;
  });
}
