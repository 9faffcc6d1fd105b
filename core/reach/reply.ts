/** What the answer to the first packet of a flow looks like to a rule. */
import type { Flow } from "./rules.ts";

/** Where a client sends from, and replies go to: Linux's `ip_local_port_range`. */
const EPHEMERAL = [32_768, 60_999] as const;

/** ICMP types that are answered: echo requests, by echo replies (RFC 792, RFC 4443). */
const ECHO: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [128, 129],
]);

const ICMP = new Set([1, 58]);
/** TCP, UDP, DCCP, SCTP, UDP-Lite. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

/** Undefined where nobody replies. `port` is the destination port of the question, or its ICMP type. */
export function replyTo({
  protocol,
  port,
}: {
  readonly protocol: number;
  readonly port?: number;
}): Pick<Flow, "protocol" | "ports"> | undefined {
  if (WITH_PORTS.has(protocol)) return { protocol, ports: EPHEMERAL };
  if (!ICMP.has(protocol)) return { protocol };
  const type = port === undefined ? undefined : ECHO.get(port);
  return type === undefined ? undefined : { protocol, ports: [type, type] };
}
