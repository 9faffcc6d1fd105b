/** Flows of a real kernel, in a namespace of the test's own: begun by conntrack(8), found, marked and ended over ctnetlink. */
import { flowsContract } from "#contracts/flows.contract.ts";
import type { FlowShape } from "#contracts/flows.contract.ts";
import { offloadedFlows } from "../linux/offloaded-flows.ts";
import { testNamespace } from "../linux/namespace.real.ts";
import { output } from "../programs/programs.ts";
import type { RunProgram } from "#contracts/program.ts";
import { netlinkFlows } from "./flows.ts";

flowsContract("netlinkFlows()", async (t) => {
  const { run, kernel } = await testNamespace(t);
  return { flows: offloadedFlows(netlinkFlows(kernel), undefined), track: (shape) => begin(run, shape) };
});

async function begin(run: RunProgram, { protocol, orig, reply }: FlowShape): Promise<void> {
  const { sport, dport, icmp } = orig;
  const ports =
    sport === undefined
      ? []
      : ["--sport", sport, "--dport", dport, "--reply-port-src", reply.sport, "--reply-port-dst", reply.dport].map(String);
  const echo = icmp === undefined ? [] : ["--icmp-type", icmp.type, "--icmp-code", icmp.code, "--icmp-id", icmp.id].map(String);
  const state = protocol === 6 ? ["--state", "ESTABLISHED"] : [];
  const ends = ["-s", orig.src, "-d", orig.dst, "-r", reply.src, "-q", reply.dst];
  await output(run, ["conntrack", "-I", "-p", String(protocol), ...ends, ...ports, ...state, "-t", "100", ...echo]);
}
