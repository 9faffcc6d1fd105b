/** The stream between the controller and one agent, seen from either end. */
import type { Origin } from "#core/feed/admission.ts";
import type { FeedMessage, Hello, Report } from "#core/feed/item.ts";

export interface FeedListener {
  /** A connection stands; a full round of `put`s and a `synced` follow. What was heard before may be stale until then. */
  connected(): void;
  message(message: FeedMessage): void;
  disconnected(reason: string): void;
}

export interface FeedConnection {
  /** Lost when there is no connection: after a `synced`, report anew. */
  report(report: Report): void;
  close(): void;
}

/** Connects, and connects again whenever the connection is lost, until closed. */
export type FeedClient = (hello: Hello, listener: FeedListener) => FeedConnection;

/** One agent's connection, as the controller holds it. */
export interface AgentLink {
  readonly from: Origin;
  /** Messages in their text form (core/feed/wire.ts), one per line: they arrive whole and in order, or the link ends. */
  send(text: string): void;
  /** Characters sent that have not left this machine: a measure of an agent that does not read. */
  waiting(): number;
  /** Ends it; the reason is told to the agent. */
  close(reason: string): void;
}

/** What the link tells the controller. */
export interface AgentSession {
  report(report: Report): void;
  /** The last call: the connection is gone, whoever ended it. */
  closed(reason: string): void;
}

/** Called for each agent that has said hello. */
export type AcceptAgent = (hello: Hello, link: AgentLink) => AgentSession;
