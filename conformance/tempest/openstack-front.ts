/**
 * What Tempest expects of an OpenStack beside its network: a Nova that knows a hypervisor, and a Keystone that makes projects.
 * Everything else that is asked of this Keystone is asked of the controller's own.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** The host that ports are bound to. */
export const HYPERVISOR = "compute-1";
const HYPERVISORS = [{ id: 1, hypervisor_hostname: HYPERVISOR, state: "up", status: "enabled" }];

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly token?: string;
}

export interface OpenstackFront {
  readonly identityUrl: string;
  readonly computeUrl: string;
}

/** `identityUrl`: of the Keystone behind. */
export async function openstackFront(t: TestContext, identityUrl: string): Promise<OpenstackFront> {
  const server = createServer((request, response) => {
    const asked = (async () => {
      const { status, body, token } = await answered(request, { identityUrl, url });
      const headers = { "content-type": "application/json", ...(token !== undefined && { "x-subject-token": token }) };
      response.writeHead(status, headers).end(body === undefined ? "" : JSON.stringify(body));
    })();
    asked.catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  // Of a TCP listener, the address is one with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { identityUrl: `${url}/identity/v3`, computeUrl: `${url}/compute/v2.1` };
}

interface Behind {
  readonly identityUrl: string;
  /** Of the front itself. */
  readonly url: string;
}

async function answered(request: IncomingMessage, behind: Behind): Promise<Answer> {
  const { method = "GET", url = "/" } = request;
  let text = "";
  for await (const part of request) text += String(part);
  if (url.startsWith("/compute/v2.1/os-hypervisors")) return { status: 200, body: { hypervisors: HYPERVISORS } };
  if (method === "POST" && url === "/identity/v3/projects") return { status: 201, body: made(text) };
  if (method === "DELETE" && url.startsWith("/identity/v3/projects/")) return { status: 204 };
  return await passedOn(request, text, behind);
}

/** It is nobody's, and gone after the test: what counts is that it has an id. */
function made(text: string): object {
  // Sent by Tempest.
  const { project } = JSON.parse(text) as { readonly project: object };
  return { project: { domain_id: "default", enabled: true, ...project, id: randomUUID().replaceAll("-", "") } };
}

async function passedOn({ method = "GET", url = "/", headers }: IncomingMessage, text: string, behind: Behind): Promise<Answer> {
  const names = ["content-type", "accept", "x-auth-token", "x-subject-token"];
  const kept = names.flatMap((name) => (typeof headers[name] === "string" ? [[name, headers[name]] as const] : []));
  const answer = await fetch(url.replace(/^\/identity\/v3/, behind.identityUrl), {
    method,
    headers: Object.fromEntries(kept),
    ...(text !== "" && { body: text }),
  });
  const words = await answer.text();
  const token = answer.headers.get("x-subject-token");
  const body: unknown = words === "" ? undefined : JSON.parse(words);
  return { status: answer.status, body: withOurs(body, behind), ...(token !== null && { token }) };
}

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly { readonly url: string }[];
}

/** A token tells where the services are: this Keystone here, that Nova, and the rest as it is. */
function withOurs(body: unknown, { url }: Behind): unknown {
  if (typeof body !== "object" || body === null || !("token" in body)) return body;
  // Of a Keystone's answer, by its documentation.
  const { token } = body as { readonly token: { readonly catalog?: readonly CatalogEntry[] } };
  if (token.catalog === undefined) return body;
  const at = (place: string) => ({ id: place, interface: "public", region: "RegionOne", region_id: "RegionOne", url: `${url}/${place}` });
  const others = token.catalog.filter(({ type }) => type !== "identity");
  const [identity, compute] = [
    { id: "identity", type: "identity", name: "keystone", endpoints: [at("identity")] },
    { id: "compute", type: "compute", name: "nova", endpoints: [at("compute/v2.1")] },
  ];
  return { token: { ...token, catalog: [...others, identity, compute] } };
}
