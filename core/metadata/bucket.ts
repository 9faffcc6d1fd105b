/** How often a VM may ask: a bucket that fills evenly and holds so much; each question takes one out. */

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  /** When it held so many; milliseconds. */
  readonly at: number;
}

export interface Taken {
  readonly bucket: Bucket;
  /** 0: it may ask now; else, whole seconds after which it may. */
  readonly wait: number;
}

/** What it holds now; without one before, it is full. A clock that was set back fills nothing. */
export function filled(bucket: Bucket | undefined, { perSecond, burst }: Rate, now: number): Bucket {
  if (bucket === undefined) return { tokens: burst, at: now };
  return { tokens: Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / 1000), at: now };
}

export function take(bucket: Bucket | undefined, rate: Rate, now: number): Taken {
  const { tokens } = filled(bucket, rate, now);
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, at: now }, wait: 0 };
  return { bucket: { tokens, at: now }, wait: Math.ceil((1 - tokens) / rate.perSecond) };
}
