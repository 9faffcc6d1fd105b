/** How the controller knows who asks. */
import { oneOf } from "../resource/scalars.ts";
import { section } from "./setting.ts";

export const auth = section({
  note: "Who is let in by TCP. Whoever may open a unix socket is an administrator: its file's mode says who that is.",
  settings: {
    how: {
      type: oneOf("closed", "none"),
      default: "closed",
      takes: "restart",
      note: "closed: nobody is let in by TCP. none: everybody is, as administrator.",
    },
  },
});
