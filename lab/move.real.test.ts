/**
 * A VM moves to another host while it runs, as Nova moves it: the port is bound to the new host as well, the tap is made there,
 * all is made ready, and nobody's packets go astray before the VM comes. Its first sign of life there is what moves its addresses;
 * Nova's own word comes later.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "./cloud.ts";
import type { CloudPort } from "./cloud.ts";
import { down } from "./down.ts";
import { migration } from "./migration.ts";
import { movingGuest } from "./moving-guest.ts";
import { tapOf, untilActive } from "./nova.ts";
import { ownLab } from "./own-lab.real.ts";
import { machineNetns } from "./place.ts";
import { inside, run } from "./program.ts";
import { raiseExample } from "./raise.ts";
import { outsideHost, OUTSIDE } from "./topology.ts";
import { until } from "./wait.ts";

const LAB = await ownLab("move");
const [SERVED, ASKED] = [7000, 7001];

function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(LAB, { method: "POST", path: `/v2.0/${path}`, body });
}

/** On the external network. It answers echo requests, serves one TCP port and may ask for another; nothing else is allowed either way. */
async function closedPort(): Promise<CloudPort> {
  const { security_group: group } = await post<{ security_group: { id: string; security_group_rules: readonly { id: string }[] } }>(
    "security-groups",
    { security_group: { name: "moving" } },
  );
  for (const { id } of group.security_group_rules) await ask(LAB, { method: "DELETE", path: `/v2.0/security-group-rules/${id}` });
  const tcp = (direction: string, port: number) => ({ direction, protocol: "tcp", port_range_min: port, port_range_max: port });
  for (const ethertype of ["IPv4", "IPv6"])
    for (const rule of [{ direction: "ingress", protocol: "icmp" }, tcp("ingress", SERVED), tcp("egress", ASKED)])
      await post("security-group-rules", { security_group_rule: { security_group_id: group.id, ethertype, ...rule } });
  const { networks } = await ask<{ networks: readonly { id: string }[] }>(LAB, { method: "GET", path: "/v2.0/networks?name=external" });
  const wish = { network_id: networks[0]?.id, security_groups: [group.id], device_owner: "compute:nova", "binding:host_id": "h1" };
  return (await post<{ port: CloudPort }>("ports", { port: wish })).port;
}

const addressesOf = (port: CloudPort) => port.fixed_ips.map(({ ip_address: ip }) => ip);
const familyFlag = (ip: string) => (ip.includes(":") ? "-6" : "-4");

async function untilEcho(port: CloudPort, from: string): Promise<void> {
  for (const ip of addressesOf(port))
    await until({ what: `an echo from ${ip} to ${from}`, timeout: 20_000 }, async () => {
      const { status } = await run(inside(machineNetns(LAB, from), ["ping", "-n", "-c", "1", "-W", "1", ip]));
      return status === 0 ? undefined : "there is none";
    });
}

/** The host's routes to each address: `dev tap… metric 1024`, `via … metric 32`. */
async function routesOn(host: string, port: CloudPort): Promise<readonly (readonly string[])[]> {
  const shown = addressesOf(port).map((ip) => run(["ip", familyFlag(ip), "-n", machineNetns(LAB, host), "route", "show", ip]));
  return (await Promise.all(shown)).map(({ stdout }) => stdout.split("\n").filter((line) => line !== ""));
}

/** Waits until the routes of every address on the host are such. */
async function untilRoutes(host: string, port: CloudPort, what: string, such: (routes: readonly string[]) => boolean): Promise<void> {
  await until({ what: `${host} ${what}`, timeout: 20_000 }, async () => {
    const all = await routesOn(host, port);
    return all.every(such) ? undefined : `it has ${all.flat().join("; ")}`;
  });
}

/** Lines that come over one connection. */
interface Stream {
  untilMore(): Promise<void>;
}

// It ends with whoever listens to it.
const TICKS = "SYSTEM:while sleep 0.2 && echo tick; do true; done";

function stream(t: { readonly signal: AbortSignal }, what: string, netns: string, from: string): Stream {
  let lines = 0;
  const enough = (text: string) => ((lines = text.split("\n").length), false);
  void run(inside(netns, ["socat", "-u", from, "STDOUT"]), { signal: t.signal, timeout: 200_000, enough });
  return {
    untilMore: async () => {
      const before = lines;
      await until({ what: `more over ${what}`, timeout: 20_000 }, () => (lines > before + 3 ? undefined : `${lines - before} lines came`));
    },
  };
}

const brackets = (ip: string) => (ip.includes(":") ? `[${ip}]` : ip);

