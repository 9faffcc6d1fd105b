/** One question to an HTTP server, by TCP or by a unix socket: `http://HOST:PORT`, `https://…`, or `unix:PATH`. */
import { request as plain } from "./node-http.ts";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { request as secure } from "node:https";

export interface Question {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
}

export interface Exchange {
  readonly status: number;
  /** Of the status line. */
  readonly reason: string;
  readonly text: string;
  /** Names in lower case; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Terms {
  /** Milliseconds of silence. */
  readonly timeout: number;
  /** PEM: whose certificates are believed, instead of those that the system believes. */
  readonly ca?: string;
}

/** Rejects when there is no whole answer: nobody listens, or nothing is said for too long. */
export function exchange(door: string, question: Question, { timeout, ca }: Terms): Promise<Exchange> {
  const { method, path, body } = question;
  const length = body === undefined ? {} : { "content-type": "application/json", "content-length": `${Buffer.byteLength(body)}` };
  const options = {
    method,
    timeout,
    ...(ca !== undefined && { ca }),
    headers: { accept: "application/json", ...length, ...question.headers },
  };
  return new Promise((resolve, reject) => {
    const sent = open(door, path, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => resolve(exchanged(answer, text))).on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer for ${timeout / 1000} s`)));
    sent.on("error", reject).end(body);
  });
}

function exchanged({ statusCode = 0, statusMessage: reason = "", headers }: IncomingMessage, text: string): Exchange {
  const named = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]);
  return { status: statusCode, reason, text, headers: Object.fromEntries(named) };
}

/** The beginning of one: whoever asks sends the body, and reads the answer. */
export function open(
  door: string,
  path: string,
  options: RequestOptions & { readonly ca?: string },
  answered: (answer: IncomingMessage) => void,
): ClientRequest {
  if (door.startsWith("unix:")) return plain({ ...options, socketPath: door.slice("unix:".length), path }, answered);
  const url = new URL(door);
  const target = `${url.origin}${url.pathname.replace(/\/$/, "")}${path}`;
  return (url.protocol === "https:" ? secure : plain)(target, options, answered);
}
