/** JSON as it leaves: BigInts (addresses left in an IPv6 subnet) are whole numbers with all their digits. */

/** V8 has it, the ES2024 library does not yet: a value that is written as the text given. */
declare global {
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Nearly no answer holds a BigInt, and a replacer makes each one several times as slow: so only when it is needed.
    if (!(error instanceof TypeError) || !/BigInt/.test(error.message)) throw error;
    return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? JSON.rawJSON(String(part)) : part));
  }
}
