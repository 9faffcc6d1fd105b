/** Attributes that most resources have. The server fills those that nobody may write. */
import { chosen, attributes } from "../resource/resource.ts";
import { flag, integer, label, text, time, uuid } from "../resource/scalars.ts";
import { tagFilters, tagList } from "../resource/tags.ts";

export const identity = attributes({
  id: { type: uuid, write: "never", filter: true, sort: true, index: "key", note: "Identity, given by the server." },
  project_id: {
    type: text(255),
    write: "create",
    default: chosen,
    filter: true,
    sort: true,
    index: true,
    note: "The project that owns it; the asker's own, unless an administrator names another. Also told as tenant_id.",
  },
});

export const named = attributes({
  name: { type: label, write: "always", default: "", filter: true, sort: true, note: "A label for people." },
});

/** What rules of security groups have too, which cannot be tagged. */
export const chronicled = attributes({
  description: {
    type: text(255),
    write: "always",
    default: "",
    filter: true,
    extension: "standard-attr-description",
    note: "A remark for people.",
  },
  created_at: { type: time, write: "never", extension: "standard-attr-timestamp", note: "When it was made, UTC." },
  updated_at: { type: time, write: "never", extension: "standard-attr-timestamp", note: "When it last changed, UTC." },
  revision_number: {
    type: integer(0),
    write: "never",
    filter: true,
    extension: "standard-attr-revisions",
    note: "Grows with every change; name it in If-Match to change only what you have seen.",
  },
});

export const administered = attributes({
  admin_state_up: {
    type: flag,
    write: "always",
    default: true,
    filter: true,
    sort: true,
    note: "What the owner wants; traffic does not depend on it.",
  },
});

/** Follows from RBAC policies, and makes them: see sharing.ts. */
export const sharable = attributes({
  shared: {
    type: flag,
    write: "always",
    default: false,
    computed: true,
    filter: true,
    note: "May whoever looks use it? Said: may every project?",
  },
});

export const tagged = attributes({
  tags: {
    type: tagList,
    write: "never",
    filter: true,
    filters: tagFilters,
    extension: "standard-attr-tag",
    note: "Words that sort it, set through /tags.",
  },
});
