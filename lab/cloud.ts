/** The lab as a client of the Neutron API, by the controller's unix socket: what Nova would ask, and nothing else. */
import { exchange } from "#adapters/http/exchange.ts";
import { controllerSocket } from "./place.ts";
import type { Lab } from "./place.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** A port as far as Nova reads it. */
export interface CloudPort {
  readonly id: string;
  readonly network_id: string;
  readonly mac_address: string;
  readonly status: string;
  readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
  readonly security_groups: readonly string[];
  readonly device_id: string;
  readonly "binding:vif_type": string;
  readonly "binding:vif_details": { readonly mac_address?: string };
}

export interface CloudNetwork {
  readonly id: string;
  readonly name: string;
  readonly mtu: number;
}

export interface CloudGroup {
  readonly id: string;
  readonly name: string;
}

/** What the API says no to, in its own words. */
export class Refused extends Error {
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The answer's body, whose shape is the caller's to know; throws `Refused` for anything but success. */
export async function ask<T>(lab: Lab, call: { readonly method: Method; readonly path: string; readonly body?: object }): Promise<T> {
  const question = { method: call.method, path: call.path, ...(call.body !== undefined && { body: JSON.stringify(call.body) }) };
  const { status, text } = await exchange(`unix:${controllerSocket(lab)}`, question, { timeout: 10_000 }).catch((error: Error) => {
    throw new Error(`the controller of the lab "${lab.name}" does not answer: ${error.message}`);
  });
  if (status >= 200 && status < 300) return (text === "" ? undefined : JSON.parse(text)) as T;
  throw new Refused(status, `${call.method} ${call.path}: ${status} ${messageIn(text)}`);
}

/** Neutron's error body is `{"NeutronError": {"type", "message", "detail"}}`. */
function messageIn(text: string): string {
  try {
    const { NeutronError } = JSON.parse(text) as { NeutronError?: { message?: string } };
    return NeutronError?.message ?? text;
  } catch {
    return text;
  }
}
