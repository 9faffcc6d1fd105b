/** What a benchmark has to say: a figure beside the one that is asked for. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly asked: string;
  readonly met: boolean;
}

/** What the command line says besides names. */
export interface Options {
  /** A Neutron endpoint to measure instead of our own: `http://127.0.0.1:9696`; its token is taken from OS_TOKEN. */
  readonly endpoint: string | undefined;
  /** How often, where a benchmark repeats something. */
  readonly times: number | undefined;
}

export type Bench = (say: (line: string) => void, options: Options) => Promise<readonly Figure[]>;

/** A figure that must not exceed a limit. */
export function atMost(what: string, value: number, { limit, unit }: { readonly limit: number; readonly unit: string }): Figure {
  return { what, measured: `${rounded(value)} ${unit}`, asked: `≤ ${limit} ${unit}`, met: value <= limit };
}

/** A figure that must reach a limit. */
export function atLeast(what: string, value: number, { limit, unit }: { readonly limit: number; readonly unit: string }): Figure {
  return { what, measured: `${rounded(value)} ${unit}`, asked: `≥ ${limit} ${unit}`, met: value >= limit };
}

/** Of a list that is not empty: the value that the part `share` of them does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** What is left of nothing by reckoning is nothing. */
function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : (value < 1e-9 ? 0 : value).toPrecision(3);
}
