/**
 * What a process measures of itself, in Prometheus' text format 0.0.4. A series is a metric with one value of each of its
 * labels; whoever measures sees to it that labels have few values.
 */

export type Labels = Readonly<Record<string, string>>;

/** One series of a gauge, as it is when it is asked for. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** Of the text: content-type. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface Counter {
  add(labels: Labels, by?: number): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

export interface Described {
  /** With its unit, as Prometheus wants it: `margay_http_request_seconds`. */
  readonly name: string;
  readonly help: string;
}

export interface Registry {
  counter(described: Described): Counter;
  /** `buckets`: upper bounds, in order. */
  histogram(described: Described & { readonly buckets: readonly number[] }): Histogram;
  /** `read` is asked at each look. `kind`: of what only grows, and is counted elsewhere, `counter`. */
  gauge(described: Described & { readonly kind?: "counter"; readonly read: () => Iterable<Sample> }): void;
  text(): string;
}

export function registry(): Registry {
  const metrics: (() => readonly string[])[] = [];
  const add = ({ name, help }: Described, kind: string, lines: () => readonly string[]) => {
    const head = [`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${kind}`];
    metrics.push(() => [...head, ...lines()]);
  };
  return {
    counter: (described) => {
      const series = new Map<string, number>();
      add(described, "counter", () => [...series].map(([labels, value]) => `${described.name}${labels} ${value}`));
      return {
        add: (labels, by = 1) => {
          const key = labelText(labels);
          series.set(key, (series.get(key) ?? 0) + by);
        },
      };
    },
    histogram: (described) => {
      const series = new Map<string, Distribution>();
      add(described, "histogram", () => [...series.values()].flatMap((one) => distributionLines(described, one)));
      return {
        observe: (labels, value) => {
          const key = labelText(labels);
          const one = series.get(key) ?? { labels, counts: described.buckets.map(() => 0), count: 0, sum: 0 };
          series.set(key, one);
          observe(one, described.buckets, value);
        },
      };
    },
    gauge: ({ kind = "gauge", read, ...described }) =>
      add(described, kind, () => [...read()].map(({ labels = {}, value }) => `${described.name}${labelText(labels)} ${value}`)),
    text: () => `${metrics.flatMap((lines) => lines()).join("\n")}\n`,
  };
}

interface Distribution {
  readonly labels: Labels;
  /** Of each bucket by itself. */
  readonly counts: number[];
  count: number;
  sum: number;
}

function observe(one: Distribution, buckets: readonly number[], value: number): void {
  const at = buckets.findIndex((most) => value <= most);
  if (at >= 0) one.counts[at] = (one.counts[at] ?? 0) + 1;
  one.count += 1;
  one.sum += value;
}

/** Buckets are told with all below them. */
function distributionLines({ name, buckets }: Described & { readonly buckets: readonly number[] }, one: Distribution): readonly string[] {
  let below = 0;
  const lines = buckets.map((most, at) => {
    below += one.counts[at] ?? 0;
    return `${name}_bucket${labelText({ ...one.labels, le: String(most) })} ${below}`;
  });
  const all = labelText(one.labels);
  return [
    ...lines,
    `${name}_bucket${labelText({ ...one.labels, le: "+Inf" })} ${one.count}`,
    `${name}_sum${all} ${one.sum}`,
    `${name}_count${all} ${one.count}`,
  ];
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
