/** Files over HTTP: fetched into one, or sent from one, without being held in memory. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open as openFile, rename, rm, stat } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { open } from "./exchange.ts";
import type { Exchange, Terms } from "./exchange.ts";

export interface Fetched {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Of a refusal; "" when the file was written. */
  readonly text: string;
  readonly bytes: number;
  /** In lower case hex. */
  readonly sha256: string;
}

export interface FileQuestion {
  readonly door: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly file: string;
}

/** The file is there, readable for its owner only, once all of it has come and is on the disk; before, `FILE.part` is. Any answer but 200 writes none. */
export async function fetchFile({ door, path, headers, file }: FileQuestion, terms: Terms): Promise<Fetched> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = open(door, path, { method: "GET", ...terms, headers }, resolve);
    sent.on("timeout", () => sent.destroy(silence(terms)));
    sent.on("error", reject).end();
  });
  const base = { status: answer.statusCode ?? 0, headers: answer.headers };
  if (base.status !== 200) return { ...base, text: (await answer.setEncoding("utf8").toArray()).join(""), bytes: 0, sha256: "" };
  const part = `${file}.part`;
  try {
    const written = await write(part, answer);
    await rename(part, file);
    return { ...base, text: "", ...written };
  } finally {
    await rm(part, { force: true });
  }
}

function silence({ timeout }: Terms): Error {
  return new Error(`no answer for ${timeout / 1000} s`);
}

async function write(path: string, from: IncomingMessage): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  const target = await openFile(path, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      await target.write(chunk);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Sends the file as the body of a PUT. */
export async function sendFile(
  { door, path, headers, file }: FileQuestion,
  terms: Terms,
): Promise<Pick<Exchange, "status" | "reason" | "text">> {
  const { size } = await stat(file);
  const length = { "content-type": "application/octet-stream", "content-length": String(size) };
  return await new Promise((resolve, reject) => {
    const sent = open(door, path, { method: "PUT", ...terms, headers: { ...headers, ...length } }, (answer) => {
      const parts = answer.setEncoding("utf8").toArray();
      parts.then((texts) => resolve({ status: answer.statusCode ?? 0, reason: answer.statusMessage ?? "", text: texts.join("") }), reject);
    });
    sent.on("timeout", () => sent.destroy(silence(terms)));
    // A controller that refuses does not read to the end: then its answer counts, not the broken pipe.
    sent.on("error", (error) => setTimeout(() => reject(error), 1000));
    pipeline(createReadStream(file), sent).catch(() => undefined);
  });
}
