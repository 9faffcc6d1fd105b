import { clockContract } from "./clock.contract.ts";
import { fakeClock } from "./clock.fake.ts";

clockContract("fakeClock()", () => {
  const clock = fakeClock();
  return { clock, pass: (ms) => clock.pass(ms) };
});
