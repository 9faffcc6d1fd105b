/** Margay's own processes in the lab, started as on a server: each inside its machine, by command line, knowing only its files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataCenter, Machine } from "#core/datacenter/data-center.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { ask } from "./cloud.ts";
import { otherRouters } from "./frr.ts";
import { identityFile } from "./identity.ts";
import { controllerSocket, machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { logFile, runningService } from "./service.ts";
import type { Service } from "./service.ts";
import { machinesOf } from "./topology.ts";
import { until } from "./wait.ts";

const MAIN = fileURLToPath(new URL("../processes/main.ts", import.meta.url));
const NOVA_METADATA = fileURLToPath(new URL("./nova-metadata.ts", import.meta.url));
const CACHE = fileURLToPath(new URL("../.cache/node", import.meta.url));

/** Where the controllers' port is to be found, for agents and clients alike. */
export const API_PORT = 9696;

/** Of Nova's metadata API, as everywhere. */
const METADATA_API_PORT = 8775;

/** The first declared controller: an embedded store has one process. */
export function controllerOf(lab: Lab, center: DataCenter): Service {
  const machine = firstController(center);
  // Whatever is set up on this machine is for another controller.
  const files = [
    "--config",
    "/dev/null",
    "--set",
    `auth.identity_file=${identityFile(lab)}`,
    "--store",
    join(lab.directory, "store.sqlite"),
  ];
  const listen = ["--listen", `${spelled(addressOf(machine))}:${API_PORT}`, "--listen", `unix:${controllerSocket(lab)}`];
  return margay(lab, machine, { name: `controller-${machine.name}`, argv: ["controller", ...files, ...listen] });
}

/** Routers of other platforms are run by others. */
export function agentsOf(lab: Lab, center: DataCenter): (Service & { readonly machine: string })[] {
  const controller = controllerUrl(center);
  const others = otherRouters(center).map(({ name }) => name);
  return machinesOf(center)
    .filter(({ kind, machine }) => kind !== "controller" && !others.includes(machine.name))
    .map(({ kind, machine }) => {
      const who = ["--role", kind, "--host", machine.name, "--controller", controller];
      const argv = ["agent", "--config", agentFile(lab), ...who, "--state", agentState(lab, machine.name)];
      return { ...margay(lab, machine, { name: agentName(machine.name), argv }), machine: machine.name };
    });
}

/** As the lab's machines reach it. */
export function controllerUrl(center: DataCenter): string {
  return `http://${spelled(addressOf(firstController(center)))}:${API_PORT}`;
}

export function agentName(machine: string): string {
  return `agent-${machine}`;
}

/** What all agents of the lab are told besides. */
export function agentFile(lab: Lab): string {
  return join(lab.directory, "agent.yaml");
}

/** Where Nova's metadata API is: beside the controller. */
export function metadataUrl(center: DataCenter): string {
  return `http://${spelled(addressOf(firstController(center)))}:${METADATA_API_PORT}`;
}

export function novaMetadataOf(lab: Lab, center: DataCenter): Service {
  const machine = firstController(center);
  const argv = [process.execPath, NOVA_METADATA, lab.name, String(METADATA_API_PORT), addressOf(machine)];
  return { name: `nova-metadata-${machine.name}`, argv, netns: machineNetns(lab, machine.name), env: cached() };
}

/** The agent's state directory: its daemons' configuration, sockets and pids. */
export function agentState(lab: Lab, machine: string): string {
  return join(lab.directory, machine);
}

/** Waits until the API answers; tells what the process said last when it is no more. */
export async function controllerAnswers(lab: Lab, center: DataCenter): Promise<void> {
  const { name } = controllerOf(lab, center);
  await until({ what: "the controller to answer", timeout: 20_000 }, async () => {
    if (runningService(lab, name) === undefined) throw new Error(`the controller has ended: ${lastWords(lab, name)}`);
    return ask(lab, { method: "GET", path: "/" }).then(
      () => undefined,
      (error: Error) => error.message,
    );
  });
}

/** Waits until the controller has heard of every agent: before, it would bind no port to their hosts. */
export async function agentsAlive(lab: Lab, center: DataCenter): Promise<void> {
  const expected = agentsOf(lab, center).map(({ machine }) => machine);
  await until({ what: "the agents to report", timeout: 20_000 }, async () => {
    const { agents } = await ask<{ agents: readonly { readonly host: string }[] }>(lab, { method: "GET", path: "/v2.0/agents?alive=true" });
    const missing = expected.filter((machine) => !agents.some(({ host }) => host === machine));
    return missing.length === 0 ? undefined : `nothing of ${missing.join(", ")}`;
  });
}

/** The end of a service's log. */
export function lastWords(lab: Lab, name: string): string {
  const lines = readFileSync(logFile(lab, name), "utf8").trimEnd().split("\n");
  return lines.slice(-5).join("\n");
}

function margay(lab: Lab, machine: Machine, { name, argv }: { readonly name: string; readonly argv: readonly string[] }): Service {
  return { name, argv: [process.execPath, MAIN, ...argv], netns: machineNetns(lab, machine.name), env: cached() };
}

function cached() {
  return { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? CACHE };
}

function firstController({ controllers }: DataCenter): Machine {
  const [first] = controllers;
  if (first === undefined) throw new Error("the declaration has no controllers; the lab needs one");
  return first;
}

function addressOf(machine: Machine): Ip {
  const ip = machine.ipv4 ?? machine.ipv6;
  if (ip === undefined) throw new Error(`${machine.name} has no address on the fabric`);
  return ip;
}

/** As in a URL. */
function spelled(ip: Ip): string {
  return familyOf(ip) === 4 ? ip : `[${ip}]`;
}
