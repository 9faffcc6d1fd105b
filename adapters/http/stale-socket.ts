/** Socket files outlive the process that listened on them. */
import { rm } from "node:fs/promises";
import { connect } from "node:net";

/** A socket file that nobody listens on is left over from a process that died; one that answers is somebody's. */
export async function removeStale(path: string): Promise<void> {
  const failure = await new Promise<string | undefined>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (failure === "ECONNREFUSED") await rm(path, { force: true });
}
