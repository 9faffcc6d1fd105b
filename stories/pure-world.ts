/** A story by decisions alone: the cloud, what each host is told of it, and what it must hold. Nothing runs. */
import { decideApply } from "#core/datacenter/apply.ts";
import type { Sign } from "#contracts/signs.ts";
import { alive, heard } from "#core/feed/status.ts";
import type { Role, View } from "#core/feed/item.ts";
import { slice } from "#core/feed/slice.ts";
import { compile } from "#core/intent/compile.ts";
import type { Intent } from "#core/intent/intent.ts";
import { address } from "#core/kinds/address.ts";
import { daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import { lineOf } from "#core/kinds/kind.ts";
import type { Kind, Wanted } from "#core/kinds/kind.ts";
import { link } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { offload } from "#core/kinds/offload.ts";
import { route } from "#core/kinds/route.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import { decideRestore } from "#core/neutron/restore.ts";
import { ADMIN, sandbox } from "#core/neutron/sandbox.ts";
import { replica } from "#engine/replica.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { askModel, paceOf } from "./asked.ts";
import { castOf, exampleDataCenter, withNames } from "./cast.ts";
import type { Ask } from "./cast.ts";
import { withNova } from "./nova.ts";
import { signOf } from "./sign.ts";
import { machineNamed } from "./world.ts";
import type { World } from "./world.ts";

export async function pureWorld(example: string): Promise<World> {
  const { cloud, ask: askSandbox, decide, time } = sandbox();
  const datacenter = await exampleDataCenter(example);
  for (const { name: host } of datacenter.hosts) decide(alive({ op: "hello", host, role: "compute", started_at: time.now }));
  decide((state, fresh) => decideApply(state, { datacenter, project: ADMIN.project }, fresh));
  const ask: Ask = async (method, path, body) => {
    const { status, body: answered } = askSandbox(ADMIN, method, path, body);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answered)}`);
    return answered;
  };
  const cast = castOf(ask, async (change) => void decide(decideRestore(change(new Map(cloud.entries())))));
  const told = (host: string) => viewOf(cloud, host, "compute");
  // Taps are remembered as `HOST TAP`: what needs one that is not there waits for it.
  const plugged = new Set<string>();
  const change = withNova(cast, {
    plug: (host, tap) => void plugged.add(`${host} ${tap}`),
    unplug: (host, tap) => void plugged.delete(`${host} ${tap}`),
    rename: (host, tap, to) => void (plugged.delete(`${host} ${tap}`) && plugged.add(`${host} ${to}`)),
  });
  // What a host makes of a sign is the engine's; here the controller is told of it at once.
  const shown = (host: string, { tap, mac, ip }: Sign) => {
    const endpoint = [...told(host).endpoints.values()].find((each) => each.tap === tap);
    if (endpoint === undefined) throw new Error(`${host} knows of no ${tap}`);
    const claim = endpoint.claims.find((each) => each.ip === ip);
    const signs = {
      arrived: endpoint.host === host ? {} : { [endpoint.port_id]: endpoint.moves },
      taken: claim === undefined ? {} : { [endpoint.port_id]: [{ ip: claim.ip, mac, turn: claim.turn }] },
    };
    decide(
      heard(
        { op: "hello", host, role: "compute", started_at: time.now },
        { op: "report", revision: 1, endpoints: {}, troubles: [], ...signs },
      ),
    );
  };
  const views = () => new Map(datacenter.hosts.map(({ name }) => [name, served(told(name), (tap) => plugged.has(`${name} ${tap}`))]));
  return {
    patience: 0,
    // Decisions have no process that could be killed.
    change: async (what) => {
      if (what.do === "sign") shown(what.host, await signOf(ask, cast, what));
      else if (what.do !== "kill-agent" && what.do !== "kill-controller") await change(what);
    },
    settle: async () => undefined,
    holdings: async (host) =>
      linesOf(
        compile(
          served(told(host), (tap) => plugged.has(`${host} ${tap}`)),
          { host, role: "compute", machine: machineNamed(host) },
        ),
      ).map((line) => withNames(line, cast.taps)),
    status: async () => undefined,
    reach: async (from, to, flow) => askModel({ datacenter, views: views(), cast }, from, { to, flow }),
    pace: async (from, to) => paceOf({ datacenter, views: views(), cast }, from, to),
    close: async () => undefined,
  };
}

function viewOf(cloud: Cloud, host: string, role: Role): View {
  const hearing = replica();
  for (const [key, value] of slice(cloud, host, role)) hearing.message({ op: "put", key, value });
  hearing.message({ op: "synced", revision: 1 });
  const heard = hearing.heard();
  if (heard === undefined) throw new Error("a synced replica has heard");
  return heard.view;
}

/** Without the endpoints that wait for their taps. */
function served(view: View, isPlugged: (tap: string) => boolean): View {
  return { ...view, endpoints: new Map([...view.endpoints].filter(([, { tap }]) => isPlugged(tap))) };
}

/** One line per object, as `FakeHost.holds` writes them. */
export function linesOf(intent: Intent): string[] {
  const lines = <V>(kind: Kind<V>, wanted: readonly Wanted<V>[]) => wanted.map(({ value }) => lineOf(kind, value));
  return [
    ...lines(
      link,
      intent.links.filter(({ value }) => value.own !== undefined),
    ),
    ...lines(sysctl, intent.sysctls),
    ...lines(nft, intent.nft),
    ...lines(neighbour, intent.neighbours),
    ...lines(address, intent.addresses),
    ...lines(file, intent.files),
    ...lines(daemon, intent.daemons),
    ...lines(route, intent.routes),
    ...lines(offload, intent.offloads),
  ].toSorted();
}
