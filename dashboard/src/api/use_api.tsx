import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EmptyNote } from "../components/empty_note";
import { Icon } from "../components/icon";
import { Skeleton } from "../components/skeleton";
import { TokenForm } from "../components/token_form";
import { useCredentialsGiven } from "../credential";
import { ApiFailure } from "./failure";

export type Answer<T> =
  | { state: "loading" }
  | { state: "failed"; failure: ApiFailure }
  | { state: "ready"; value: T };

/** What the API answers; `again` asks once more and keeps what is shown meanwhile. */
export function useApi<T>(call: () => Promise<T>): { answer: Answer<T>; again: () => void } {
  const [answer, setAnswer] = useState<Answer<T>>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  const credentials = useCredentialsGiven();
  // The inputs are not all that is used: an attempt asks once, and so does another token or key.
  useEffect(() => {
    let isCurrent = true;
    call().then(
      (value) => isCurrent && setAnswer({ state: "ready", value }),
      (error) => {
        const failure = error instanceof ApiFailure ? error : new ApiFailure("unreachable", String(error));
        if (isCurrent) setAnswer({ state: "failed", failure });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [attempt, credentials]);
  return { answer, again: () => setAttempt((number) => number + 1) };
}

interface AnsweredProps<T> {
  of: { answer: Answer<T>; again: () => void };
  /** What needs the API, for when there is none. */
  what: string;
  children: (value: T) => ComponentChildren;
}

/** Shows an answer; without an API it says what is missing, and how to have it. */
export function Answered<T>({ of: { answer, again }, what, children }: AnsweredProps<T>) {
  if (answer.state === "loading") return <Skeleton height="chart" isSlow={false} />;
  if (answer.state === "ready") return <>{children(answer.value)}</>;
  return <ApiNote failure={answer.failure} what={what} again={again} />;
}

export function ApiNote({ failure, what, again }: { failure: ApiFailure; what: string; again: () => void }) {
  if (failure.kind === "absent") {
    return (
      <EmptyNote title={`${what} need the API`}>
        There is none at this address, only files. <code>smelt serve</code> has one; on AWS,{" "}
        <code>config.json</code> names it. All other pages work without.
      </EmptyNote>
    );
  }
  if (failure.kind === "unauthorized") return <TokenForm message={failure.message} />;
  return (
    <div class="note note-error" role="alert">
      <Icon name="warning" />
      <div>
        <p class="note-title">{failure.kind === "unreachable" ? "The API does not answer" : "Refused"}</p>
        <p>{failure.message}</p>
        {failure.requestId && (
          <p class="muted">
            Request <code>{failure.requestId}</code>
          </p>
        )}
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      </div>
    </div>
  );
}
