/**
 * A story in a lab: real kernels, BIRD, dnsmasq, DHCP clients and packets. One lab serves all stories, one after the other;
 * each takes its ports and groups with it when it ends. What a host holds is read from its kernel, not from Margay.
 */
import type { CutFlows } from "#adapters/linux/flows.ts";
import { linuxNeighbours } from "#adapters/linux/neighbours.ts";
import { linuxRoutes } from "#adapters/linux/routes.ts";
import { kernelOf } from "#adapters/netlink/kernel.ts";
import { nftables } from "#adapters/nft/nftables.ts";
import { programs } from "#adapters/programs/programs.ts";
import { lineOf } from "#core/kinds/kind.ts";
import type { Kind } from "#core/kinds/kind.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { route } from "#core/kinds/route.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { ask as askLab } from "#lab/cloud.ts";
import type { CloudPort } from "#lab/cloud.ts";
import { agentName, controllerOf } from "#lab/margay.ts";
import { machineNetns, vmNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { ping, tcp, udp } from "#lab/probe.ts";
import type { Probe } from "#lab/probe.ts";
import { killService } from "#lab/service.ts";
import { standing, startAgent, startController } from "#lab/standing.ts";
import { OUTSIDE } from "#lab/topology.ts";
import { inPool } from "#lab/verify/outside-claims.ts";
import { removeVm } from "#lab/vm.ts";
import { listVms } from "#lab/vm-record.ts";
import { castOf, withNames } from "./cast.ts";
import type { Ask, Cast } from "./cast.ts";
import { endsOf } from "./ends.ts";
import type { Ends, Scene } from "./ends.ts";
import { boot, rebooted, unbooted } from "./real-world-boot.ts";
import { measure } from "./real-world-pace.ts";
import { restoreChanged } from "./real-world-store.ts";
import { actOnTap } from "./real-world-taps.ts";
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
  const cast = castOf(ask, (change) => restoreChanged(lab, change));
  const datacenter = standing(lab).center;
  return {
    patience: 10_000,
    change: (change) => act(lab, cast, change),
    // Expectations are waited for.
    settle: async () => undefined,
    holdings: async (host) => (await held(lab, host)).map((line) => withNames(line, cast.taps)),
    status: async (name) => ((await ask("GET", `ports/${cast.people.get(name)?.id}`)) as { port: CloudPort }).port.status,
    reach: (from, to, flow) => probe(lab, { datacenter, cast }, { from, to, flow }),
    pace: (from, to) => measure(lab, { datacenter, cast }, from, to),
    close: async () => {
      for (const { name } of listVms(lab)) await removeVm(lab, name).catch(() => undefined);
      // Some have another id by now.
      const ports = [...cast.people.values()].map(({ id }) => `ports/${id}`);
      for (const path of [...made, ...ports].toReversed())
        await askLab(lab, { method: "DELETE", path: `/v2.0/${path}` }).catch(() => undefined);
    },
  };
}

async function act(lab: Lab, cast: Cast, change: Change): Promise<void> {
  switch (change.do) {
    case "kill-agent":
      await killService(lab, agentName(change.host));
      startAgent(lab, change.host);
      return;
    case "kill-controller":
      await killService(lab, controllerOf(lab, standing(lab).center).name);
      await startController(lab);
      return;
    case "delete":
      await unbooted(lab, cast, change.name);
      return cast.play(change);
    case "set":
      // A guest asks for its address when it boots, and again when half of its lease is over.
      if (change.attribute !== "fixed_ips") return cast.play(change);
      await unbooted(lab, cast, change.name);
      await cast.play(change);
      return boot(lab, cast, change.name);
    case "move":
      return rebooted(lab, cast, change.name, () => cast.play(change));
    case "take": {
      const giver = [...cast.people].find(([, { addresses }]) => addresses.includes(change.address))?.[0];
      const both = [change.name, ...(giver === undefined ? [] : [giver])];
      for (const name of both) await unbooted(lab, cast, name);
      await cast.play(change);
      for (const name of both) await boot(lab, cast, name);
      return;
    }
    case "port":
      await cast.play(change);
      return boot(lab, cast, change.name);
    default:
      if (!(await actOnTap(lab, cast, change))) await cast.play(change);
  }
}

/** Routes, neighbours and packet filter, as a fresh process reads them in the host's namespace. */
async function held(lab: Lab, host: string): Promise<string[]> {
  const run = programs({ under: ["ip", "netns", "exec", machineNetns(lab, host)] });
  const kernel = kernelOf(machineNetns(lab, host));
  const cut: CutFlows = async () => new Map();
  const lines = async <V>(kind: Kind<V>, values: Promise<readonly V[]>) => (await values).map((value) => lineOf(kind, value));
  const kinds = [
    lines(route, linuxRoutes({ ...kernel, cut }).list([])),
    lines(neighbour, linuxNeighbours(kernel).list([])),
    lines(nft, nftables({ ...kernel, run }).list([])),
  ];
  return (await Promise.all(kinds).finally(kernel.close)).flat();
}

async function probe(lab: Lab, scene: Scene, question: Question): Promise<Reached[]> {
  const { from, flow } = question;
  const beside = scene.cast.people.get(from)?.beside;
  const netns = from === "outside" ? machineNetns(lab, OUTSIDE.name) : vmNetns(lab, beside ?? from);
  const ends = endsOf(scene, from, question);
  // By that NIC of the VM: it would take its first one.
  const ask = ({ source, destination }: Ends) => asked(netns, { flow, target: destination, ...(beside === undefined ? {} : { source }) });
  return Promise.all(ends.map(async (each) => reachedBy(scene, each.family, await ask(each))));
}

interface Question {
  readonly from: string;
  readonly to: string;
  readonly flow: FlowText;
}

interface Asked {
  readonly flow: FlowText;
  readonly target: Ip;
  readonly source?: Ip;
}

function asked(netns: string, { flow: { protocol, port = 0 }, target, ...by }: Asked): Promise<Probe> {
  if (protocol === "ping") return ping(netns, target, by);
  return protocol === "tcp" ? tcp(netns, target, port, by) : udp(netns, target, port, by);
}

function reachedBy({ datacenter }: Scene, family: Family, { reached, peerSaw, error = "" }: Probe): Reached {
  if (peerSaw === undefined) return { family, reaches: reached, evidence: error };
  return { family, reaches: reached, evidence: inPool(datacenter, peerSaw) ? "pnat" : peerSaw };
}
