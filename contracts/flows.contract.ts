/** What every table of tracked flows keeps, over a model or over a kernel. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Ip } from "#core/net/address.ts";
import { DONE } from "./driver.ts";
import type { Flow, Flows } from "./flows.ts";

export type FlowShape = Pick<Flow, "family" | "protocol" | "orig" | "reply">;

export interface FlowsHost {
  readonly flows: Flows;
  /** A flow begins that has these ends. */
  readonly track: (shape: FlowShape) => Promise<void> | void;
  /** Those of whom this holds are offloaded. Absent where nothing can be. */
  readonly offload?: (which: (flow: Flow) => boolean) => Promise<void> | void;
}

const ip = (text: string) => text as Ip;
const tcp = (src: string, dst: string, sport: number, dport = 80): FlowShape => ({
  family: src.includes(":") ? 6 : 4,
  protocol: 6,
  orig: { src: ip(src), dst: ip(dst), sport, dport },
  reply: { src: ip(dst), dst: ip(src), sport: dport, dport: sport },
});
const web = tcp("10.65.0.5", "10.65.0.6", 1000);
const again = tcp("10.65.0.5", "10.65.0.6", 1001);
const other = tcp("10.65.0.55", "192.0.2.7", 1000);
const six = tcp("2001:db8::1", "2001:db8::5", 4000, 22);
const echo: FlowShape = {
  family: 4,
  protocol: 1,
  orig: { src: ip("10.65.0.7"), dst: ip("10.65.0.6"), icmp: { type: 8, code: 0, id: 77 } },
  reply: { src: ip("10.65.0.6"), dst: ip("10.65.0.7"), icmp: { type: 0, code: 0, id: 77 } },
};
/** To a floating IP: its holder is seen in the answers alone. */
const floating: FlowShape = {
  family: 4,
  protocol: 17,
  orig: { src: ip("192.0.2.9"), dst: ip("203.0.113.1"), sport: 5000, dport: 53 },
  reply: { src: ip("10.65.0.8"), dst: ip("192.0.2.9"), sport: 53, dport: 5000 },
};
const ALL = [web, again, other, six, echo, floating];

const shapes = (flows: readonly Flow[]) =>
  flows
    .map(({ family, protocol, orig, reply }) => ({ family, protocol, orig, reply }))
    .map(text)
    .toSorted();
const text = (shape: FlowShape) => JSON.stringify([shape.protocol, ends(shape.orig), ends(shape.reply)]);
const ends = ({ src, dst, sport, dport, icmp }: Flow["orig"]) => [src, dst, sport, dport, icmp?.type, icmp?.code, icmp?.id];
const those = (...expected: readonly FlowShape[]) => expected.map(text).toSorted();

/** `open` gives a host that tracks nothing. */
export function flowsContract(name: string, open: (t: TestContext) => Promise<FlowsHost> | FlowsHost): void {
  const full = async (t: TestContext) => {
    const host = await open(t);
    for (const shape of ALL) await host.track(shape);
    return host.flows;
  };
  const offloaded = async (t: TestContext, ...which: readonly FlowShape[]) => {
    const host = await open(t);
    if (host.offload === undefined) return undefined;
    for (const shape of ALL) await host.track(shape);
    const texts = new Set(which.map(text));
    await host.offload((flow) => texts.has(text(flow)));
    return host.flows;
  };
  const fast = async (flows: Flows) => shapes((await flows.list("all")).filter((flow) => flow.offloaded === true));
  describe(`${name} is a table of flows:`, () => {
    test("flows are found by any of their four ends, in both families", async (t) => {
      const flows = await full(t);
      assert.deepEqual(shapes(await flows.list("all")), those(...ALL));
      assert.deepEqual(shapes(await flows.list([ip("10.65.0.5")])), those(web, again));
      assert.deepEqual(shapes(await flows.list([ip("10.65.0.8"), ip("2001:db8::5")])), those(floating, six));
      assert.deepEqual(shapes(await flows.list([ip("10.65.0.6")])), those(web, again, echo));
      assert.deepEqual(await flows.list([ip("10.65.0.9")]), []);
      assert.deepEqual(await flows.list([]), []);
    });

    test("exactly the flows that are named end; one that has ended is done", async (t) => {
      const flows = await full(t);
      const cut = (await flows.list("all")).filter((flow) => [web, echo, six, floating].some((shape) => text(shape) === text(flow)));
      assert.deepEqual(await flows.remove(cut), [DONE, DONE, DONE, DONE]);
      assert.deepEqual(shapes(await flows.list("all")), those(again, other));
      assert.deepEqual(await flows.remove(cut), [DONE, DONE, DONE, DONE]);
      assert.deepEqual(shapes(await flows.list("all")), those(again, other));
      assert.deepEqual(await flows.remove([]), []);
    });

    test("exactly the flows that are named are marked; one that has ended is done, and does not begin anew", async (t) => {
      const flows = await full(t);
      const [ended] = await flows.list([ip("10.65.0.55")]);
      assert.ok(ended);
      await flows.remove([ended]);
      const named = [...(await flows.list([ip("10.65.0.6")])), ended];
      assert.deepEqual(await flows.mark(named, 0x58000001), [DONE, DONE, DONE, DONE]);
      const all = await flows.list("all");
      assert.deepEqual(shapes(all.filter(({ mark }) => mark === 0x58000001)), those(web, again, echo));
      assert.deepEqual(shapes(all.filter(({ mark }) => mark === 0)), those(six, floating));
    });

    test("what is offloaded is told, and ends, or meets the packet filter once it is marked, like any other", async (t) => {
      const flows = await offloaded(t, web, again, six, floating);
      if (flows === undefined) return t.skip("nothing can be offloaded");
      assert.deepEqual(await fast(flows), those(web, again, six, floating));
      const [toMark, toEnd] = [await flows.list([ip("2001:db8::5")]), await flows.list([ip("10.65.0.8")])];
      assert.deepEqual(await flows.mark(toMark, 0x80000000), [DONE]);
      assert.ok(!(await fast(flows)).includes(text(six)));
      assert.deepEqual(await flows.remove(toEnd), [DONE]);
      assert.deepEqual(shapes(await flows.list("all")), those(web, again, other, six, echo));
      assert.deepEqual(
        (await flows.list([ip("2001:db8::5")])).map(({ mark }) => mark),
        [0x80000000],
      );
    });

    test("flows of an address meet the packet filter when they are told to, and nothing is done where none is offloaded", async (t) => {
      const flows = await offloaded(t, web, six);
      if (flows === undefined) return t.skip("nothing can be offloaded");
      await flows.slow([ip("10.65.0.8"), ip("10.65.0.55")]);
      assert.deepEqual(await fast(flows), those(web, six));
      await flows.slow([ip("10.65.0.6")]);
      assert.ok(!(await fast(flows)).includes(text(web)));
      await flows.slow("all");
      assert.deepEqual(await fast(flows), []);
    });
  });
}
