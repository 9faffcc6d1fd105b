/** The outcome of a decision: a value, or a refusal that is told to whoever asked. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** Neutron's exception class, which clients match. */
  readonly type: string;
  /** What was attempted, then what is the case, with the values. */
  readonly message: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refused(refusal: Refusal): Result<never> {
  return { ok: false, refusal };
}

/** All values, or the first refusal. */
export function collect<T>(results: Iterable<Result<T>>): Result<T[]> {
  const values: T[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}
