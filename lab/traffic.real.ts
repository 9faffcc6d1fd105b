/** Traffic that goes on while something happens: what must pass is counted packet by packet, what must not is tried again and again. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { inside, must } from "./program.ts";
import { until } from "./wait.ts";

export interface Stream {
  readonly what: string;
  /** What has gone wrong so far, in words; empty: nothing. */
  troubles(): Promise<readonly string[]>;
  /** How much has gone well. */
  count(): number;
  end(): void;
}

/** Waits until each has gone well that many times more. */
export async function goOn(streams: readonly Stream[], times: number): Promise<void> {
  const before = streams.map((stream) => stream.count());
  await until(
    { what: "traffic to flow", timeout: 20_000 },
    () => streams.find((stream, at) => stream.count() < (before[at] ?? 0) + times)?.what,
  );
}

/** What has gone wrong with any of them so far. */
export async function troublesOf(streams: readonly Stream[]): Promise<readonly string[]> {
  return (await Promise.all(streams.map((stream) => stream.troubles()))).flat();
}

interface Way {
  readonly what: string;
  readonly netns: string;
  readonly to: Ip;
}

/** An echo request every 10 ms: each that is answered after one that was not says that one was lost. */
export function pings({ what, netns, to }: Way): Stream {
  const program = started(netns, ["ping", "-n", "-i", "0.01", to]);
  const seen = new Set<number>();
  /** When each was missed, in milliseconds from the start. */
  const lost = new Map<number, number>();
  const from = Date.now();
  let last = 0;
  program.lines((line) => {
    const seq = Number(/icmp_seq=(\d+) .*time=/.exec(line)?.[1] ?? 0);
    if (seq === 0) return;
    // Its numbers have sixteen bits.
    const at = seq + 65_536 * Math.round((last - seq) / 65_536);
    seen.add(at);
    lost.delete(at);
    for (let missed = last + 1; missed < at; missed++) if (!seen.has(missed)) lost.set(missed, Date.now() - from);
    last = Math.max(last, at);
  });
  return {
    what,
    troubles: async () => [...lost].map(([seq, ms]) => `${what}: packet ${seq} was lost, ${ms} ms after the start`),
    count: () => seen.size,
    end: program.end,
  };
}

/** Connections one after the other. A first packet that is lost is sent again after a second (RFC 6298): by then it has failed. */
export function connections({ what, netns, to, port }: Way & { readonly port: number }): Stream {
  const target = `TCP:${bracketed(to)}:${port},connect-timeout=0.9`;
  const loop = `while :; do socat -u ${target} STDOUT >/dev/null 2>&1 && echo passed || echo failed; sleep 0.1; done`;
  return counted(what, started(netns, ["sh", "-c", loop]), "failed");
}

/** The same, but none may succeed. */
export function attempts({ what, netns, to, port }: Way & { readonly port: number }): Stream {
  const target = `TCP:${bracketed(to)}:${port},connect-timeout=0.4`;
  const loop = `while :; do socat -u ${target} STDOUT >/dev/null 2>&1 && echo opened || echo passed; sleep 0.1; done`;
  return counted(what, started(netns, ["sh", "-c", loop]), "opened");
}

function counted(what: string, program: Program, wrong: string): Stream {
  const from = Date.now();
  const wrongs: number[] = [];
  let passed = 0;
  program.lines((line) => (line === wrong ? void wrongs.push(Date.now() - from) : passed++));
  return {
    what,
    troubles: async () => wrongs.map((ms) => `${what}: ${wrong} ${ms} ms after the start`),
    count: () => passed,
    end: program.end,
  };
}

/** One connection that says something fifty times a second, and hears it back. A segment that was sent again was lost. */
export function conversation({ what, netns, to, port, server }: Way & { readonly port: number; readonly server: string }): Stream {
  const listener = started(server, ["socat", `TCP6-LISTEN:${port},ipv6only=0,reuseaddr,fork`, "EXEC:cat"]);
  const talk = `sleep 0.3; while sleep 0.02; do echo tick; done | socat -t 1 - TCP:${bracketed(to)}:${port}`;
  const program = started(netns, ["sh", "-c", talk]);
  let heard = 0;
  program.lines(() => heard++);
  const again = async (where: string) => {
    const text = await must(inside(where, ["ss", "-tinH", "state", "established", `( sport = :${port} or dport = :${port} )`]));
    const lines = text.split("\n").filter((line) => line.includes("cwnd"));
    return lines.length === 0
      ? [`${what}: there is no connection any more`]
      : lines.flatMap((line) => /retrans:\d+\/[1-9]\d*/.exec(line)?.[0] ?? []);
  };
  return {
    what,
    troubles: async () => [...(await again(netns)), ...(await again(server))].map((words) => `${what}: ${words}`),
    count: () => heard,
    end: () => {
      program.end();
      listener.end();
    },
  };
}

interface Program {
  lines(each: (line: string) => void): void;
  end(): void;
}

function started(netns: string, argv: readonly string[]): Program {
  const [program = "", ...rest] = inside(netns, argv);
  // A group of its own, so that what a shell has started ends with it.
  const child: ChildProcess = spawn(program, rest, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  let part = "";
  const listeners: ((line: string) => void)[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (part + text).split("\n");
    part = lines.pop() ?? "";
    for (const line of lines) for (const each of listeners) each(line);
  });
  child.on("error", () => undefined);
  return {
    lines: (each) => void listeners.push(each),
    end: () => {
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        // It has ended.
      }
    },
  };
}

function bracketed(ip: Ip): string {
  return familyOf(ip) === 6 ? `[${ip}]` : ip;
}
