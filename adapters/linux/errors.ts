/** What the operating system says when it refuses. */

/** Is it "no such file or directory"? */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** In its own words: `EINVAL: invalid argument, write`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
