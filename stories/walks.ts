/**
 * The other paths through a story: everything that may happen to a cloud while the story goes on, and must not matter. A walk
 * plays the story with detours; what comes out at its end must be what the plain walk comes to.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { DRIFT_MS } from "#engine/host-loop.ts";
import { fakeWorld } from "./fake-world.ts";
import type { End, FakeWorld, Options } from "./fake-world.ts";
import { play } from "./play.ts";
import { isChange } from "./story.ts";
import type { Story } from "./story.ts";

export interface Walk {
  readonly title: string;
  readonly options?: Options;
  /** What happens after each change. */
  readonly detour?: (world: FakeWorld) => Promise<void>;
  /** What happens when the story is over and the world rests. */
  readonly after?: (world: FakeWorld) => Promise<void>;
  /** All changes are made at one moment, and nothing is looked at before the end. */
  readonly squashed?: true;
}

/** Plays the story, with what it expects on the way, and answers what it comes to. */
export async function walk(story: Story, { options, detour, after, squashed }: Walk): Promise<End> {
  const world = await fakeWorld(story.datacenter, options);
  const change: FakeWorld["change"] = async (what) => {
    await world.change(what);
    await detour?.(world);
  };
  const steps = squashed === true ? story.steps.filter(({ what }) => isChange(what)) : story.steps;
  await play({ ...story, steps }, { ...world, change });
  await world.settle();
  await after?.(world);
  await world.settle();
  await restsNow(world);
  const end = await world.end();
  assert.deepEqual(troublesIn(end), []);
  await world.close();
  return end;
}

/** What is held or fails although no tap is missing. */
function troublesIn({ agents }: End): string[] {
  return Object.entries(agents).flatMap(([host, { troubles }]) =>
    troubles.filter((trouble) => !trouble.includes(": waits for link/tap")).map((trouble) => `${host}: ${trouble}`),
  );
}

/** At rest is at rest: whoever looks for drift finds none. */
async function restsNow(world: FakeWorld): Promise<void> {
  const before = changesMade(world);
  await world.pass(DRIFT_MS);
  await world.settle();
  assert.equal(changesMade(world), before, "hosts were changed although nothing was to be done");
}

function changesMade({ machines }: FakeWorld): number {
  return machines.reduce((sum, machine) => sum + machine.changesMade(), 0);
}

const killAgents = ({ machines }: FakeWorld) => machines.forEach((machine) => machine.killAgent());

/** Nobody who is killed or cut off, once a change is done, costs a host anything: the next one finds nothing to do. */
async function harmlessly(world: FakeWorld): Promise<void> {
  const harmless: Readonly<Record<string, () => unknown>> = {
    "agents were killed": () => killAgents(world),
    "the controller was killed": () => world.killController(),
    "connections were broken": () => world.breakConnections(),
  };
  await world.settle();
  const before = changesMade(world);
  for (const [what, happens] of Object.entries(harmless)) {
    await happens();
    await world.settle();
    assert.equal(changesMade(world), before, `${what}, and hosts were changed although they held everything`);
  }
}

/** What may happen to a cloud at any moment. */
const INCIDENTS: Readonly<Record<string, (world: FakeWorld) => unknown>> = {
  nothing: () => undefined,
  rest: (world) => world.settle(),
  "an agent is killed": ({ machines }) => machines[0]?.killAgent(),
  "agents are killed": killAgents,
  "the controller is killed": (world) => world.killController(),
  "connections break": (world) => world.breakConnections(),
  "machines boot again": ({ machines }) => machines.forEach((machine) => machine.reboot()),
};

export interface Incident {
  /** How long after the last change, and how many turns of promises later, it happens. */
  readonly ms: number;
  readonly turns: number;
  readonly what: string;
}

export interface Adventure {
  /** One after each change, as long as there are any; whatever is under way then is half done. */
  readonly incidents: readonly Incident[];
  readonly failures: number;
  readonly diesAtWork: boolean;
  readonly commitMs: number;
}

