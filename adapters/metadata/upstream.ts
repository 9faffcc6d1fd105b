/**
 * Nova's metadata API over HTTP or HTTPS, at one of several addresses: the one that answered last is asked first, and the next one where
 * nobody is there. A question that may have been heard is not asked again, unless asking twice does nothing (RFC 9110, 9.2.2).
 */
import { Agent as PlainAgent } from "../http/node-http.ts";
import type { IncomingMessage, RequestOptions } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { MetadataAnswer, MetadataApi, MetadataQuestion, WhenGone } from "#contracts/metadata.ts";
import { pairsOf } from "#core/metadata/headers.ts";
import { open } from "../http/exchange.ts";
import { reasonOf } from "../linux/errors.ts";

export interface UpstreamTerms {
  /** `http://…` or `https://…`, tried in turn; at least one. */
  readonly urls: readonly string[];
  /** PEM: who issues its certificate; without, whom the system believes. */
  readonly ca?: string;
  /** PEM: what is shown to one that asks for a certificate. */
  readonly certificate?: string;
  readonly key?: string;
  /** How long a connection may take, and how long an answer may be silent. */
  readonly connectMs: number;
  readonly silenceMs: number;
}

/** Of all VMs together; what comes beyond waits its turn. */
const SOCKETS = 256;
const AGAIN: ReadonlySet<string> = new Set(["GET", "HEAD"]);

type Tried = MetadataAnswer & { readonly next: "another may be asked" | "that is it" };

export function metadataUpstream(terms: UpstreamTerms): MetadataApi {
  const agents = agentsOf(terms);
  let first = 0;
  return {
    ask: async (question, whenGone) => {
      let last: Tried | undefined;
      for (let turn = 0; turn < terms.urls.length; turn++) {
        const at = (first + turn) % terms.urls.length;
        last = await askOne({ terms, agents, url: terms.urls[at] ?? "" }, question, whenGone);
        if (last.state === "answered") first = at;
        if (last.next === "that is it") break;
      }
      return last ?? { state: "unreachable", reason: "no address is given" };
    },
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

type Agents = ReturnType<typeof agentsOf>;

function agentsOf({ ca, certificate, key }: UpstreamTerms) {
  const kept = { keepAlive: true, maxSockets: SOCKETS, timeout: 60_000 };
  const shown = {
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
  };
  return { plain: new PlainAgent(kept), secure: new SecureAgent({ ...kept, ...shown }) };
}

interface Target {
  readonly terms: UpstreamTerms;
  readonly agents: Agents;
  readonly url: string;
}

/** A connection that was kept may have been closed on the other side at this very moment: then once more, on another one. */
async function askOne(target: Target, question: MetadataQuestion, whenGone: WhenGone): Promise<Tried> {
  for (;;) {
    const tried = await send(target, question, whenGone);
    if (tried !== "the connection was stale") return tried;
  }
}

/** What is known of a question that is under way. */
interface Course {
  connected: boolean;
  silent: boolean;
  reused: boolean;
  ended: boolean;
}

function send(target: Target, question: MetadataQuestion, whenGone: WhenGone): Promise<Tried | "the connection was stale"> {
  const { terms, url } = target;
  const course: Course = { connected: false, silent: false, reused: false, ended: false };
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const fail = (error: unknown) => {
      clearTimeout(timer);
      resolve(failureOf(error, { course, question, url }));
    };
    try {
      const sent = open(url, "", optionsOf(target, question), (answer) => {
        clearTimeout(timer);
        answer.once("end", () => (course.ended = true));
        answer.setTimeout(terms.silenceMs, () => answer.destroy(new Error(`nothing for ${terms.silenceMs / 1000} s`)));
        resolve({ ...answeredBy(answer), next: "that is it" });
      });
      const within = (ms: number, what: string, noted: () => void = () => undefined) => {
        clearTimeout(timer);
        timer = setTimeout(() => (noted(), sent.destroy(new Error(`${what} for ${ms / 1000} s`))), ms);
      };
      const connected = () => {
        course.connected = true;
        within(terms.silenceMs, "no answer", () => (course.silent = true));
      };
      within(terms.silenceMs, "all connections are taken");
      sent.on("socket", (socket) => {
        course.reused = sent.reusedSocket || !socket.connecting;
        if (course.reused) return connected();
        within(terms.connectMs, "no connection");
        socket.once(url.startsWith("https:") ? "secureConnect" : "connect", connected);
      });
      sent.on("error", fail);
      whenGone(() => (course.ended ? undefined : sent.destroy()));
      sent.end(question.body);
    } catch (error) {
      fail(error);
    }
  });
}

/** The path goes as it came: reading it as part of an address would change it. */
function optionsOf({ agents, url }: Target, { method, path, headers, body }: MetadataQuestion): RequestOptions {
  const length = body.length > 0 || !AGAIN.has(method) ? [["Content-Length", String(body.length)]] : [];
  const agent = url.startsWith("https:") ? agents.secure : agents.plain;
  const { host, pathname: before } = new URL(url);
  return { method, agent, path: `${before.replace(/\/$/, "")}${path}`, headers: [["Host", host], ...headers, ...length].flat() };
}

function answeredBy(answer: IncomingMessage): MetadataAnswer {
  return { state: "answered", status: answer.statusCode ?? 502, headers: pairsOf(answer.rawHeaders), body: answer };
}

interface Failure {
  readonly course: Course;
  readonly question: MetadataQuestion;
  readonly url: string;
}

/** What Node says of a path or a header that it does not send. */
const UNSAYABLE = /^ERR_(UNESCAPED_CHARACTERS|INVALID_CHAR|HTTP_INVALID|INVALID_URL|INVALID_ARG)/;

function failureOf(error: unknown, { course, question, url }: Failure): Tried | "the connection was stale" {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = `${url}: ${reasonOf(error)}`;
  if (UNSAYABLE.test(code)) return { state: "invalid", reason, next: "that is it" };
  if (course.silent) return { state: "late", reason, next: "that is it" };
  const again = !course.connected || AGAIN.has(question.method);
  if (again && course.reused) return "the connection was stale";
  return { state: "unreachable", reason, next: again ? "another may be asked" : "that is it" };
}
