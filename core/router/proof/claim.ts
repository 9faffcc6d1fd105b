/** What is proven, or what speaks against it. */
export interface Claim {
  /** `read`, `enters`, `exports`, `imports`, `paths`, `translation`, `ends`, `live`. */
  readonly about: string;
  /** `gw1 → provider of gw1, IPv4` */
  readonly where: string;
  readonly claim: string;
  readonly verdict: "proven" | "not proven";
  /** How far the search went. */
  readonly evidence: string;
  /** The first few of what speaks against it. */
  readonly against: readonly string[];
}

const FEW = 5;

export interface Finding {
  readonly about: string;
  readonly where: string;
  readonly claim: string;
  readonly evidence: string;
}

/** Proven when nothing speaks against it. */
export function claimed(finding: Finding, against: readonly string[]): Claim {
  const more = against.length > FEW ? [`and ${against.length - FEW} more`] : [];
  return { ...finding, verdict: against.length === 0 ? "proven" : "not proven", against: [...against.slice(0, FEW), ...more] };
}
