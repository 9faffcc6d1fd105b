import { fakeClock } from "./clock.fake.ts";
import { identityContract } from "./identity.contract.ts";
import { fakeIdentity } from "./identity.fake.ts";

identityContract("fakeIdentity()", async () => {
  const clock = fakeClock();
  const identity = fakeIdentity(clock);
  const roles = { alice: ["member", "reader"], bob: ["reader"], nova: ["service"] };
  return {
    identity,
    ids: { alice: "alice", nova: "nova", red: "red" },
    token: async (user, project) =>
      identity.give({
        user,
        ...(project !== undefined && { project }),
        scope: project === undefined ? "no project" : "a project",
        roles: project === undefined ? [] : roles[user],
        expires: clock.now() + 3_600_000,
      }),
    revoke: async (token) => identity.revoke(token),
    passLife: () => clock.pass(3_600_000),
    passMemory: () => undefined,
  };
});
