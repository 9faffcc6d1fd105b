/** What every ear for signs of life keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Ip } from "#core/net/address.ts";
import type { Mac } from "#core/net/mac.ts";
import type { Sign, SignsOfLife } from "./signs.ts";

export interface SignsHost {
  readonly signs: SignsOfLife;
  /** A VM behind this tap sends this frame. Its tap is one of `tap1` and `tap2`. */
  readonly send: (sign: Sign) => Promise<void> | void;
  /** Resolves when `holds` does, as soon as the ear may have heard. */
  readonly until: (holds: () => boolean) => Promise<void>;
}

const mac = "fa:16:3e:00:00:01" as Mac;
const SIGNS: readonly Sign[] = [
  { kind: "garp", tap: "tap1", mac, ip: "10.65.0.5" as Ip },
  { kind: "rarp", tap: "tap1", mac },
  { kind: "na", tap: "tap2", mac: "fa:16:3e:00:00:02" as Mac, ip: "2001:db8::5" as Ip },
];

export function signsContract(name: string, open: (t: TestContext) => Promise<SignsHost> | SignsHost): void {
  describe(`${name} hears signs of life:`, () => {
    test("each kind is told once, with the tap that it came in on and who says what of itself", async (t) => {
      const { signs, send, until } = await open(t);
      const heard: Sign[] = [];
      t.after(signs.watch((sign) => heard.push(sign)));
      for (const [at, sign] of SIGNS.entries()) {
        await send(sign);
        await until(() => heard.length > at);
      }
      assert.deepEqual(heard, SIGNS);
    });

    test("who has stopped listening is told nothing; who still listens is", async (t) => {
      const { signs, send, until } = await open(t);
      const [gone, there]: [Sign[], Sign[]] = [[], []];
      const stop = signs.watch((sign) => gone.push(sign));
      t.after(signs.watch((sign) => there.push(sign)));
      stop();
      await send(SIGNS[0] as Sign);
      await until(() => there.length > 0);
      assert.deepEqual([gone, there], [[], [SIGNS[0]]]);
    });
  });
}
