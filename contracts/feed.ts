/** The stream between the controller and one agent, seen from the agent. */
import type { FeedMessage, Hello, Report } from "#core/feed/item.ts";

export interface FeedListener {
  /** A connection stands; a full round of `put`s and a `synced` follow. What was heard before may be stale until then. */
  connected(): void;
  message(message: FeedMessage): void;
  disconnected(reason: string): void;
}

export interface FeedConnection {
  report(report: Report): void;
  close(): void;
}

/** Connects, and connects again whenever the connection is lost, until closed. */
export type FeedClient = (hello: Hello, listener: FeedListener) => FeedConnection;
