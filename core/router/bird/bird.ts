/** BIRD 2: what Margay's own agents run, as files for a machine on which no agent is. */
import { intentOf, besideOnLinux } from "../linux.ts";
import type { DataCenter } from "../../datacenter/data-center.ts";
import type { RenderedFile, Rendering, Platform } from "../platform.ts";
import type { RouterConfig } from "../router-config.ts";
import { birdReader, readBird } from "./read.ts";

/** The file that the agent hands to BIRD. */
const MAIN = "bird/bird.conf";

export const bird: Platform = {
  name: "bird",
  title: "BIRD 2.0.12 on Linux",
  translation: "beside it",
  exports: "what entered BGP",
  conditions: "while heard",
  render: ({ name, role }, site) => ({
    files: [...birdFiles(site, { name, role }), ...besideOnLinux(site, { name, role })],
    refused: [],
  }),
  read: readBird,
  reader: birdReader,
};

function birdFiles(site: DataCenter, { name, role }: Pick<RouterConfig, "name" | "role">): Rendering["files"] {
  const files = intentOf(site, { host: name, role }).files.map(({ value }) => value);
  return files
    .filter(({ path }) => path.startsWith("bird/"))
    .toSorted((left, right) => Number(right.path === MAIN) - Number(left.path === MAIN))
    .map(({ path, content }): RenderedFile => {
      if (path !== MAIN) return { name: path.slice("bird/".length), text: content };
      return { name: `${name}.bird.conf`, text: `${headerOf(name)}${content}` };
    });
}

function headerOf(name: string): string {
  return [
    `# Check:     bird -p -c ${name}.bird.conf`,
    "# Apply:     cp it to /etc/bird/bird.conf; birdc configure timeout 300 (taken back unless followed by: birdc configure confirm)",
    "# Take back: birdc configure undo",
    "# Verify:    birdc show protocols all; birdc show route export upstream4; margay prove FILE",
    "",
  ].join("\n");
}
