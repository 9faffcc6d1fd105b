/**
 * Packets as evidence: one question, one answer, within a second or two. Everything is asked from inside a namespace, and
 * nothing of Margay is asked at all.
 */
import { familyOf, readIp } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { inside, run } from "./program.ts";
import type { Ended } from "./program.ts";

export interface Probe {
  readonly reached: boolean;
  /** The asker's address as the other side saw it; it tells of translation. */
  readonly peerSaw?: Ip;
  /** The program's own words when it did not get there. */
  readonly error?: string;
  /** Milliseconds. */
  readonly ms: number;
}

export interface PingOptions {
  /** Address to ask from. */
  readonly source?: Ip;
  /** Seconds to wait; 1 unless told. A neighbour that nobody is, Linux gives up after three. */
  readonly patience?: number;
}

/** One echo request, and another when nothing at all comes back. */
export async function ping(netns: string, to: string, { source, patience = 1 }: PingOptions = {}): Promise<Probe> {
  const argv = ["ping", "-n", "-c", "1", "-W", `${patience}`, ...(source === undefined ? [] : ["-I", source]), to];
  const once = () => run(inside(netns, argv), { timeout: 1000 * patience + 1000 });
  return timed(async () => {
    const first = echoOf(await once(), patience);
    return first.silent ? echoOf(await once(), patience) : first;
  });
}

function echoOf({ status, stdout, stderr }: Ended, patience: number) {
  if (status === 0) return { reached: true, silent: false };
  // An ICMP error that came back says more than the summary does.
  const told = /From \S+ (?:icmp_seq=\d+ )?(.*)/.exec(stdout)?.[1] ?? stderr.trim();
  return { reached: false, silent: told === "", error: told || `no answer within ${patience} s` };
}

/**
 * Connects and hears which address the other side sees. Patience reaches beyond the first retransmission, one second after the
 * start (RFC 6298): while neighbours are being asked for, a packet may get lost without anybody's fault.
 */
export async function tcp(netns: string, to: Ip, port: number, { source }: Pick<PingOptions, "source"> = {}): Promise<Probe> {
  const target = `TCP:${bracketed(to)}:${port},connect-timeout=1.5${source === undefined ? "" : `,bind=${bracketed(source)}`}`;
  return timed(async () => answerOf(await run(inside(netns, ["socat", "-u", target, "STDOUT"]), { timeout: 3000 })));
}

/** Sends a datagram and hears which address the other side sees. */
export async function udp(netns: string, to: Ip, port: number, { source }: Pick<PingOptions, "source"> = {}): Promise<Probe> {
  const argv = ["socat", "-t", "1", "STDIO", `UDP:${bracketed(to)}:${port}${source === undefined ? "" : `,bind=${bracketed(source)}`}`];
  const enough = (stdout: string) => stdout.includes("\n");
  return timed(async () => answerOf(await run(inside(netns, argv), { input: "who am I?\n", timeout: 1500, enough })));
}

function answerOf({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): Omit<Probe, "ms"> {
  const saw = seen(stdout.trim());
  if (saw !== undefined) return { reached: true, peerSaw: saw };
  const words = stderr
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^.*? E (connecting to .*: )?/, "");
  return { reached: false, error: words || "no answer within 1 s" };
}

/** socat writes IPv6 in brackets and in full, and IPv4 over an IPv6 socket as a mapped address. */
function seen(text: string): Ip | undefined {
  const ip = readIp(text.replace(/^\[|\]$/g, ""));
  const mapped = ip === undefined ? null : /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(ip);
  if (mapped === null) return ip;
  const octets = mapped.slice(1).flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return readIp(octets.join("."));
}

function bracketed(ip: Ip): string {
  return familyOf(ip) === 6 ? `[${ip}]` : ip;
}

async function timed(work: () => Promise<Omit<Probe, "ms">>): Promise<Probe> {
  const from = performance.now();
  return { ...(await work()), ms: Math.round(performance.now() - from) };
}
