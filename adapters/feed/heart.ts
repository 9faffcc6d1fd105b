/** Both ends ping, since a peer that lost its power or its cable ends no connection; whoever hears nothing hangs up. */
import type { WebSocket } from "ws";

const PING_MS = 5000;

/** Terminates the socket when two pings in a row stay unanswered. */
export function listenToHeart(socket: WebSocket): void {
  let unanswered = 0;
  socket.on("pong", () => (unanswered = 0));
  const beat = setInterval(() => {
    if (unanswered === 2) return socket.terminate();
    unanswered += 1;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, PING_MS);
  beat.unref();
  socket.once("close", () => clearInterval(beat));
}