test(
  "a VM moves: all is ready before it comes, its first sign of life moves its addresses, and its connections live on",
  { timeout: 240_000 },
  async (t) => {
    const over = new AbortController();
    await down(LAB);
    const center = await raiseExample(LAB, "guide");
    const port = await closedPort();
    const guest = await movingGuest(LAB, port);
    t.after(async () => {
      over.abort();
      await guest.end();
      await down(LAB);
    });
    const nova = migration(LAB, port, guest);
    const tap = tapOf(port.id);
    const shown = async () => (await ask<{ port: CloudPort }>(LAB, { method: "GET", path: `/v2.0/ports/${port.id}` })).port;
    const own = (metric: RegExp) => (routes: readonly string[]) =>
      routes.some((route) => route.includes(tap) && metric.test(route)) && !routes.some((route) => route.includes(" via "));
    const away = (routes: readonly string[]) =>
      routes.some((route) => route.includes(" via ")) && routes.every((route) => !route.includes(tap) || / metric 10\d{5}\b/.test(route));
    await guest.plug("h1");
    await guest.run("h1");
    await untilActive(LAB, port.id);
    await untilEcho(port, OUTSIDE.name);

    // One connection in each family that the VM serves and alone sends on, and one that it asked for and only receives on.
    const outside = outsideHost(center.lab);
    const streams: Stream[] = [];
    for (const ip of addressesOf(port)) {
      const [tcp, there] = ip.includes(":") ? ["TCP6", outside.ipv6] : ["TCP4", outside.ipv4];
      const serve = (netns: string, at: number) =>
        void run(inside(netns, ["socat", "-u", TICKS, `${tcp}-LISTEN:${at},reuseaddr${tcp === "TCP6" ? ",ipv6only=1" : ""}`]), {
          signal: over.signal,
          timeout: 200_000,
        });
      serve(guest.netns, SERVED);
      serve(machineNetns(LAB, OUTSIDE.name), ASKED);
      streams.push(
        stream(over, `what ${ip} serves`, machineNetns(LAB, OUTSIDE.name), `${tcp}:${brackets(ip)}:${SERVED},retry=20,interval=0.1`),
      );
      streams.push(stream(over, `what ${ip} asked for`, guest.netns, `${tcp}:${brackets(String(there))}:${ASKED},retry=20,interval=0.1`));
    }
    const streaming = () => Promise.all(streams.map((each) => each.untilMore()));
    await streaming();

    await t.test("nothing of it is announced before it is there", async () => {
      await nova.prepare({ from: "h1", to: "h2" });
      await untilRoutes("h2", port, "to expect the VM, and to hear of it", away);
      for (const ip of addressesOf(port)) {
        const neighbours = await run(["ip", "-n", machineNetns(LAB, "h2"), "neigh", "show", ip, "dev", tap]);
        assert.match(neighbours.stdout, new RegExp(`lladdr ${port.mac_address} PERMANENT`));
        const used = await run(["ip", "-n", machineNetns(LAB, "h2"), "route", "get", ip]);
        assert.doesNotMatch(used.stdout, /tap/, "what h2 itself sends still goes to h1");
      }
      assert.ok((await routesOn("h1", port)).every(own(/ metric 1024\b/)), "h1 has heard of no other way");
      for (const from of [OUTSIDE.name, "h2"]) await untilEcho(port, from);
      assert.equal((await shown()).status, "ACTIVE");
      await streaming();
    });

    await t.test("its first sign of life moves its addresses, and its host follows it; Nova has said nothing yet", async () => {
      await guest.run("h2");
      await untilRoutes("h2", port, "to have it", own(/ metric 1023\b/));
      await untilRoutes("h1", port, "to follow it", away);
      for (const from of [OUTSIDE.name, "h1", "h2"]) await untilEcho(port, from);
      const { status, "binding:host_id": bound } = (await shown()) as CloudPort & { readonly "binding:host_id": string };
      assert.deepEqual([status, bound], ["ACTIVE", "h1"]);
      await streaming();
    });

    await t.test("Nova's word changes nothing on the new host, and ends it on the former one", async () => {
      await nova.complete({ from: "h1", to: "h2" });
      await untilActive(LAB, port.id);
      await untilRoutes("h1", port, "to have nothing of its own", (routes) => routes.length === 1 && away(routes));
      assert.ok((await routesOn("h2", port)).every(own(/ metric 1023\b/)));
      await streaming();
    });

    await t.test("the latest sign of life counts: a move that fails leaves the VM where it goes on", async () => {
      await nova.prepare({ from: "h2", to: "h1" });
      await guest.run("h1");
      await untilRoutes("h1", port, "to have it", own(/ metric 1022\b/));
      await guest.run("h2");
      await untilRoutes("h2", port, "to have it back", own(/ metric 1021\b/));
      await untilEcho(port, OUTSIDE.name);
      await nova.giveUp({ from: "h2", to: "h1" });
      await untilRoutes("h1", port, "to have nothing of its own", (routes) => routes.length === 1 && away(routes));
      await untilEcho(port, OUTSIDE.name);
      await streaming();
    });
  },
);
