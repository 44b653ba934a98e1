import type { LakeFailure } from "../lake/failure";
import { Icon } from "./icon";
import { TokenForm } from "./token_form";

const TITLES = {
  missing: "Not here",
  broken: "This file cannot be read",
  unreachable: "No answer",
} as const;

const REMEDIES = {
  missing: "It appears with the next refresh, if the dataset has such a table.",
  broken: "`smelt refresh` writes the published files anew.",
  unreachable: "The lake may be slow or out of reach. What was loaded before stays.",
} as const;

/** What went wrong, where, and what helps. */
export function ErrorNote({ failure, retry }: { failure: LakeFailure; retry: () => void }) {
  if (failure.kind === "unauthorized") return <TokenForm message={failure.message} />;
  return (
    <div class="note note-error" role="alert">
      <Icon name="warning" />
      <div>
        <p class="note-title">{TITLES[failure.kind]}</p>
        <p>{failure.message}.</p>
        <p class="muted">{REMEDIES[failure.kind]}</p>
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      </div>
    </div>
  );
}
