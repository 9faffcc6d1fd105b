/** Answers what never became a request: broken, too large in its head, or too slow in coming. The connection ends with it. */
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "./node-http.ts";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { ExchangeOver } from "./exchanges.ts";
import { jsonText } from "./json.ts";
import { unread } from "./refusals.ts";

export function answerUnread(server: Server, over: (exchange: ExchangeOver) => void): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Gone already, or in the middle of an answer: then there is nobody to tell, or no place to tell it.
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
    const { status, body } = unread(error.code);
    const id = `req-${randomUUID()}`;
    const text = jsonText(body);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(text)}`,
      `X-OpenStack-Request-Id: ${id}`,
      "Connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${text}`, () => socket.destroySoon());
    const from = socket.remoteAddress;
    over({ id, method: "-", path: "-", status, ms: 0, ...(from !== undefined && { from }) });
  });
}
