/** What `ip -force -batch -` says of lines that failed. */

/**
 * Reasons by line number (from 1). The program prints its reason, then `Command failed -:N`; lines that it says
 * nothing of are done (tried with iproute2 6.1).
 */
export function readBatchFailures(stderr: string): ReadonlyMap<number, string> {
  const failures = new Map<number, string>();
  let words: string[] = [];
  for (const line of stderr.split("\n")) {
    const failed = /^Command failed .*:(\d+)$/.exec(line);
    if (failed === null) words.push(line.trim());
    else {
      failures.set(Number(failed[1]), words.filter((word) => word !== "").join(" ") || "ip gave no reason");
      words = [];
    }
  }
  return failures;
}
