import type { Filters } from "../analysis/aggregate";
import type { WindowChoice } from "../analysis/time_window";

/** What is chosen on a dataset's page. All of it is in the address, so that it can be sent to others. */
export interface ExploreChoice extends WindowChoice {
  mart: string | null;
  measure: string | null;
  filters: Filters;
  sort: { column: string; descending: boolean } | null;
  page: number;
}

const FILTER = "f.";

export function parseExplore(query: URLSearchParams): ExploreChoice {
  const filters: Filters = new Map();
  for (const [name, value] of query) {
    // An empty text stands for the missing value.
    if (name.startsWith(FILTER)) filters.set(name.slice(FILTER.length), value === "" ? null : value);
  }
  const sort = query.get("sort");
  const page = Number(query.get("page") ?? 1);
  return {
    mart: query.get("mart"),
    measure: query.get("measure"),
    range: query.get("range"),
    from: query.get("from"),
    to: query.get("to"),
    filters,
    sort: sort ? { column: sort.replace(/^-/, ""), descending: sort.startsWith("-") } : null,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The address of a choice; what is not chosen is left out. */
export function exploreQuery(choice: Partial<ExploreChoice>): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ["mart", "measure", "range", "from", "to"] as const) {
    const value = choice[name];
    if (value) query.set(name, value);
  }
  for (const [column, value] of choice.filters ?? [])
    query.set(`${FILTER}${column}`, value === null ? "" : String(value));
  if (choice.sort) query.set("sort", `${choice.sort.descending ? "-" : ""}${choice.sort.column}`);
  if (choice.page && choice.page > 1) query.set("page", String(choice.page));
  return query;
}
