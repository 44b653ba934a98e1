import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ErrorNote } from "./components/error_note";
import { Skeleton } from "./components/skeleton";
import { useCredentialsGiven } from "./credential";
import { asFailure, type LakeFailure } from "./lake/failure";

export type Loaded<T> =
  | { state: "loading"; isSlow: boolean }
  | { state: "failed"; failure: LakeFailure; retry: () => void }
  | { state: "ready"; value: T; isReloading: boolean };

/** After this long, the reader is told that it is still going on. */
const SLOW_MS = 4000;

/**
 * What a promise brings. While it is loaded anew because `inputs` changed, the earlier value stays. Another
 * token or key loads it anew as well.
 */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[], what: string): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: "loading", isSlow: false });
  const [attempt, setAttempt] = useState(0);
  const credentials = useCredentialsGiven();
  const latest = useRef(load);
  latest.current = load;
  // Before the paint: requests follow each other, and each would wait for a frame.
  useLayoutEffect(() => {
    let isCurrent = true;
    setLoaded((before) =>
      before.state === "ready" ? { ...before, isReloading: true } : { state: "loading", isSlow: false },
    );
    const slow = setTimeout(() => {
      setLoaded((before) => (before.state === "loading" ? { state: "loading", isSlow: true } : before));
    }, SLOW_MS);
    latest
      .current()
      .then(
        (value) => {
          if (isCurrent) setLoaded({ state: "ready", value, isReloading: false });
        },
        (error) => {
          if (!isCurrent) return;
          const retry = () => setAttempt((number) => number + 1);
          setLoaded({ state: "failed", failure: asFailure(error, what), retry });
        },
      )
      .finally(() => clearTimeout(slow));
    return () => {
      isCurrent = false;
      clearTimeout(slow);
    };
    // The inputs are not all that is used: the caller says what the value depends on.
  }, [...inputs, attempt, credentials]);
  return loaded;
}

interface LoadProps<T> {
  of: Loaded<T>;
  /** How high the place is while nothing is there, so that the page does not jump. */
  height?: "line" | "tile" | "chart" | "page";
  children: (value: T, isReloading: boolean) => ComponentChildren;
}

/** Shows a value once it is there; before that a placeholder, and what went wrong otherwise. */
export function Load<T>({ of, height = "chart", children }: LoadProps<T>) {
  if (of.state === "loading") return <Skeleton height={height} isSlow={of.isSlow} />;
  if (of.state === "failed") return <ErrorNote failure={of.failure} retry={of.retry} />;
  return <>{children(of.value, of.isReloading)}</>;
}
