/**
 * A story by the real loops over fakes: one controller, and an agent on every machine; hosts, store, connections and clock are
 * models. Every process can be killed, every connection broken, every machine lose what it holds.
 */
import { fakeFeed } from "#contracts/feed.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { memoryStore } from "#contracts/store.fake.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { fabricInterfaces } from "#core/datacenter/racks.ts";
import type { View } from "#core/feed/item.ts";
import { askModel, paceOf } from "./asked.ts";
import { castOf, exampleDataCenter, withNames } from "./cast.ts";
import type { Ask, Cast } from "./cast.ts";
import { signOf } from "./sign.ts";
import type { Sign } from "#contracts/signs.ts";
import { counting, fakeController } from "./fake-world-controller.ts";
import { everythingOn, servedView } from "./fake-world-held.ts";
import { fakeMachine } from "./fake-world-machine.ts";
import type { FakeMachine, MachineParts } from "./fake-world-machine.ts";
import { time } from "./fake-world-time.ts";
import { withNova } from "./nova.ts";
import { machineNamed } from "./world.ts";
import type { World } from "./world.ts";

export interface Options {
  /** So many times every change of this kind fails before it succeeds, on every machine; a listing, once. */
  readonly failures?: (kind: string) => number;
  /** Agents are killed in the middle of their work. */
  readonly diesAtWork?: boolean;
  /** Milliseconds that the store takes for a commit; 0 if absent. */
  readonly commitMs?: number;
  /** Taps come and go only after everybody has come to rest. */
  readonly slowNova?: boolean;
}

/** What a story comes to: the same by whatever path. */
export interface End {
  /** All that each machine holds, with the content of its files and what its daemons have read. */
  readonly machines: Readonly<Record<string, readonly string[]>>;
  /** By name of the story's ports. */
  readonly statuses: Readonly<Record<string, string | undefined>>;
  /** What each agent says of itself. */
  readonly agents: Readonly<Record<string, { readonly troubles: readonly string[] }>>;
}

export interface FakeWorld extends World {
  readonly cast: Cast;
  readonly machines: readonly FakeMachine[];
  /** Killed, and another one started over the same store; the agents come back to it by themselves. */
  killController(): Promise<void>;
  breakConnections(): void;
  /** Lets this time go by with what falls due in it, and does not wait for rest. */
  pass(ms: number): Promise<void>;
  /** The same, but whatever is under way after so many turns of promises stays half done for now. */
  hurry(ms: number, turns: number): Promise<void>;
  end(): Promise<End>;
}

/** How long it takes until a killed controller is replaced by another. */
const COMING_UP_MS = 20;

