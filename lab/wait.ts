/** Waits for conditions, never for times. */

export interface Waiting {
  /** What is waited for, in words that complete "waited 10 s for …". */
  readonly what: string;
  /** Milliseconds; then it fails. */
  readonly timeout: number;
  /** Milliseconds between two looks. */
  readonly every?: number;
}

/** Calls `look` until it answers nothing; it answers what is still missing, which is what the failure says. */
export async function until(waiting: Waiting, look: () => Promise<string | undefined> | string | undefined): Promise<void> {
  const end = Date.now() + waiting.timeout;
  for (let missing = await look(); missing !== undefined; missing = await look()) {
    if (Date.now() > end) throw new Error(`waited ${waiting.timeout / 1000} s for ${waiting.what}: ${missing}`);
    await new Promise((resolve) => setTimeout(resolve, waiting.every ?? 50));
  }
}
