/**
 * A short digest that names a text: 16 hex digits. It tells texts apart that we wrote ourselves; it is no protection
 * against somebody who looks for collisions. Two lanes of FNV-1a (32 bit), the second fed with the characters mixed by the first.
 */
export function digest(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code ^ (a >>> 15), 0x01000193);
  }
  return hex(finish(a)) + hex(finish(b ^ text.length));
}

/** Spreads the last characters over all bits. */
function finish(lane: number): number {
  const once = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, "0");
}