const anyIncident: fc.Arbitrary<Incident> = fc.record({
  ms: fc.constantFrom(0, 0, 10, 10, 12, 300),
  turns: fc.oneof(fc.nat(20), fc.nat(400)),
  what: fc.constantFrom(...Object.keys(INCIDENTS)),
});

export const anyAdventure: fc.Arbitrary<Adventure> = fc.record({
  incidents: fc.array(anyIncident, { minLength: 3, maxLength: 15 }),
  failures: fc.constantFrom(0, 0, 1),
  diesAtWork: fc.boolean(),
  // Longer than changes are gathered for before they are told, or not at all.
  commitMs: fc.constantFrom(0, 25),
});

export function adventurous({ incidents, failures, diesAtWork, commitMs }: Adventure): Walk {
  const rest = [...incidents];
  const detour = async (world: FakeWorld) => {
    const next = rest.shift();
    if (next === undefined) return;
    await world.hurry(next.ms, next.turns);
    await INCIDENTS[next.what]?.(world);
  };
  return { title: "adventurously", squashed: true, options: { failures: () => failures, diesAtWork, commitMs }, detour };
}

/** Deletes the story's ports again, the last one first: the machines must hold what they held before the first one came. */
export async function takenBack(story: Story): Promise<void> {
  const world = await fakeWorld(story.datacenter);
  const { machines: before } = await world.end();
  for (const { what } of story.steps) if (isChange(what)) await world.change(what);
  await world.settle();
  for (const name of [...world.cast.people.keys()].toReversed()) {
    await world.change({ do: "delete", name });
    await world.settle();
  }
  assert.deepEqual((await world.end()).machines, before);
  await world.close();
}

/** Kinds that nothing stands on. */
const UPPER: readonly string[] = ["neighbour", "daemon", "route"];

export const PLAIN: Walk = { title: "plainly" };

export const WALKS: readonly Walk[] = [
  { title: "all at one moment", squashed: true },
  { title: "whoever there is killed or cut off after each change, when all have done it", detour: harmlessly },
  { title: "agents killed after each change, before they know of it", detour: async (world) => killAgents(world) },
  { title: "agents killed half-way through whatever they do", options: { diesAtWork: true } },
  { title: "the controller killed after each change, before anybody knows of it", detour: (world) => world.killController() },
  {
    title: "connections broken after each change, while it is told",
    detour: async (world) => {
      await world.pass(10);
      world.breakConnections();
    },
  },
  { title: "the store takes its time", options: { commitMs: 25 } },
  { title: "every listing and every change fails once", options: { failures: () => 1 } },
  { title: "whatever stands on others fails again and again", options: { failures: (kind) => (UPPER.includes(kind) ? 3 : 0) } },
  { title: "whatever others stand on fails again and again", options: { failures: (kind) => (UPPER.includes(kind) ? 0 : 3) } },
  { title: "taps come and go when everybody has come to rest", options: { slowNova: true } },
  { title: "machines lose all or some of what they hold at the end", after: losing },
];

/** By booting again, by being others, and by somebody who takes away one object after the other; it all comes back. */
async function losing(world: FakeWorld): Promise<void> {
  const { machines } = world;
  const end = await world.end();
  for (const machine of machines) machine.reboot();
  await world.settle();
  assert.deepEqual(await world.end(), end, "booted again");
  for (const machine of machines) machine.replace();
  await world.settle();
  assert.deepEqual(await world.end(), end, "others in their places");

  const allHeld = () => machines.map((machine) => machine.host().holds());
  const held = allHeld();
  const objects = machines.map((machine) => machine.everMade());
  for (let at = 0; at < Math.max(...objects.map(({ length }) => length)); at++) {
    const lost = objects.map((refs) => refs[at]);
    for (const [one, machine] of machines.entries()) if (lost[one] !== undefined) machine.host().lose(lost[one]);
    await world.pass(DRIFT_MS);
    assert.deepEqual(allHeld(), held, `lost, and not back within the drift time: ${lost.join(", ")}`);
  }
}
