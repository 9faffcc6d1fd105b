/** One question to an HTTP server, by TCP or by a unix socket: `http://HOST:PORT`, `https://…`, or `unix:PATH`. */
import { request as plain } from "node:http";
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
}

export interface Patience {
  /** Milliseconds of silence. */
  readonly timeout: number;
}

/** Rejects when there is no whole answer: nobody listens, or nothing is said for too long. */
export function exchange(door: string, question: Question, { timeout }: Patience): Promise<Exchange> {
  const { method, path, body } = question;
  const length = body === undefined ? {} : { "content-type": "application/json", "content-length": `${Buffer.byteLength(body)}` };
  const options = { method, timeout, headers: { accept: "application/json", ...length, ...question.headers } };
  return new Promise((resolve, reject) => {
    const sent = open(door, path, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, reason: answer.statusMessage ?? "", text })).on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer for ${timeout / 1000} s`)));
    sent.on("error", reject).end(body);
  });
}

function open(door: string, path: string, options: RequestOptions, answered: (answer: IncomingMessage) => void): ClientRequest {
  if (door.startsWith("unix:")) return plain({ ...options, socketPath: door.slice("unix:".length), path }, answered);
  const url = new URL(door);
  const target = `${url.origin}${url.pathname.replace(/\/$/, "")}${path}`;
  return (url.protocol === "https:" ? secure : plain)(target, options, answered);
}
