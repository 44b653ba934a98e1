import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EmptyNote } from "../components/empty_note";
import { Icon } from "../components/icon";
import { Skeleton } from "../components/skeleton";
import { readConfig } from "./client";
import { ApiFailure } from "./failure";
import { readToken, storeToken } from "./token";

export type Answer<T> =
  | { state: "loading" }
  | { state: "failed"; failure: ApiFailure }
  | { state: "ready"; value: T };

/** What the API answers; `again` asks once more and keeps what is shown meanwhile. */
export function useApi<T>(call: () => Promise<T>): { answer: Answer<T>; again: () => void } {
  const [answer, setAnswer] = useState<Answer<T>>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  // The inputs are not all that is used: an attempt asks once.
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
  }, [attempt]);
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
  if (failure.kind === "unauthorized") return <TokenForm failure={failure} again={again} />;
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

function TokenForm({ failure, again }: { failure: ApiFailure; again: () => void }) {
  const [token, setToken] = useState(readToken() ?? "");
  const [hint, setHint] = useState<string | undefined>();
  useEffect(() => {
    readConfig().then((config) => setHint(config.token_hint));
  }, []);
  return (
    <form
      class="note"
      onSubmit={(event) => {
        event.preventDefault();
        storeToken(token.trim());
        again();
      }}
    >
      <Icon name="warning" />
      <div>
        <p class="note-title">The API wants to know who you are</p>
        <p>{failure.message}</p>
        {hint && <p class="muted">{hint}</p>}
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            autocomplete="off"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Go on
        </button>
      </div>
    </form>
  );
}
