/** What machines themselves say: the agent of the port's host, and BIRD wherever it can be asked. */

/** One object of a host, as its agent tells it. */
export interface ObjectRecord {
  /** `route/10.65.0.5/32 metric 1024` */
  readonly object: string;
  readonly show: string;
  readonly wanted: boolean;
  readonly state: "done" | "held" | "failed";
  readonly reason?: string;
  readonly waits_for?: string;
  /** API objects that caused it: `port/8f…`. */
  readonly because: readonly string[];
}

export type HostEvidence =
  /** There is no host, or it cannot be asked from here. */
  | { readonly state: "unasked" }
  /** It should answer here, and does not. */
  | { readonly state: "silent"; readonly reason: string }
  | {
      readonly state: "told";
      readonly host: string;
      /** `connected`, or since when not, and why. */
      readonly controller: string;
      /** That the host was last brought to; null: none yet. */
      readonly revision: number | null;
      /** Those of the port, and all that are not done. */
      readonly objects: readonly ObjectRecord[];
    };

/** What one machine's BIRD knows. */
export interface BirdEvidence {
  readonly machine: string;
  readonly role: "compute" | "tor" | "reflector" | "gateway";
  /** Absent: it answered. */
  readonly silent?: string;
  readonly sessions: readonly { readonly name: string; readonly established: boolean }[];
  /** By prefix; none: it does not know the prefix. */
  readonly routes: Readonly<Record<string, readonly BirdRoute[]>>;
}

export interface BirdRoute {
  /** The protocol that it came by: `kernel4`, `reflector:rr1`. */
  readonly from: string;
  /** `via 192.168.100.11 on fab0`, `dev tap1` */
  readonly to: string;
  readonly best: boolean;
}

/** BIRD's own answer to `show route`, after its greeting; a line that is none of a route is passed over. */
export function readBirdRoutes(text: string): BirdRoute[] {
  const routes: BirdRoute[] = [];
  for (const line of text.split("\n")) {
    const head = /\[(\S+) [^\]]*\] ?(\*?)/.exec(line);
    const hop = /^\t((?:via|dev) .*)$/.exec(line)?.[1];
    const last = routes.at(-1);
    if (head !== null)
      routes.push({ from: head[1] ?? "", to: /\b(unreachable|blackhole|prohibit)\b/.exec(line)?.[1] ?? "", best: head[2] === "*" });
    else if (hop !== undefined && last !== undefined)
      routes[routes.length - 1] = { ...last, to: last.to === "" ? hop : `${last.to}, ${hop}` };
  }
  return routes;
}
