import { useLayoutEffect, useState } from "preact/hooks";
import { hrefOf, type Place, parseHash, type Route } from "./route";

/** The place in the address; follows it. */
export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  // With the page and not after it: where one goes at once is followed.
  useLayoutEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    addEventListener("popstate", follow);
    return () => {
      removeEventListener("hashchange", follow);
      removeEventListener("popstate", follow);
    };
  }, []);
  return parseHash(hash);
}

/** Goes to another place; Back leads to this one. */
export function goTo(route: Route, query?: URLSearchParams): void {
  location.hash = hrefOf(route, query);
}

/** Changes what is chosen at this place, without a step for Back: sorting, paging. */
export function adjust(route: Route, query: URLSearchParams): void {
  history.replaceState(null, "", hrefOf(route, query));
  dispatchEvent(new PopStateEvent("popstate"));
}
