/** What a BIRD 2 answers to whoever asks by its control socket, as birdc prints it. */
import { readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";

/** A line of `show protocols` that is one of BGP's. */
export interface BgpProtocol {
  /** `host:h1` */
  readonly name: string;
  readonly established: boolean;
  /** BGP's own word, `Established`, `Active`; where it has none, the protocol's: `start`, `down`. */
  readonly state: string;
  /** Whatever is behind the time: `Active        Socket: Connection refused`. */
  readonly info: string;
}

/** `host:h1   BGP   ---   up   14:05:11.123  Established`; names and columns hold no spaces. Of `show protocols all`, the lines that begin a protocol. */
export function readBgpProtocols(text: string): readonly BgpProtocol[] {
  const rows = text.matchAll(/^(\S+) +BGP +\S+ +(\S+) +\S+ *(.*)$/gm);
  return [...rows].map(([, name = "", state = "", told = ""]) => {
    const info = told.trim();
    const word = info.split(" ")[0] || state;
    return { name, established: state === "up" && word === "Established", state: word, info };
  });
}

/** Of `show route export NAME`: each prefix begins a line, further ways to it do not. */
export function readPrefixes(text: string): readonly Cidr[] {
  const prefixes = [...text.matchAll(/^([0-9a-f.:]+\/\d+)\s/gm)].flatMap(([, prefix = ""]) => readCidr(prefix) ?? []);
  return [...new Set(prefixes)];
}
