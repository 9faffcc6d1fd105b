/**
 * A controller under writers is killed at moments of chance, again and again. Afterwards every answered write is there, of an
 * unanswered one all or nothing, no address twice, and what the store holds makes sense.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { rowsInFile } from "#processes/cli/store-summary.ts";
import { inconsistencies } from "#core/neutron/consistency.ts";
import { local } from "./api/endpoint.ts";
import type { Endpoint } from "./api/endpoint.ts";
import { atMost } from "./figure.ts";
import type { Bench } from "./figure.ts";

const MAIN = fileURLToPath(new URL("../processes/main.ts", import.meta.url));
const WRITERS = 8;
/** From the first answer of a life to its end, at most. */
const LIFE_MS = 400;
const TIMES = 20;

/** A port as it was answered. */
interface Port {
  readonly id: string;
  readonly name: string;
  readonly mac_address: string;
  readonly fixed_ips: readonly { readonly ip_address: string }[];
}

/** What the writers know of. */
interface Known {
  /** Created and not deleted, as answered. */
  readonly there: Map<string, Port>;
  /** Deleted, as answered. */
  readonly gone: Set<string>;
  /** Names of ports that were asked for together, and not answered. */
  readonly maybeMade: Set<readonly string[]>;
  /** Ids of ports whose end was asked for, and not answered. */
  readonly maybeGone: Set<string>;
}

export interface Storm {
  readonly kills: number;
  /** Writes that were answered. */
  readonly answered: number;
  /** Writes that a kill left unanswered; of these so many had been committed. */
  readonly unanswered: number;
  readonly committed: number;
  readonly slowestStartMs: number;
  /** What should not be. Empty: all is well. */
  readonly problems: readonly string[];
}

export async function killStorm(times: number): Promise<Storm> {
  const home = mkdtempSync(join(tmpdir(), "margay-storm-"));
  const [socket, store] = [join(home, "api.sock"), join(home, "store.sqlite")];
  const endpoint = local(socket, WRITERS);
  const known: Known = { there: new Map(), gone: new Set(), maybeMade: new Set(), maybeGone: new Set() };
  const totals = { answered: 0, unanswered: 0, committed: 0, slowestStartMs: 0 };
  const problems: string[] = [];
  let child: ChildProcess | undefined;
  try {
    for (let life = 0; life <= times; life++) {
      const begun = performance.now();
      child = spawn(process.execPath, [MAIN, "controller", "--config", "/dev/null", "--store", store, "--listen", `unix:${socket}`], {
        stdio: "ignore",
      });
      const network = await ready(endpoint);
      totals.slowestStartMs = Math.max(totals.slowestStartMs, performance.now() - begun);
      totals.committed += await settle(endpoint, known, problems);
      if (life === times) break;
      const writing = write(endpoint, known, network);
      // Awaited after the kill: until then nobody need hear of it.
      writing.catch(() => undefined);
      await pause(Math.random() * LIFE_MS);
      child.kill("SIGKILL");
      await once(child, "exit");
      totals.answered += await writing;
      totals.unanswered += known.maybeMade.size + known.maybeGone.size;
    }
    child?.kill();
    if (child !== undefined && child.exitCode === null) await once(child, "exit");
    for (const { place, problem } of inconsistencies(rowsInFile(store).rows)) problems.push(`the file: ${place}: ${problem}`);
    return { kills: times, ...totals, problems };
  } finally {
    child?.kill("SIGKILL");
    endpoint.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Waits until it answers; makes the network in the first life. Answers with its id. */
async function ready({ ask }: Endpoint): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      const { networks } = (await ask("GET", "/v2.0/networks")) as { networks: readonly { id: string }[] };
      const [network] = networks;
      if (network !== undefined) return network.id;
      const { network: made } = (await ask("POST", "/v2.0/networks", { network: {} })) as { network: { id: string } };
      await ask("POST", "/v2.0/subnets", { subnet: { network_id: made.id, ip_version: 4, cidr: "10.0.0.0/16" } });
      await ask("PUT", "/v2.0/quotas/storm", { quota: { port: -1 } });
      return made.id;
    } catch (error) {
      if (tries > 1000) throw error;
      await pause(20);
    }
  }
}

