/** One exchange of the API with whoever asks, free of any HTTP library. */

export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Of the URL, still percent-encoded, without the query: `/v2.0/networks`. */
  readonly path: string;
  /** In the order sent, decoded; a key may come several times. */
  readonly query: readonly (readonly [string, string])[];
  /** Names in lower case; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; "" when there is none, or when it comes in pieces. */
  readonly text: string;
  /** A body that may be of any length, where the server was told to pass such ones on: to be read once. */
  readonly pieces?: AsyncIterable<Uint8Array>;
  /** What absolute links begin with: `http://127.0.0.1:9696`. */
  readonly base: string;
  /** Address of whoever is at the other end of the connection, a proxy perhaps; absent: a unix socket. */
  readonly from?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, BigInts as whole numbers; absent: an empty body. */
  readonly body?: unknown;
  /** Sent as it is, in place of a body; the headers say what it is. */
  readonly text?: string;
  /** Sent as they are, in place of a body; the headers say what they are and how long. `ended`: called when they are no longer needed. */
  readonly pieces?: { readonly chunks: AsyncIterable<Uint8Array>; ended(): void };
  /** Who asked, where that is known: for the log, told to nobody else. */
  readonly who?: { readonly user: string; readonly project: string };
}

export type Handle = (request: HttpRequest) => Promise<HttpAnswer>;
