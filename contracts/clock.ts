/** Time, as asked for by loops. */
export interface Clock {
  /** UTC, milliseconds since 1970. */
  now(): number;
  /** Calls once after `ms`; the returned function takes it back. */
  after(ms: number, call: () => void): () => void;
}
