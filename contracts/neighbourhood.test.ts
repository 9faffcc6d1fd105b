import type { Watched } from "#core/intent/bfd.ts";
import type { Ip } from "#core/net/address.ts";
import { neighbourhoodContract } from "./neighbourhood.contract.ts";
import { fakeNeighbourhood } from "./neighbourhood.fake.ts";

const there: Watched = {
  name: "gw1",
  session: "gateway:gw1",
  interface: "fab0",
  local: "192.168.100.11" as Ip,
  peer: "192.168.100.1" as Ip,
};
const nobody: Watched = { ...there, name: "gw9", session: "gateway:gw9", peer: "192.168.100.9" as Ip };

neighbourhoodContract("fakeNeighbourhood()", () => {
  const fake = fakeNeighbourhood([there], "Down");
  const speaker = (which: "BFD" | "BGP", state: "ends" | "begins") => {
    fake[which === "BFD" ? "speaks" : "bird"] = state === "begins";
    if (which === "BFD" && state === "begins") fake.replace();
  };
  return { neighbourhood: fake, there, nobody, speaker };
});
