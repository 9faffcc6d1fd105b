/**
 * Brings a lab up, from nothing, from what a crash left, or from a lab in which something has stopped; each step does only
 * what is missing.
 */
import { existsSync } from "node:fs";
import { isAlive, processOf } from "#adapters/linux/process.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { readYaml } from "#adapters/yaml/document.ts";
import { build } from "./build.ts";
import { ask } from "./cloud.ts";
import { down } from "./down.ts";
import { fabricStands } from "./fabric.ts";
import { otherRouters, startFrr } from "./frr.ts";
import { provideIdentity } from "./identity.ts";
import { readLabRecord, writeLabRecord } from "./lab-record.ts";
import type { LabRecord } from "./lab-record.ts";
import { agentsAlive, agentsOf, controllerAnswers, controllerOf, controllerUrl, metadataUrl, novaMetadataOf } from "./margay.ts";
import { provideMetadata } from "./metadata-secret.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { startProvider } from "./provider-router.ts";
import { startRelay } from "./relay.ts";
import { serving } from "./serve.ts";
import { startService } from "./service.ts";
import { OUTSIDE, topologyOf } from "./topology.ts";
import type { Topology } from "./topology.ts";

export interface Raising {
  readonly file: LabRecord["file"];
  readonly center: DataCenter;
  /** Of the relay on 127.0.0.1; none when absent. */
  readonly port?: number;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

/** Answers once every BGP session stands and routes have arrived where they must. */
export async function up(lab: Lab, raising: Raising): Promise<void> {
  const { center, say } = raising;
  const step = stepsOf(say);
  const topology = topologyOf(center);
  const standing = await step("what stands already", () => surveyed(lab, raising, topology));
  const port = raising.port ?? readLabRecord(lab)?.port;
  if (!standing) await step(`${topology.nodes.length} namespaces, ${topology.cables.length} cables`, () => raise(lab, raising, topology));
  await step("the provider's router, a host outside", () => {
    startProvider(lab, center);
    startOutside(lab, topology);
  });
  await step("the controller, Nova's metadata", async () => {
    await provideIdentity(lab, controllerUrl(center));
    startService(lab, controllerOf(lab, center));
    provideMetadata(lab, metadataUrl(center));
    startService(lab, novaMetadataOf(lab, center));
    if (port !== undefined) await startRelay(lab, port, say);
    await controllerAnswers(lab, center);
  });
  for (const agent of agentsOf(lab, center)) startService(lab, agent);
  const others = otherRouters(center);
  if (others.length > 0) await step("FRR", () => Promise.all(others.map((router) => startFrr(lab, center, router))));
  await step("the data centre applied", () => applyFile(lab, raising.file));
  await step("every agent heard of", () => agentsAlive(lab, center));
  await step("BGP sessions and routes", () => fabricStands(lab, center));
  writeLabRecord(lab, { ...recordOf(lab, raising, topology), phase: "up", ...(port !== undefined && { port }) });
}

/** As `margay apply --yes` does. */
async function applyFile(lab: Lab, { text }: LabRecord["file"]): Promise<void> {
  await ask(lab, { method: "POST", path: "/margay/v1/apply", body: { document: readYaml(text).value } });
}

/** Is this very lab standing? Clears away what a crash left; refuses to disturb another. */
async function surveyed(lab: Lab, { file }: Raising, topology: Topology): Promise<boolean> {
  const record = readLabRecord(lab);
  if (record?.phase === "up") {
    if (record.file.text !== file.text)
      throw new Error(`the lab "${lab.name}" stands, built from another declaration (${record.file.path}); take it down first`);
    return true;
  }
  if (record !== undefined && record.builder.pid !== process.pid && isAlive(record.builder))
    throw new Error(`the lab "${lab.name}" is being built by process ${record.builder.pid}`);
  await down(lab);
  const foreign = netnsesOf(lab, topology).filter((netns) => existsSync(`/run/netns/${netns}`));
  if (foreign.length > 0) throw new Error(`${foreign.join(", ")} exist, and are not of the lab "${lab.name}"`);
  return false;
}

async function raise(lab: Lab, raising: Raising, topology: Topology): Promise<void> {
  writeLabRecord(lab, recordOf(lab, raising, topology));
  await build(lab, topology);
}

function startOutside(lab: Lab, { nodes }: Topology): void {
  const addresses = nodes.flatMap((node) => (node.kind === "outside" ? node.addresses.map(({ ip }) => ip) : []));
  startService(lab, { name: `${OUTSIDE.name}-serve`, argv: serving(addresses), netns: machineNetns(lab, OUTSIDE.name) });
}

function recordOf(lab: Lab, { file }: Raising, topology: Topology): LabRecord {
  const builder = processOf(process.pid);
  if (builder === undefined) throw new Error("/proc does not know this process");
  return { phase: "building", builder, file, netnses: netnsesOf(lab, topology) };
}

function netnsesOf(lab: Lab, { nodes }: Topology): string[] {
  return nodes.map(({ name }) => machineNetns(lab, name));
}

/** Runs steps one by one and tells how long each took. */
function stepsOf(say: Raising["say"]) {
  const begun = performance.now();
  return async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    const from = performance.now();
    const done = await work();
    const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(2)} s`;
    say(`${seconds(begun).padStart(8)}  ${what} (${seconds(from)})`);
    return done;
  };
}
