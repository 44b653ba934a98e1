import { Layout } from "./components/layout";
import { usePlace } from "./navigation";
import { AnomalyPage } from "./pages/anomaly";
import { DatasetPage } from "./pages/dataset";
import { ModelsPage } from "./pages/models";
import { OverviewPage } from "./pages/overview";
import { RunsPage } from "./pages/runs";
import { UnknownPage } from "./pages/unknown";
import type { Place } from "./route";

/** The dashboard: the page that the address names, with what is around it. */
export function App() {
  const place = usePlace();
  return (
    <Layout route={place.route}>
      <Page place={place} />
    </Layout>
  );
}

function Page({ place: { route, query } }: { place: Place }) {
  switch (route.page) {
    case "overview":
      return <OverviewPage />;
    case "dataset":
      return <DatasetPage key={route.dataset} dataset={route.dataset} tab={route.tab} query={query} />;
    case "anomaly":
      return (
        <AnomalyPage
          key={`${route.dataset} ${route.alertId}`}
          dataset={route.dataset}
          alertId={route.alertId}
        />
      );
    case "runs":
      return <RunsPage />;
    case "models":
      return <ModelsPage />;
    case "unknown":
      return <UnknownPage path={route.path} />;
  }
}
