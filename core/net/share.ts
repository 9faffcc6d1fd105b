/**
 * Large sets are kept in shares: whoever comes or goes makes one share another one and leaves the others as they were. Which share something
 * is in depends on its text alone.
 */

/** How many there are. */
const SHARES = 256;

/** The number of the share: FNV-1a, folded. Addresses of one subnet differ at the end, and are spread evenly. */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (SHARES - 1);
}
