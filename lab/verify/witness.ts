/**
 * Witnesses: on every machine a capture of what passes by, for as long as claims are checked. So a claim that something was
 * blocked can show how far it came, and one that something arrived, where.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Ip } from "#core/net/address.ts";
import { inside } from "../program.ts";

export interface Packet {
  readonly dev: string;
  readonly way: "In" | "Out";
  readonly source: Ip;
  readonly destination: Ip;
  readonly destinationPort?: number;
  /** What tcpdump says of it. */
  readonly text: string;
}

export interface Witness {
  /** Packets so far that fit; waits up to `patience` ms for the first. */
  saw(fits: (packet: Packet) => boolean, patience?: number): Promise<readonly Packet[]>;
  end(): void;
}

/** `fab0  In  IP6 2001:db8::1.40000 > 2001:db8::2.80: Flags [S]…`: the shape of `tcpdump -i any`. */
const LINE = /^\S+ (\S+)\s+(In|Out)\s+IP6? (\S+) > (\S+): (.*)$/;

/** Throws when the capture cannot be made. */
export async function witness(netns: string): Promise<Witness> {
  const [program = "", ...rest] = inside(netns, ["tcpdump", "-l", "-nn", "--immediate-mode", "-i", "any", "ip or ip6"]);
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const packets: Packet[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const packet = packetIn(line);
    if (packet !== undefined) packets.push(packet);
  });
  await listening(child.stderr, netns);
  return { saw: (fits, patience = 0) => look(packets, fits, patience), end: () => child.kill() };
}

/** tcpdump says so on stderr once packets are captured. */
async function listening(stderr: NodeJS.ReadableStream, netns: string): Promise<void> {
  let said = "";
  while (!said.includes("listening on")) {
    const [part] = (await Promise.race([once(stderr, "data"), once(stderr, "end")])) as [Buffer | undefined];
    if (part === undefined) throw new Error(`no capture in ${netns}: ${said.trim()}`);
    said += part.toString();
  }
}

async function look(packets: readonly Packet[], fits: (packet: Packet) => boolean, patience: number): Promise<readonly Packet[]> {
  const end = performance.now() + patience;
  for (;;) {
    const found = packets.filter(fits);
    if (found.length > 0 || performance.now() >= end) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function packetIn(line: string): Packet | undefined {
  const [, dev = "", way, from = "", to = "", text = ""] = LINE.exec(line) ?? [];
  if (way === undefined) return undefined;
  const destination = ended(to, text);
  // tcpdump writes addresses canonically, so they compare with ours as they are.
  return {
    dev,
    way: way as Packet["way"],
    source: ended(from, text).ip,
    destination: destination.ip,
    text,
    ...(destination.port !== undefined && { destinationPort: destination.port }),
  };
}

/** ICMP has no ports; everything else that is captured here has its port after the last dot. */
function ended(text: string, rest: string): { readonly ip: Ip; readonly port?: number } {
  const at = text.lastIndexOf(".");
  const hasPort = !rest.startsWith("ICMP") && (text.includes(":") ? at > 0 : text.split(".").length === 5);
  return hasPort ? { ip: text.slice(0, at) as Ip, port: Number(text.slice(at + 1)) } : { ip: text as Ip };
}
