/** Messages of DHCP as a client that does as it likes would make them: octets, and what prints them in a shell. */
import { bitsOf, readIp } from "../../net/address.ts";
import type { Mac } from "../../net/mac.ts";

/** RFC 2132, 9.6. */
export const [DISCOVER, REQUEST, DECLINE, RELEASE] = [1, 3, 4, 7] as const;
/** RFC 8415, 7.3. */
export const [SOLICIT6, RENEW6, REBIND6, RELEASE6, DECLINE6] = [1, 5, 6, 8, 9] as const;

/** Of an address, a MAC, or digits in hexadecimal. */
export function octetsOf(text: string): number[] {
  const ip = readIp(text);
  const digits =
    ip === undefined
      ? text.replaceAll(":", "")
      : bitsOf(ip)
          .toString(16)
          .padStart(ip.includes(":") ? 32 : 8, "0");
  return (digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

export interface Bootp {
  readonly type: number;
  readonly chaddr: Mac;
  readonly ciaddr?: string;
  readonly requested?: string;
  readonly giaddr?: string;
  readonly server?: string;
  /** The client's, as digits in hexadecimal. */
  readonly identifier?: string;
}

/** RFC 2131, 2. */
export function bootp({ type, chaddr, ciaddr = "0.0.0.0", requested, giaddr = "0.0.0.0", server, identifier }: Bootp): number[] {
  const option = (code: number, text: string | undefined) => {
    const octets = text === undefined ? [] : octetsOf(text);
    return octets.length === 0 ? [] : [code, octets.length, ...octets];
  };
  const head = [
    1,
    1,
    6,
    0,
    0x6d,
    0x61,
    0x72,
    0x67,
    ...zeros(4),
    ...octetsOf(ciaddr),
    ...zeros(8),
    ...octetsOf(giaddr),
    ...octetsOf(chaddr),
    ...zeros(10 + 64 + 128),
  ];
  const options = [53, 1, type, ...option(54, server), ...option(50, requested), ...option(61, identifier), 255];
  return [...head, 0x63, 0x82, 0x53, 0x63, ...options];
}

export function option6(code: number, body: readonly number[]): number[] {
  return [code >> 8, code & 255, body.length >> 8, body.length & 255, ...body];
}

/** What is meant for one server names it; our DUID is the same on all hosts. */
const SERVER6 = option6(2, octetsOf("000200007ed96d6172676179"));

/** `who` is the end of the client's DUID. The identity association is always the same one, with this address or none. */
export function message6(type: number, who: string, ip?: string, more: readonly number[] = []): number[] {
  const lifetimes = [0, 0, 2, 0, 0, 0, 2, 0];
  const address = ip === undefined ? [] : option6(5, [...octetsOf(ip), ...lifetimes]);
  const toAll = type === SOLICIT6 || type === REBIND6;
  const client = option6(1, octetsOf(`000200007ed9${who}`));
  return [
    type,
    0x6d,
    0x61,
    0x72,
    ...client,
    ...(toAll ? [] : SERVER6),
    ...option6(3, [...zeros(12), ...address]),
    ...option6(8, [0, 0]),
    ...more,
  ];
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

/** A shell's word for these octets. */
export function printed(octets: readonly number[]): string {
  return `printf '%b' '${octets.map((octet) => `\\0${octet.toString(8)}`).join("")}'`;
}