/** Writers that wait for each answer, until the controller is gone. Answers how many writes were answered. */
async function write(endpoint: Endpoint, known: Known, network: string): Promise<number> {
  const counts = await Promise.all(Array.from({ length: WRITERS }, () => writer(endpoint, known, network)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function writer(endpoint: Endpoint, known: Known, network: string): Promise<number> {
  for (let answered = 0; ; answered++) {
    const victim =
      known.there.size > 50 && Math.random() < 0.5 ? [...known.there.keys()][Math.floor(Math.random() * known.there.size)] : undefined;
    const done = victim === undefined ? await create(endpoint, known, network) : await remove(endpoint, known, victim);
    if (!done) return answered;
  }
}

let asked = 0;

/** One port, or two that are made together or not at all. */
async function create({ ask }: Endpoint, known: Known, network: string): Promise<boolean> {
  const names = Array.from({ length: Math.random() < 0.3 ? 2 : 1 }, () => `p${++asked}`);
  known.maybeMade.add(names);
  try {
    const wishes = names.map((name) => ({ name, network_id: network, tenant_id: "storm" }));
    const { ports } = (await ask("POST", "/v2.0/ports", { ports: wishes })) as { ports: readonly Port[] };
    for (const port of ports) known.there.set(port.id, port);
    known.maybeMade.delete(names);
    return true;
  } catch (error) {
    return unlessRefused(error);
  }
}

async function remove({ ask }: Endpoint, known: Known, id: string): Promise<boolean> {
  known.there.delete(id);
  known.maybeGone.add(id);
  try {
    await ask("DELETE", `/v2.0/ports/${id}`);
    known.maybeGone.delete(id);
    known.gone.add(id);
    return true;
  } catch (error) {
    return unlessRefused(error);
  }
}

/** The end of a connection is what writers wait for; a refusal is a bug. */
function unlessRefused(error: unknown): false {
  if (error instanceof Error && /: [45]\d\d /.test(error.message)) throw error;
  return false;
}

/** Compares what is there with what was answered; then what is there is what is known. Answers how many unanswered writes had been committed. */
async function settle({ ask }: Endpoint, known: Known, problems: string[]): Promise<number> {
  const { ports } = (await ask("GET", "/v2.0/ports")) as { ports: readonly Port[] };
  const byId = new Map(ports.map((port) => [port.id, port]));
  for (const port of known.there.values())
    if (JSON.stringify(factsOf(byId.get(port.id))) !== JSON.stringify(factsOf(port)))
      problems.push(`the port ${port.name} is not as it was answered`);
  for (const id of known.gone) if (byId.has(id)) problems.push(`the port ${id} is there, and its end was answered`);
  const names = new Set(ports.map(({ name }) => name));
  let committed = [...known.maybeGone].filter((id) => !byId.has(id)).length;
  for (const together of known.maybeMade) {
    const made = together.filter((name) => names.has(name)).length;
    if (made !== 0 && made !== together.length) problems.push(`of ${together.join(" and ")}, asked for together, ${made} is there`);
    if (made !== 0) committed += 1;
  }
  const expected = new Set([...known.maybeMade].flat());
  for (const port of ports)
    if (!known.there.has(port.id) && !known.maybeGone.has(port.id) && !expected.has(port.name))
      problems.push(`nobody asked for the port ${port.name}`);
  const addresses = ports.flatMap((port) => port.fixed_ips.map(({ ip_address: address }) => address));
  if (new Set(addresses).size !== addresses.length) problems.push("an address has two ports");
  const { findings } = (await ask("GET", "/margay/v1/store/check")) as { findings: readonly { place: string; problem: string }[] };
  for (const { place, problem } of findings) problems.push(`${place}: ${problem}`);
  known.maybeMade.clear();
  known.maybeGone.clear();
  known.there.clear();
  for (const port of ports) known.there.set(port.id, port);
  return committed;
}

function factsOf(port: Port | undefined): unknown {
  return port === undefined ? "absent" : [port.id, port.name, port.mac_address, port.fixed_ips];
}

export const killStormBench: Bench = async (say, { times = TIMES }) => {
  const { kills, answered, unanswered, committed, slowestStartMs, problems } = await killStorm(times);
  say(`${kills} kills; ${answered} writes answered, ${unanswered} not, of which ${committed} were committed`);
  for (const problem of problems.slice(0, 20)) say(problem);
  return [
    atMost(`what ${kills} kills left wrong`, problems.length, { limit: 0, unit: "" }),
    atMost("killed → answering again, slowest", slowestStartMs, { limit: 5000, unit: "ms" }),
  ];
};
