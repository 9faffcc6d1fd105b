/** The agent's process on a real host: its hands, its connection and its files, from start to stop. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { canOffload } from "#adapters/nft/ability.ts";
import { trackerFill } from "#adapters/linux/tracker.ts";
import { leftBy } from "#core/intent/bfd.ts";
import type { Watched } from "#core/intent/bfd.ts";
import { addressesOf, poolOf } from "#core/intent/pnat-pool.ts";
import type { Ip } from "#core/net/address.ts";
import { watchPool } from "#engine/pool-watch.ts";
import type { PoolWatch } from "#engine/pool-watch.ts";
import { tellingFlows } from "#adapters/bird/drained.ts";
import { birdNeighbourhood } from "#adapters/bird/neighbourhood.ts";
import { birdSpeaker } from "#adapters/bird/speaker.ts";
import { systemClock } from "#adapters/clock/system.ts";
import { feedClient } from "#adapters/feed/client.ts";
import { localDoor } from "#adapters/http/local.ts";
import { programs } from "#adapters/programs/programs.ts";
import { lastViewFile } from "#adapters/state/last-view-file.ts";
import type { Log } from "#contracts/log.ts";
import type { View } from "#core/feed/item.ts";
import { agent as agentOf } from "#engine/agent.ts";
import type { Agent } from "#engine/agent.ts";
import { watchNeighbours } from "#engine/neighbour-watch.ts";
import { hostHands } from "./drivers.ts";
import { agentMetadata } from "./metadata.ts";
import { machineOf } from "./settings.ts";
import type { AgentRead } from "./settings.ts";
import { agentMetrics } from "./metrics.ts";
import { agentSocket, answering } from "./socket.ts";
import { agentState } from "./state.ts";
import type { Rereading } from "../rereading.ts";
import { tidying } from "./tidying.ts";
import { stopped } from "../service.ts";
import { ownVersion } from "../version.ts";

/** Runs until `stop` is aborted; leaves everything on the host as it is. */
export async function agent(live: Rereading<AgentRead>, stop: AbortSignal, log: Log): Promise<void> {
  const settings = machineOf(live.now().settings);
  const { role, host, state, controller } = settings;
  // Where it can, it is asked what is offloaded, whether or not it is to be: what was offloaded before may be left.
  const able = role === "compute" && canOffload();
  const machine = { offload: able && settings.flowOffload === "auto" };
  const clock = systemClock();
  mkdirSync(state, { recursive: true });
  const told = agentState(settings, ownVersion());
  let running: Agent | undefined;
  let poolWatch: PoolWatch | undefined;
  // Before anything is touched: where somebody answers already, there is an agent at work.
  const metrics = agentMetrics(told, role === "gateway" ? () => poolWatch?.use() : undefined);
  const handle = answering({ state: told, view: () => running?.heard(), metrics });
  const door = await localDoor({ path: agentSocket(state), handle, log });
  const metadata = agentMetadata({ live, told: () => running?.heard()?.view, clock, log });
  if (metadata !== undefined) told.serves(metadata.status);
  const [hands, tidy] = [hostHands(state, able), tidying()];
  running = agentOf({
    self: { host, role, machine },
    drivers: hands.drivers,
    signs: hands.signs,
    flows: hands.flows,
    feed: feedClient({ controllers: controller }),
    speaker: tellingFlows(birdSpeaker(join(state, "bird/bird.ctl")), () => isDrained(running?.heard()?.view, host)),
    last: lastViewFile({ state, of: { host, role, program: programNow() }, boot: bootNow(), log }),
    clock,
    log,
    watch: {
      controller: told.controller,
      finished: (finished) => {
        told.finished(finished);
        tidy(finished);
        metadata?.finished(finished);
      },
    },
  });
  const pool = () => poolAddressesOf(running?.heard()?.view, host);
  const unwatch = watchNeighbours({
    neighbourhood: birdNeighbourhood({ state, run: programs({ limitMs: 1000 }) }),
    neighbours: () => neighboursOf(running?.heard()?.view, host),
    clock,
    log,
  });
  if (role === "gateway") poolWatch = watchPool({ flows: hands.flows, fill: trackerFill, pool, clock, log });
  log.info("started", { role, host, state, ...(role === "compute" && { flow_offload: offloadOf(machine.offload, able) }) });

  await stopped(stop);
  log.info("stopping; the host is left as it is");
  unwatch();
  poolWatch?.stop();
  await running.stop();
  hands.close();
  await metadata?.close();
  await door.close();
}

function isDrained(view: View | undefined, host: string): boolean {
  return view?.datacenter?.gateways.some(({ name, drained }) => name === host && drained) ?? false;
}

function neighboursOf(view: View | undefined, host: string): readonly Watched[] {
  return view?.datacenter === undefined ? [] : leftBy(view.datacenter, host);
}

function poolAddressesOf(view: View | undefined, host: string): readonly Ip[] {
  const { datacenter } = view ?? {};
  const gateway = datacenter?.gateways.find(({ name }) => name === host);
  const pool = datacenter && gateway && poolOf(datacenter, gateway);
  return pool === undefined ? [] : addressesOf(pool);
}

/** Its version, and how it takes items to look: what another kept would be read in another sense. */
function programNow(): string {
  const items = readFileSync(new URL("../../core/feed/item.ts", import.meta.url));
  return `${ownVersion()} ${createHash("sha256").update(items).digest("hex").slice(0, 16)}`;
}

function bootNow(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function offloadOf(offloads: boolean, able: boolean): string {
  return offloads ? "on" : able ? "off" : "not in this kernel";
}
