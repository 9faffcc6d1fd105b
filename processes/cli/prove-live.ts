/**
 * Asks the daemons of routers, and of hosts in the lab, what they are told to do and what they tell: BIRD by its socket, FRR by vtysh; and the
 * kernel of a gateway what it filters and translates: nft.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readBgpProtocols, readPrefixes } from "#core/birdc/answers.ts";
import { frrStates, frrTold } from "#core/router/frr/live.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { readListing } from "#core/router/nft/json.ts";
import type { ReadNeighbor } from "#core/router/platform.ts";
import { platformFor } from "#core/router/platforms.ts";
import { routersOf } from "#core/router/derive.ts";
import { peersOf } from "#core/router/peers.ts";
import type { LiveSession } from "#core/router/proof/live.ts";
import type { Given } from "#core/router/proof/site.ts";
import { askFrr } from "#lab/frr.ts";
import { agentState } from "#lab/margay.ts";
import { machineNetns } from "#lab/place.ts";
import type { Lab } from "#lab/place.ts";
import { inside, must, run } from "#lab/program.ts";

/** What runs, as its own text, and what is told at this moment. */
export interface Live {
  readonly given: readonly Given[];
  readonly sessions: readonly LiveSession[];
}

/** How a machine is asked one thing. */
interface Door {
  readonly text: () => Promise<string>;
  readonly ask: (command: string) => Promise<string>;
  /** nftables in JSON. */
  readonly rules: () => Promise<string>;
}

/** Every router of a lab, and every host. */
export async function liveInLab(lab: Lab, dc: DataCenter): Promise<Live> {
  const names = [...routersOf(dc), ...dc.hosts].map(({ name }) => name);
  const all = await Promise.all(names.map((name) => liveSpeaker(dc, name, doorInLab(lab, dc, name))));
  return { given: all.flatMap(({ given }) => given), sessions: all.flatMap(({ sessions }) => sessions) };
}

/** The router that this machine is. `socket`: BIRD's; its configuration lies beside it where an agent runs it, else in /etc/bird. */
export function liveHere(dc: DataCenter, router: string, socket: string | undefined): Promise<Live> {
  const bgp = platformFor(dc, router)?.name === "frr" ? FRR : birdDoor(socket ?? "/run/bird/bird.ctl");
  return liveSpeaker(dc, router, { ...bgp, rules: () => listed(RULES) });
}

const RULES = ["nft", "-j", "list", "table", "inet", "margay"] as const;

/** Or what nft says instead: no rules are none that could be proven. */
async function listed(argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(argv);
  return status === 0 ? stdout : stderr;
}

const vtysh = (command: string) => must(["vtysh", "-c", command]);
const FRR: Omit<Door, "rules"> = { text: () => vtysh("show running-config"), ask: vtysh };

function birdDoor(socket: string): Omit<Door, "rules"> {
  const file = socket === "/run/bird/bird.ctl" ? "/etc/bird/bird.conf" : join(dirname(socket), "bird.conf");
  return { text: () => readFile(file, "utf8"), ask: (command) => must(["birdc", "-r", "-s", socket, command]) };
}

function doorInLab(lab: Lab, dc: DataCenter, router: string): Door {
  const rules = () => listed(inside(machineNetns(lab, router), RULES));
  const ask = (command: string) => askFrr(lab, router, command);
  if (platformFor(dc, router)?.name === "frr") return { text: () => ask("show running-config"), ask, rules };
  return { ...birdDoor(join(agentState(lab, router), "bird/bird.ctl")), rules };
}

async function liveSpeaker(dc: DataCenter, name: string, door: Door): Promise<Live> {
  const platform = platformFor(dc, name);
  if (platform === undefined) throw new Error(`no platform is known for ${name}`);
  const read = platform.read(await door.text());
  const told = platform.name === "frr" ? toldByFrr(door) : toldByBird(door);
  const sessions = await told(read.neighbors);
  const filters = dc.gateways.some((gateway) => gateway.name === name);
  const names = new Map(
    peersOf(dc, name).flatMap(({ own, other }) => [own.interface, other.ip].map((word) => [word, other.name] as const)),
  );
  return {
    given: [{ name, platform, read, ...(filters && { rules: readListing(await door.rules()) }) }],
    sessions: sessions.map(({ neighbor, ...seen }) => ({ ...seen, router: name, to: nameOf(names, neighbor) })),
  };
}

function nameOf(names: ReadonlyMap<string | undefined, string>, { address, interface: port }: ReadNeighbor): string {
  return (
    (port === undefined ? undefined : names.get(port)) ?? (address === undefined ? undefined : names.get(address)) ?? address ?? port ?? "?"
  );
}

type Seen = Pick<LiveSession, "state" | "told"> & { readonly neighbor: ReadNeighbor };

function toldByBird({ ask }: Door) {
  return async (neighbors: readonly ReadNeighbor[]): Promise<readonly Seen[]> => {
    const states = new Map(readBgpProtocols(await ask("show protocols")).map(({ name, state }) => [name, state]));
    return Promise.all(
      neighbors.map(async (neighbor) => {
        const protocol = neighbor.description ?? "";
        const state = states.get(protocol) ?? "unknown to BIRD";
        return { neighbor, state, told: state === "Established" ? readPrefixes(await ask(`show route export '${protocol}'`)) : [] };
      }),
    );
  };
}

function toldByFrr({ ask }: Door) {
  return async (neighbors: readonly ReadNeighbor[]): Promise<readonly Seen[]> => {
    const states = frrStates(await ask("show bgp summary json"));
    return Promise.all(
      neighbors.map(async (neighbor) => {
        const word = neighbor.address ?? neighbor.interface ?? "";
        const state = states.get(word) ?? "unknown to FRR";
        const commands = neighbor.families.map(({ family }) => `show bgp ipv${family} unicast neighbors ${word} advertised-routes json`);
        const answers = state === "Established" ? await Promise.all(commands.map(ask)) : [];
        return { neighbor, state, told: answers.flatMap(frrTold) };
      }),
    );
  };
}
