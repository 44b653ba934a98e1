import { incidentsOf } from "../analysis/incidents";
import { asFailure, type LakeFailure } from "../lake/failure";
import { readAnomalies, readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { Card } from "./card";
import { EmptyNote } from "./empty_note";
import { IncidentList, type ListedIncident } from "./incident_list";
import { StatusNote } from "./status_note";

const SHOWN = 10;

interface Latest {
  incidents: ListedIncident[];
  /** Datasets of which nobody knows whether all is as expected. */
  unread: { dataset: string; failure: LakeFailure }[];
}

/** The newest incidents of all datasets; those that go on come first. */
export function LatestAnomalies({ datasets }: { datasets: string[] }) {
  const latest = useLoaded(() => readLatest(datasets), [datasets.join()], "published/");
  return (
    <Card title="Latest anomalies" subtitle="What was not as expected, in all datasets">
      <Load of={latest}>
        {({ incidents, unread }) => (
          <>
            {incidents.length > 0 && <IncidentList incidents={incidents} showsDataset />}
            {incidents.length === 0 && unread.length === 0 && (
              <EmptyNote title="All as expected">Nothing unusual was found in any series.</EmptyNote>
            )}
            {incidents.length === 0 && unread.length > 0 && (
              <EmptyNote title="As expected where it could be read" />
            )}
            {unread.map(({ dataset, failure }) => (
              <p key={dataset} role="alert">
                <StatusNote tone="attention">
                  The anomalies of {dataset} could not be read: {failure.message}
                </StatusNote>
              </p>
            ))}
          </>
        )}
      </Load>
    </Card>
  );
}

/** Fails where nothing could be read: that nothing was found would say that all is as expected. */
async function readLatest(datasets: string[]): Promise<Latest> {
  const settled = await Promise.allSettled(datasets.map(readIncidents));
  const read = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const unread = settled.flatMap((result, position) => {
    const dataset = datasets[position] ?? "";
    if (result.status === "fulfilled") return [];
    return [{ dataset, failure: asFailure(result.reason, `published/${dataset}/`) }];
  });
  const [first] = unread;
  if (first && read.every((incidents) => incidents === null)) throw first.failure;
  const incidents = read.flatMap((incidents) => incidents ?? []);
  const isOpen = (listed: ListedIncident) => Number(listed.incident.status === "open");
  incidents.sort((a, b) => isOpen(b) - isOpen(a) || b.incident.to - a.incident.to);
  return { incidents: incidents.slice(0, SHOWN), unread };
}

/** The incidents of a dataset; null where nobody looks for any. */
async function readIncidents(dataset: string): Promise<ListedIncident[] | null> {
  const document = await readDataset(dataset);
  if (!document.marts.some((mart) => mart.series)) return null;
  const rows = await readAnomalies(dataset);
  return incidentsOf(rows).map((incident) => ({
    dataset,
    incident,
    mart: document.marts.find((mart) => mart.name === incident.mart),
  }));
}
