/** A router's configuration in the words of a platform, with what no platform but BIRD can do of it. */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Platform, Refused, Rendering } from "./platform.ts";
import type { RouterConfig } from "./router-config.ts";

export function rendered(platform: Platform, config: RouterConfig, site: DataCenter): Rendering {
  if (platform.name === "bird") return platform.render(config, site);
  if (site.fabric.second !== undefined) return { files: [], refused: [TWICE] };
  const ports = config.neighbors.flatMap((neighbor) => neighbor.interface ?? []);
  if (ports.length > 0 && platform.unnumbered === undefined) return { files: [], refused: [unnumbered(ports)] };
  const { files, refused } = platform.render(config, site);
  const racks = config.neighbors.some(({ role, asn, localAsn }) => role !== "provider" && asn !== localAsn);
  return { files, refused: racks ? [...refused, MOVES] : refused };
}

function unnumbered(ports: readonly string[]): Refused {
  return {
    what: `BGP over link-local addresses on ${ports.join(", ")}`,
    why: "hosts have one address on all ports, and no text for this platform knows a neighbour by the port that it is on",
    beside: "a rack with peering: numbered, or a router that is BIRD, FRR or VyOS",
  };
}

const TWICE: Refused = {
  what: "sessions on two segments (fabric.second)",
  why: "each must tell of next hops on its own segment alone, and no text for this platform says so",
  beside: "a router that is BIRD; or a fabric of one segment, for instance by link aggregation",
};

/** Not a reason to render nothing: only how soon a moved VM is believed where it is now depends on it. */
const MOVES: Refused = {
  what: "how often a VM has moved, told from one AS to another",
  why: "it is a metric (MULTI_EXIT_DISC) that follows from the local preference of each route, which this platform cannot compute",
  beside:
    "racks without an AS of their own; or wait, after a VM has moved between such racks, until the host that it left has withdrawn it",
};
