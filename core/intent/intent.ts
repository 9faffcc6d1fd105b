/**
 * Everything that one host must hold. The order of the fields is the order of the world: what stands further down may
 * need what stands further up, never the other way round.
 */
import type { TapAddress } from "../kinds/address.ts";
import type { Daemon } from "../kinds/daemon.ts";
import type { File } from "../kinds/file.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Link } from "../kinds/link.ts";
import type { Neighbour } from "../kinds/neighbour.ts";
import type { Nft } from "../kinds/nft.ts";
import type { Offload } from "../kinds/offload.ts";
import type { Route } from "../kinds/route.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import type { Contest } from "./contest.ts";

export interface Intent {
  readonly links: readonly Wanted<Link>[];
  readonly sysctls: readonly Wanted<Sysctl>[];
  readonly nft: readonly Wanted<Nft>[];
  readonly neighbours: readonly Wanted<Neighbour>[];
  readonly addresses: readonly Wanted<TapAddress>[];
  readonly files: readonly Wanted<File>[];
  readonly daemons: readonly Wanted<Daemon>[];
  readonly routes: readonly Wanted<Route>[];
  readonly offloads: readonly Wanted<Offload>[];
  /** What is not held because somebody else has it. */
  readonly contests: readonly Wanted<Contest>[];
}

/**
 * Some of what a host must hold, because of some of what it was told. A part, or a list in it, is the very value that it was as long as
 * it follows from the same: whoever knows it needs not look at it again.
 */
export type Part = Partial<Intent>;

export const NOTHING: Intent = {
  links: [],
  sysctls: [],
  nft: [],
  neighbours: [],
  addresses: [],
  files: [],
  daemons: [],
  routes: [],
  offloads: [],
  contests: [],
};

export function merge(parts: readonly Part[]): Intent {
  const all = <K extends keyof Intent>(field: K) =>
    parts.flatMap((part) => (part[field] ?? []) as Intent[K][number][]) as unknown as Intent[K];
  return {
    links: all("links"),
    sysctls: all("sysctls"),
    nft: all("nft"),
    neighbours: all("neighbours"),
    addresses: all("addresses"),
    files: all("files"),
    daemons: all("daemons"),
    routes: all("routes"),
    offloads: all("offloads"),
    contests: all("contests"),
  };
}