export async function fakeWorld(example: string, options: Options = {}): Promise<FakeWorld> {
  const [clock, log, store, chance] = [time(), fakeLog(), memoryStore(), counting()];
  const datacenter = await exampleDataCenter(example);
  const controls = { store, time: clock, log, chance, commitMs: options.commitMs ?? 0 };
  let controller = await fakeController(controls);
  const feed = fakeFeed((hello, link) => controller.accept(hello, link));
  const { failures = () => 0, diesAtWork = false } = options;
  const machines = fleet(datacenter).map((one) => fakeMachine({ ...one, feed: feed.client, time: clock, log, failures, diesAtWork }));
  const byName = new Map(machines.map((machine) => [machine.self.host, machine]));
  const ask: Ask = (method, path, body) => controller.ask(method, path, body);
  const cast = castOf(ask, (change) => controller.rewrite(change));

  const rest = async () => {
    await clock.rest();
    const offences = machines.flatMap((machine) => machine.offences());
    if (offences.length > 0) throw new Error(offences.join("\n"));
  };
  /** What VMs say of themselves they say again and again: the latest of each counts. */
  const signs = new Map<string, { readonly host: string; readonly sign: Sign }>();
  const settle = async () => {
    await rest();
    for (const { host, sign } of signs.values()) byName.get(host)?.sign(sign);
    await rest();
  };
  const nova = options.slowNova === true ? settle : async () => undefined;
  const change = withNova(cast, {
    plug: async (host, tap) => nova().then(() => byName.get(host)?.plug(tap)),
    unplug: async (host, tap) => nova().then(() => byName.get(host)?.unplug(tap)),
    rename: async (host, tap, to) => nova().then(() => byName.get(host)?.rename(tap, to)),
  });
  const killController = async () => {
    controller.kill();
    // For a moment agents go on talking to nobody.
    await clock.pass(COMING_UP_MS);
    controller = await fakeController(controls);
    feed.cut();
  };

  await clock.rest();
  await controller.apply(datacenter);
  await settle();
  return {
    patience: 0,
    cast,
    machines,
    killController,
    breakConnections: feed.cut,
    pass: clock.pass,
    hurry: clock.hurry,
    settle,
    change: async (what) => {
      if (what.do === "kill-agent") byName.get(what.host)?.killAgent();
      else if (what.do === "kill-controller") await killController();
      else if (what.do === "sign") {
        // Nova lets a VM move only when the new host is ready for it.
        await settle();
        const sign = await signOf(ask, cast, what);
        signs.set(`${sign.mac} ${sign.ip ?? ""}`, { host: what.host, sign });
        byName.get(what.host)?.sign(sign);
      } else {
        if (what.do === "activate" || what.do === "give-up") await settle();
        await change(what);
      }
    },
    holdings: async (host) => (byName.get(host)?.host().holds() ?? []).map((line) => withNames(line, cast.taps)),
    status: (name) => statusOf(ask, cast, name),
    reach: async (from, to, flow) => askModel({ datacenter, views: servedViews(machines), cast }, from, { to, flow }),
    pace: async (from, to) => paceOf({ datacenter, views: servedViews(machines), cast }, from, to),
    end: () => endOf(machines, cast, ask),
    close: async () => {
      for (const machine of machines) machine.stop();
      controller.kill();
      await store.close();
    },
  };
}

/** All machines that have an agent, with the interfaces that they are delivered with. */
function fleet(center: DataCenter): Pick<MachineParts, "self" | "uplinks">[] {
  const { hosts, gateways, reflectors, fabric } = center;
  return [
    ...hosts.map((host) => ({
      self: { host: host.name, role: "compute", machine: machineNamed(host.name) } as const,
      uplinks: [...fabricInterfaces(center, host)],
    })),
    ...gateways.map(({ name: host, upstream }) => ({
      self: { host, role: "gateway" } as const,
      uplinks: [fabric.interface, upstream.interface],
    })),
    ...reflectors.map(({ name: host }) => ({ self: { host, role: "reflector" } as const, uplinks: [fabric.interface] })),
  ];
}

/** As the hosts serve it, whatever the cloud wants of them. */
function servedViews(machines: readonly FakeMachine[]): Map<string, View> {
  const served = machines.flatMap((machine) => {
    const view = machine.view();
    const { self } = machine;
    return view === undefined || self.role !== "compute" ? [] : [[self.host, servedView(view, self, machine.host())] as const];
  });
  return new Map(served);
}

async function statusOf(ask: Ask, cast: Cast, name: string): Promise<string | undefined> {
  const id = cast.people.get(name)?.id;
  if (id === undefined) return undefined;
  const { port } = (await ask("GET", `ports/${id}`)) as { readonly port: { readonly status: string } };
  return port.status;
}

async function endOf(machines: readonly FakeMachine[], cast: Cast, ask: Ask): Promise<End> {
  const holding = machines.map(
    async ({ self, host }) => [self.host, (await everythingOn(host())).map((line) => withNames(line, cast.taps))] as const,
  );
  const statuses: Record<string, string | undefined> = {};
  for (const name of [...cast.people.keys()].toSorted()) statuses[name] = await statusOf(ask, cast, name);
  const { agents } = (await ask("GET", "agents")) as {
    readonly agents: readonly { readonly host: string; readonly configurations: End["agents"][string] }[];
  };
  return {
    machines: Object.fromEntries(await Promise.all(holding)),
    statuses,
    agents: Object.fromEntries(agents.map(({ host, configurations }) => [host, configurations])),
  };
}
