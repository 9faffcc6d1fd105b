/**
 * What VMs and the outside host serve: TCP 22 and 80 and UDP 53, both families, each answering with the address that it
 * sees the asker have. So a probe learns at once whether it got there and what it was translated to.
 */
import { spawn } from "node:child_process";
import { familyOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { inside } from "./program.ts";

export const SERVED = { tcp: [22, 80], udp: [53] } as const;

const ANSWER = `SYSTEM:'echo "$SOCAT_PEERADDR"'`;

/** Reads the datagram first: an answerer that ends before socat has handed it over makes socat give up without answering. */
const ANSWER_DATAGRAM = `SYSTEM:'read -r question; echo "$SOCAT_PEERADDR"'`;

/** One TCP listener serves every address that the machine has or will have. */
export function serveTcp(netns: string): void {
  background(netns, tcpListeners());
}

/** A UDP answer leaves from the address that its socket is bound to: so one listener for each. */
export function serveUdp(netns: string, addresses: readonly Ip[]): void {
  background(netns, udpListeners(addresses));
}

/** Both, as one command that stays. */
export function serving(addresses: readonly Ip[]): string[] {
  return shell([...tcpListeners(), ...udpListeners(addresses)]);
}

export function tcpListeners(): string[] {
  return SERVED.tcp.map((port) => `socat TCP6-LISTEN:${port},ipv6only=0,reuseaddr,fork ${ANSWER}`);
}

/** As a line of a shell, which may know the address as a variable. */
export function udpListener(family: Family, address: string): string {
  const at = family === 4 ? `UDP4-RECVFROM:53,bind=${address}` : `UDP6-RECVFROM:53,bind=[${address}]`;
  return `socat ${at},reuseaddr,fork ${ANSWER_DATAGRAM}`;
}

function udpListeners(addresses: readonly Ip[]): string[] {
  return addresses.map((ip) => udpListener(familyOf(ip), ip));
}

function shell(commands: readonly string[]): string[] {
  return ["sh", "-c", [...commands.map((command) => `${command} &`), "wait"].join("\n")];
}

/** They end with their namespace. */
function background(netns: string, commands: readonly string[]): void {
  const [program = "", ...rest] = inside(netns, shell(commands));
  spawn(program, rest, { detached: true, stdio: "ignore", cwd: "/" }).unref();
}
