/** What is known of an exchange once it is over, for logs and metrics. It holds no body, no query and no header that may be secret. */
import type { Who } from "#core/policy/who.ts";

export interface ExchangeOver {
  /** `req-…`, as the answer carries it. */
  readonly id: string;
  /** The client's own id, where it sent one. */
  readonly globalId?: string;
  /** `-` when the request could not be read. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of the answer; 499 when the client hung up before it. */
  readonly status: number;
  readonly ms: number;
  /** Address of the other end; absent: a unix socket. */
  readonly from?: string;
  readonly who?: Pick<Who, "user" | "project">;
}

/** nginx's: the client closed the connection before there was an answer. */
export const HUNG_UP = 499;
