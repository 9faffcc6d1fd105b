/**
 * A story in a lab: real kernels, BIRD, dnsmasq, DHCP clients and packets. One lab serves all stories, one after the other;
 * each takes its ports and groups with it when it ends. What a host holds is read from its kernel, not from Margay.
 */
import type { CutFlows } from "#adapters/linux/flows.ts";
import { ipListing } from "#adapters/linux/listing.ts";
import { linuxNeighbours } from "#adapters/linux/neighbours.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { nftables } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import type { Kind } from "#core/kinds/kind.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { route } from "#core/kinds/route.ts";
import { familyOf, readIp } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { ask as askLab } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { agentName, controllerOf } from "#lab/margay.ts";
import { machineNetns, vmNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { ping, tcp, udp } from "#lab/probe.ts";
import type { Probe } from "#lab/probe.ts";
import { runningService } from "#lab/service.ts";
import { standing, startAgent, startController } from "#lab/standing.ts";
import { OUTSIDE, outsideHost } from "#lab/topology.ts";
import { inPool } from "#lab/verify/outside-claims.ts";
import { addVm, removeVm } from "#lab/vm.ts";
import { castOf, withNames } from "./cast.ts";
import type { Ask, Cast } from "./cast.ts";
import type { Change, FlowText } from "./story.ts";
import type { Reached, World } from "./world.ts";

/** `lab` stands, with the data centre of the story applied. */
export function realWorld(lab: Lab): World {
  const made: string[] = [];
  const ask: Ask = async (method, path, body) => {
    const answer = await askLab<Record<string, { readonly id: string }> | undefined>(lab, {
      method,
      path: `/v2.0/${path}`,
      ...(body && { body }),
    });
    if (method === "POST") made.push(`${path}/${Object.values(answer ?? {})[0]?.id}`);
    return answer;
  };
  const cast = castOf(ask);
  return {
    patience: 10_000,
    change: (change) => act(lab, cast, change),
    // Expectations are waited for.
    settle: async () => undefined,
    holdings: async (host) => (await held(lab, host)).map((line) => withNames(line, cast.taps)),
    status: async (name) => ((await ask("GET", `ports/${cast.people.get(name)?.id}`)) as { port: CloudPort }).port.status,
    reach: (from, to, flow) => probe({ lab, cast }, from, { to, flow }),
    close: async () => {
      for (const name of cast.people.keys()) await removeVm(lab, name).catch(() => undefined);
      for (const path of made.toReversed()) await askLab(lab, { method: "DELETE", path: `/v2.0/${path}` }).catch(() => undefined);
    },
  };
}

async function act(lab: Lab, cast: Cast, change: Change): Promise<void> {
  switch (change.do) {
    case "kill-agent":
      await kill(lab, agentName(change.host));
      startAgent(lab, change.host);
      return;
    case "kill-controller":
      await kill(lab, controllerOf(lab, standing(lab).center).name);
      await startController(lab);
      return;
    case "delete":
      await removeVm(lab, change.name);
      return cast.play(change);
    case "set":
      // A guest asks for its address when it boots, and again when half of its lease is over.
      if (change.attribute !== "fixed_ips") return cast.play(change);
      await removeVm(lab, change.name);
      await cast.play(change);
      return boot(lab, cast, change.name);
    case "move":
      await removeVm(lab, change.name);
      await cast.play(change);
      return boot(lab, cast, change.name);
    case "port":
      await cast.play(change);
      return boot(lab, cast, change.name);
    default:
      return cast.play(change);
  }
}

async function boot(lab: Lab, cast: Cast, name: string): Promise<void> {
  const person = cast.people.get(name);
  if (person === undefined) throw new Error(`the story has no port ${name}`);
  await addVm(lab, { name, host: person.host, network: person.network, groups: [], port_id: person.id });
}

/** SIGKILL: no word of farewell. */
async function kill(lab: Lab, service: string): Promise<void> {
  const running = runningService(lab, service);
  if (running === undefined) throw new Error(`${service} does not run`);
  process.kill(running.pid, "SIGKILL");
  while (runningService(lab, service) !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Routes, neighbours and packet filter, as a fresh process reads them in the host's namespace. */
async function held(lab: Lab, host: string): Promise<string[]> {
  const run = programs({ under: ["ip", "netns", "exec", machineNetns(lab, host)] });
  const list = ipListing(run);
  const cut: CutFlows = async () => new Map();
  const lines = async <V>(kind: Kind<V>, values: Promise<readonly V[]>) =>
    (await values).map((value) => `${kind.name} ${kind.show(value)}`);
  const kinds = [
    lines(route, linuxRoutes({ run, list, cut }).list([])),
    lines(neighbour, linuxNeighbours(run, list).list([])),
    lines(nft, nftables(run, cut).list([])),
  ];
  return (await Promise.all(kinds)).flat();
}

interface Scene {
  readonly lab: Lab;
  readonly cast: Cast;
}

async function probe(scene: Scene, from: string, { to, flow }: { readonly to: string; readonly flow: FlowText }): Promise<Reached[]> {
  const families = ([4, 6] as const).filter((family) => flow.family === undefined || flow.family === family);
  const targets = addressesOf(scene, to);
  const own = addressesOf(scene, from);
  const shared = families.filter((family) => [own, targets].every((ips) => ips.some((ip) => familyOf(ip) === family)));
  const netns = from === "outside" ? machineNetns(scene.lab, OUTSIDE.name) : vmNetns(scene.lab, from);
  return Promise.all(
    shared.map(async (family) => {
      const target = targets.find((ip) => familyOf(ip) === family) ?? ("" as Ip);
      return reachedBy(scene, family, await asked(netns, target, flow));
    }),
  );
}

function asked(netns: string, target: Ip, { protocol, port = 0 }: FlowText): Promise<Probe> {
  if (protocol === "ping") return ping(netns, target);
  return protocol === "tcp" ? tcp(netns, target, port) : udp(netns, target, port);
}

function reachedBy({ lab }: Scene, family: Family, { reached, peerSaw, error = "" }: Probe): Reached {
  if (peerSaw === undefined) return { family, reaches: reached, evidence: error };
  return { family, reaches: reached, evidence: inPool(standing(lab).center, peerSaw) ? "pnat" : peerSaw };
}

function addressesOf({ lab, cast }: Scene, name: string): Ip[] {
  const literal = readIp(name);
  if (literal !== undefined) return [literal];
  const { ipv4, ipv6 } = outsideHost(standing(lab).center.lab);
  return name === "outside" ? [ipv4, ipv6] : (cast.people.get(name)?.addresses ?? []).flatMap((text) => readIp(text) ?? []);
}
