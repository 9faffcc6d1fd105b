/**
 * Who may import whom. The compiler holds most of it (one tsconfig per layer); this table holds the rest and is what
 * ARCHITECTURE.md shows. An exception is a row with a reason.
 */
export interface Layer {
  readonly folder: string;
  /** Other layers whose files it may import. */
  readonly from: readonly string[];
  /** Packages and `node:` modules. */
  readonly outside: "none" | "node" | readonly string[];
  readonly why: string;
}

export const LAYERS: readonly Layer[] = [
  { folder: "core", from: [], outside: "none", why: "decisions: no clock, no I/O, no await" },
  { folder: "contracts", from: ["core"], outside: "none", why: "what we ask of the world, and fakes that answer" },
  { folder: "engine", from: ["core", "contracts"], outside: "none", why: "loops over contracts" },
  { folder: "adapters", from: ["core", "contracts"], outside: "node", why: "the world" },
  {
    folder: "lab",
    from: ["core", "contracts", "adapters"],
    outside: "node",
    why: "data centres out of namespaces; sees Margay from outside",
  },
  { folder: "processes", from: ["core", "contracts", "engine", "adapters", "lab"], outside: "node", why: "read settings, wire, run, stop" },
  {
    folder: "bench",
    from: ["core", "contracts", "engine", "adapters", "processes", "lab", "conformance"],
    outside: "node",
    why: "measurements",
  },
  {
    folder: "conformance",
    from: ["core", "contracts", "engine", "adapters", "lab"],
    outside: "node",
    why: "other people's clients, answers and mistakes against us",
  },
  {
    folder: "tools",
    from: ["core", "contracts", "engine", "adapters", "processes", "lab"],
    outside: "node",
    why: "checks of the tree itself",
  },
];

/** Calls that make an answer depend on more than its inputs; core and engine are given time, ids and chance as values. */
export const IMPURE = /\b(Date\.now|new Date\(\)|Math\.random|performance\.now)\b/;

/** Inside core, left knows nothing of right. */
export const CORE_ORDER: Readonly<Record<string, readonly string[]>> = {
  net: [],
  result: [],
  birdc: ["net"],
  kinds: ["net"],
  metadata: ["net", "kinds", "feed"],
  reconcile: ["net", "kinds"],
  datacenter: ["net", "result", "resource", "neutron", "policy", "feed"],
  policy: ["net", "result", "resource"],
  resource: ["net", "result", "policy"],
  neutron: ["net", "result", "resource", "policy", "datacenter", "feed", "rollout"],
  settings: ["net", "result", "resource", "policy", "neutron", "datacenter"],
  identity: ["result", "policy", "datacenter"],
  feed: ["net", "result", "datacenter", "neutron"],
  intent: ["net", "kinds", "metadata", "feed", "datacenter"],
  router: ["net", "kinds", "datacenter", "feed", "intent"],
  liveness: ["net", "datacenter", "intent", "doctor"],
  reach: ["net", "kinds", "feed", "datacenter", "intent"],
  rollout: ["net", "result", "resource", "policy", "datacenter", "neutron", "feed", "kinds", "intent", "reconcile"],
  why: ["net", "birdc", "result", "kinds", "datacenter", "neutron", "feed"],
  doctor: ["net", "birdc", "result", "kinds", "datacenter", "neutron", "feed", "intent", "why", "router"],
};

export const SIZE = { file: 400, width: 160 } as const;

/** A thing without a noun has not been understood yet. */
export const BANNED_NAMES = /(^|[-/.])(utils?|helpers?|common|shared|lib|misc|manager)([-/.]|$)/;
