/** The body of a request: all of it as text, up to a limit. */
import type { IncomingMessage } from "node:http";

/** A body beyond the limit. */
export class TooLarge extends Error {
  readonly most: number;
  constructor(most: number) {
    super(`more than ${most} bytes`);
    this.most = most;
  }
}

/** Rejects with `TooLarge` as soon as it is certain; what still comes is then read and thrown away. */
export async function textOf(message: IncomingMessage, most: number): Promise<string> {
  if (Number(message.headers["content-length"] ?? 0) > most) throw new TooLarge(most);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) {
        chunks.length = 0;
        reject(new TooLarge(most));
      } else chunks.push(chunk);
    });
    message.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    message.once("error", reject);
    message.once("close", () => reject(new Error("the client hung up")));
  });
}
