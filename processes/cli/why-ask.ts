/** Asking machines: an agent by its socket, BIRD by birdc. Of what cannot be asked it is told why; it ends nothing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exchange } from "#adapters/http/exchange.ts";
import { reasonOf } from "#adapters/linux/errors.ts";
import { readBgpProtocols } from "#core/birdc/answers.ts";
import { readBirdRoutes } from "#core/why/evidence.ts";
import type { BirdEvidence, HostEvidence, ObjectRecord } from "#core/why/evidence.ts";
import { causeOf, prefixesOf } from "#core/why/records.ts";
import type { Records } from "#core/why/records.ts";
import { agentState } from "#lab/margay.ts";
import type { Lab } from "#lab/place.ts";
import { must } from "#lab/program.ts";
import { agentSocket } from "../agent/socket.ts";
import type { AgentStatus } from "../agent/state.ts";

export interface Place {
  host(records: Records): Promise<HostEvidence>;
  birds(records: Records): Promise<readonly BirdEvidence[]>;
}

const PATIENCE = { timeout: 5000 };

/** All machines of a lab are on this one. */
export function labPlace(lab: Lab): Place {
  const stateOf = (machine: string) => agentState(lab, machine);
  return {
    host: async (records) => (records.port === null || records.port.host === "" ? UNASKED : hostAt(stateOf(records.port.host), records)),
    birds: (records) => {
      const serving = records.port === null || records.port.host === "" ? [] : [{ name: records.port.host, role: "compute" as const }];
      const asked = [...serving, ...records.fabric].filter(({ name }) => existsSync(stateOf(name)));
      return Promise.all(asked.map(({ name, role }) => birdAt(stateOf(name), { machine: name, role }, prefixesOf(records))));
    },
  };
}

/** The one machine that this is, when it has an agent: it counts where it is the port's host, or one that passes routes on. */
export function localPlace(state: string | undefined): Place {
  return {
    host: async (records) => {
      if (state === undefined || records.port === null) return UNASKED;
      const told = await hostAt(state, records);
      return told.state === "told" && told.host !== records.port.host ? UNASKED : told;
    },
    birds: async (records) => {
      const self = state === undefined ? undefined : await askAgent<AgentStatus>(state, "/").catch(() => undefined);
      if (state === undefined || self === undefined || !concerns(records, self)) return [];
      const role = self.role as BirdEvidence["role"];
      return [await birdAt(state, { machine: self.host, role }, prefixesOf(records))];
    },
  };
}

const UNASKED: HostEvidence = { state: "unasked" };

function concerns({ port, fabric }: Records, { host, role }: AgentStatus): boolean {
  return role === "compute" ? port?.host === host : fabric.some(({ name }) => name === host);
}

async function hostAt(state: string, { port }: Records): Promise<HostEvidence> {
  try {
    const own = port === null ? "" : `because=${encodeURIComponent(causeOf(port))}`;
    const [status, ...lists] = await Promise.all([
      askAgent<AgentStatus>(state, "/"),
      ...[own, "state=held", "state=failed"].map((query) => askAgent<{ objects: readonly ObjectRecord[] }>(state, `/objects?${query}`)),
    ]);
    const objects = new Map(lists.flatMap((list) => list.objects).map((one) => [one.object, one]));
    return { state: "told", host: status.host, controller: status.controller, revision: status.revision, objects: [...objects.values()] };
  } catch (error) {
    return { state: "silent", reason: reasonOf(error) };
  }
}

/** Rejects when it does not answer. */
export async function askAgent<T>(state: string, path: string): Promise<T> {
  const { status, text } = await exchange(`unix:${agentSocket(state)}`, { method: "GET", path }, PATIENCE);
  if (status !== 200) throw new Error(`${path}: ${status} ${text.trim()}`);
  return JSON.parse(text) as T; // of our own agent
}

async function birdAt(state: string, self: Pick<BirdEvidence, "machine" | "role">, prefixes: readonly string[]): Promise<BirdEvidence> {
  const ask = (...words: readonly string[]) => must(["birdc", "-r", "-s", join(state, "bird/bird.ctl"), ...words], PATIENCE);
  try {
    const sessions = readBgpProtocols(await ask("show", "protocols")).map(({ name, established }) => ({ name, established }));
    const routes = await Promise.all(prefixes.map(async (prefix) => [prefix, await routesTo(ask, prefix)] as const));
    return { ...self, sessions, routes: Object.fromEntries(routes) };
  } catch (error) {
    return { ...self, silent: reasonOf(error), sessions: [], routes: {} };
  }
}

/** BIRD calls a prefix that it does not know an error (reply 8001). */
async function routesTo(ask: (...words: readonly string[]) => Promise<string>, prefix: string) {
  return readBirdRoutes(
    await ask("show", "route", prefix).catch((error: Error) => {
      if (error.message.includes("Network not found")) return "";
      throw error;
    }),
  );
}
