import { formatAgo, formatMoment, formatNewest, sentence } from "../analysis/format";
import { anomalyVerdict, freshnessVerdict, newestOf } from "../analysis/health";
import { EmptyNote } from "../components/empty_note";
import { PageHeader } from "../components/page_header";
import { StatusNote } from "../components/status_note";
import type { DatasetDocument } from "../lake/contract";
import { readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { type DatasetTab, hrefOf } from "../route";
import { AnomaliesTab } from "./dataset_anomalies";
import { ExploreTab } from "./dataset_explore";
import { TablesTab } from "./dataset_tables";

const TABS: { tab: DatasetTab; label: string }[] = [
  { tab: "explore", label: "Explore" },
  { tab: "anomalies", label: "Anomalies" },
  { tab: "tables", label: "Tables and quality" },
];

interface DatasetPageProps {
  dataset: string;
  tab: DatasetTab;
  query: URLSearchParams;
}

/** All about one dataset. */
export function DatasetPage({ dataset, tab, query }: DatasetPageProps) {
  const document = useLoaded(() => readDataset(dataset), [dataset], `published/${dataset}/dataset.json`);
  const trail = [{ label: "Overview", href: hrefOf({ page: "overview" }) }];
  if (document.state === "failed" && document.failure.kind === "missing") {
    return (
      <>
        <PageHeader title={dataset} trail={trail} />
        <EmptyNote title={`There is no dataset ${dataset} here, or nothing of it is published yet`}>
          <a href={hrefOf({ page: "overview" })}>The overview</a> lists what there is.
        </EmptyNote>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={document.state === "ready" ? sentence(document.value.description) : dataset}
        trail={[...trail]}
      >
        {document.state === "ready" && <Lead dataset={document.value} />}
      </PageHeader>
      <Load of={document} height="page">
        {(value) => (
          <>
            <nav class="tabs" aria-label="Parts of the dataset">
              {TABS.map((to) => (
                <a
                  key={to.tab}
                  href={hrefOf({ page: "dataset", dataset, tab: to.tab })}
                  aria-current={to.tab === tab ? "page" : undefined}
                >
                  {to.label}
                </a>
              ))}
            </nav>
            {tab === "explore" && <ExploreTab dataset={value} query={query} />}
            {tab === "anomalies" && <AnomaliesTab dataset={value} />}
            {tab === "tables" && <TablesTab dataset={value} />}
          </>
        )}
      </Load>
    </>
  );
}

function Lead({ dataset }: { dataset: DatasetDocument }) {
  const newest = newestOf(dataset);
  const freshness = freshnessVerdict(dataset);
  const anomalies = anomalyVerdict(dataset.open_anomalies);
  return (
    <p class="summary-line">
      <code>{dataset.name}</code>
      <span>Data to {newest ? formatNewest(newest) : "an unknown time"}</span>
      {freshness && freshness.tone !== "good" && (
        <StatusNote tone={freshness.tone}>{freshness.text}</StatusNote>
      )}
      <span title={formatMoment(dataset.written_at)}>Refreshed {formatAgo(dataset.written_at)}</span>
      {dataset.open_anomalies > 0 && <StatusNote tone={anomalies.tone}>{anomalies.text}</StatusNote>}
    </p>
  );
}
