/**
 * Real tests that run beside each other, two at a time: their labs and namespaces are their own, and whatever they wait for may take its
 * time. Whoever is not named here has the machine for itself: most of them measure how long something takes, or count what is lost meanwhile.
 */
export const BESIDE: readonly string[] = [
  "conformance/guide/guide.real.test.ts",
  "core/intent/bgp.real.test.ts",
  "core/router/frr/frr.real.test.ts",
  "core/router/nft/listing.real.test.ts",
  "lab/guarded.real.test.ts",
  "lab/verify/verify.real.test.ts",
  "processes/cli/prove.real.test.ts",
  "stories/stories.real.test.ts",
];

/** What a test that measures has in it: a clock, or streams of packets that are counted. */
export const MEASURES = /\b(Date\.now|performance\.now)\b|\b(traffic|silence)\.real\.ts"/;
