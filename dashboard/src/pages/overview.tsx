import { formatCount, plural } from "../analysis/format";
import { balanceVerdict, rowsOf } from "../analysis/health";
import { DatasetCard } from "../components/dataset_card";
import { EmptyNote } from "../components/empty_note";
import { LatestAnomalies } from "../components/latest_anomalies";
import { PageHeader } from "../components/page_header";
import { StatusNote } from "../components/status_note";
import type { Catalog, DatasetDocument } from "../lake/contract";
import { readCatalog, readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";

/** How each dataset stands, and what was not as expected. */
export function OverviewPage() {
  const catalog = useLoaded(readCatalog, [], "published/catalog.json");
  return (
    <>
      <PageHeader title="Overview">
        {catalog.state === "ready" && catalog.value.datasets.length > 0 && (
          <Summary catalog={catalog.value} />
        )}
      </PageHeader>
      <Load of={catalog} height="page">
        {({ datasets }) =>
          datasets.length === 0 ? (
            <EmptyNote title="No dataset yet">
              Ingest a file or a source, then run <code>smelt refresh</code>. Its marts show up here.
            </EmptyNote>
          ) : (
            <div class="overview">
              <div class="cards">
                {datasets.map((entry) => (
                  <DatasetCard key={entry.name} entry={entry} />
                ))}
              </div>
              <LatestAnomalies datasets={datasets.map((entry) => entry.name)} />
            </div>
          )
        }
      </Load>
    </>
  );
}

/** One line about all datasets. */
function Summary({ catalog }: { catalog: Catalog }) {
  // A dataset that cannot be read says so on its own card.
  const documents = useLoaded(
    async () => {
      const settled = await Promise.allSettled(catalog.datasets.map((entry) => readDataset(entry.name)));
      return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    },
    [catalog],
    "published/",
  );
  if (documents.state !== "ready") return <p class="summary-line">&nbsp;</p>;
  return <SummaryLine datasets={catalog.datasets.length} documents={documents.value} />;
}

/** That all is well is said only where all could be read. */
function SummaryLine({ datasets, documents }: { datasets: number; documents: DatasetDocument[] }) {
  const unread = datasets - documents.length;
  const rows = documents.reduce((sum, document) => sum + rowsOf(document), 0);
  const open = documents.reduce((sum, document) => sum + document.open_anomalies, 0);
  const isExact = documents.every((document) => balanceVerdict(document).tone === "good");
  return (
    <p class="summary-line">
      <span>
        {plural(datasets, "dataset")} with <span class="numeric">{formatCount(rows)}</span> rows
      </span>
      {unread > 0 && <StatusNote tone="attention">{plural(unread, "dataset")} could not be read</StatusNote>}
      {(unread === 0 || !isExact) && (
        <StatusNote tone={isExact ? "good" : "attention"}>
          {isExact ? "Every row is accounted for" : "Not every row is accounted for"}
        </StatusNote>
      )}
      {(unread === 0 || open > 0) && (
        <StatusNote tone={open === 0 ? "good" : "bad"}>
          {open === 0 ? "No open anomaly" : plural(open, "open anomaly", "open anomalies")}
        </StatusNote>
      )}
    </p>
  );
}
