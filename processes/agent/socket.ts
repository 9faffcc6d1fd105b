/**
 * `STATE/agent.sock`: HTTP on a unix socket, for whoever may open it. `/` is how it stands, `/objects` what the host holds or should
 * (narrowed by `because=port/…`, `state=failed`, `kind=route`), `/view` what the agent has been told, `/metrics` figures.
 */
import { join } from "node:path";
import { METRICS_TYPE } from "#adapters/metrics/registry.ts";
import type { Registry } from "#adapters/metrics/registry.ts";
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { View } from "#core/feed/item.ts";
import { viewDocument } from "#core/feed/view-document.ts";
import type { AgentState } from "./state.ts";

export function agentSocket(state: string): string {
  return join(state, "agent.sock");
}

export interface Answering {
  readonly state: AgentState;
  readonly view: () => { readonly view: View; readonly revision: number } | undefined;
  readonly metrics: Registry;
}

export function answering({ state, view, metrics }: Answering): Handle {
  const places: Readonly<Record<string, (asked: Asked) => HttpAnswer>> = {
    "/": () => ({ status: 200, body: state.status() }),
    "/objects": ({ because, state: wanted, kind }) => ({
      status: 200,
      body: { objects: state.objects({ because, state: wanted, kind }) },
    }),
    "/view": () => {
      const heard = view();
      return { status: 200, body: heard === undefined ? null : { revision: heard.revision, ...viewDocument(heard.view) } };
    },
    "/metrics": () => ({ status: 200, headers: { "content-type": METRICS_TYPE }, text: metrics.text() }),
  };
  return async (request) => {
    const answer = Object.hasOwn(places, request.path) ? places[request.path] : undefined;
    if (answer === undefined) return { status: 404, body: { error: `there is ${Object.keys(places).join(", ")}` } };
    if (request.method !== "GET") return { status: 405, headers: { allow: "GET" }, body: { error: "here things are asked, not told" } };
    return wrongIn(request) ?? answer(Object.fromEntries(request.query));
  };
}

type Asked = Readonly<Record<string, string>>;

/** By path, what may be asked. Whoever misspells it must not take all objects for those that were meant. */
const QUERIES: Readonly<Record<string, readonly string[]>> = { "/objects": ["because", "state", "kind"] };

function wrongIn({ path, query }: HttpRequest): HttpAnswer | undefined {
  const known = QUERIES[path] ?? [];
  const keys = query.map(([key]) => key);
  const wrong = keys.find((key, at) => !known.includes(key) || keys.indexOf(key) !== at);
  if (wrong === undefined) return undefined;
  return { status: 400, body: { error: `${wrong}: ${path} knows ${known.join(", ") || "no query"}, each once` } };
}
