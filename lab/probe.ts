/**
 * Packets as evidence: one question, one answer, within a second or two. Everything is asked from inside a namespace, and
 * nothing of Margay is asked at all.
 */
import { familyOf, readIp } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { inside, run } from "./program.ts";

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

/** One echo request. */
export async function ping(netns: string, to: string, { source, patience = 1 }: PingOptions = {}): Promise<Probe> {
  const argv = ["ping", "-n", "-c", "1", "-W", `${patience}`, ...(source === undefined ? [] : ["-I", source]), to];
  return timed(async () => {
    const { status, stdout, stderr } = await run(inside(netns, argv), { timeout: 1000 * patience + 1000 });
    if (status === 0) return { reached: true };
    // An ICMP error that came back says more than the summary does.
    const told = /From \S+ (?:icmp_seq=\d+ )?(.*)/.exec(stdout)?.[1];
    return { reached: false, error: told ?? (stderr.trim() || `no answer within ${patience} s`) };
  });
}

/** Connects and hears which address the other side sees. */
export async function tcp(netns: string, to: Ip, port: number): Promise<Probe> {
  const target = `TCP:${bracketed(to)}:${port},connect-timeout=1`;
  return timed(async () => answerOf(await run(inside(netns, ["socat", "-u", target, "STDOUT"]), { timeout: 2000 })));
}

/** Sends a datagram and hears which address the other side sees. */
export async function udp(netns: string, to: Ip, port: number): Promise<Probe> {
  const argv = ["socat", "-t", "1", "STDIO", `UDP:${bracketed(to)}:${port}`];
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
