// Pages are addressed behind `#`, so that any static host answers every link with index.html and no
// rewrite rule is needed: #/datasets/nyc311/anomalies/<alert id>?range=90d

export type DatasetTab = "explore" | "anomalies" | "tables";

export type Route =
  | { page: "overview" }
  | { page: "dataset"; dataset: string; tab: DatasetTab }
  | { page: "anomaly"; dataset: string; alertId: string }
  | { page: "runs" }
  | { page: "models" }
  | { page: "unknown"; path: string };

export interface Place {
  route: Route;
  query: URLSearchParams;
}

export function parseHash(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decode);
  return { route: routeOf(parts, path), query: new URLSearchParams(query) };
}

function routeOf(parts: string[], path: string): Route {
  const [page, dataset, tab, alertId, ...more] = parts;
  if (more.length > 0) return { page: "unknown", path };
  if (page === undefined) return { page: "overview" };
  if (page === "runs" && !dataset) return { page: "runs" };
  if (page === "models" && !dataset) return { page: "models" };
  if (page !== "datasets" || !dataset) return { page: "unknown", path };
  if (tab === undefined) return { page: "dataset", dataset, tab: "explore" };
  if (tab === "anomalies" && alertId) return { page: "anomaly", dataset, alertId };
  if ((tab === "anomalies" || tab === "tables") && !alertId) return { page: "dataset", dataset, tab };
  return { page: "unknown", path };
}

export function hrefOf(route: Route, query?: URLSearchParams): string {
  const text = query?.toString();
  return `#${pathOf(route)}${text ? `?${text}` : ""}`;
}

function pathOf(route: Route): string {
  switch (route.page) {
    case "overview":
      return "/";
    case "dataset": {
      const path = `/datasets/${encodeURIComponent(route.dataset)}`;
      return route.tab === "explore" ? path : `${path}/${route.tab}`;
    }
    case "anomaly":
      return `/datasets/${encodeURIComponent(route.dataset)}/anomalies/${encodeURIComponent(route.alertId)}`;
    case "runs":
      return "/runs";
    case "models":
      return "/models";
    case "unknown":
      return route.path;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
