import { incidentsOf } from "../analysis/incidents";
import { readAnomalies, readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { Card } from "./card";
import { EmptyNote } from "./empty_note";
import { IncidentList, type ListedIncident } from "./incident_list";

const SHOWN = 10;

/** The newest incidents of all datasets; those that go on come first. */
export function LatestAnomalies({ datasets }: { datasets: string[] }) {
  const incidents = useLoaded(() => readLatest(datasets), [datasets.join()], "published/");
  return (
    <Card title="Latest anomalies" subtitle="What was not as expected, in all datasets">
      <Load of={incidents}>
        {(latest) =>
          latest.length === 0 ? (
            <EmptyNote title="All as expected">Nothing unusual was found in any series.</EmptyNote>
          ) : (
            <IncidentList incidents={latest} showsDataset />
          )
        }
      </Load>
    </Card>
  );
}

async function readLatest(datasets: string[]): Promise<ListedIncident[]> {
  // A dataset that cannot be read says so on its own card.
  const settled = await Promise.allSettled(datasets.map(readIncidents));
  const all = settled.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const isOpen = (listed: ListedIncident) => Number(listed.incident.status === "open");
  all.sort((a, b) => isOpen(b) - isOpen(a) || b.incident.to - a.incident.to);
  return all.slice(0, SHOWN);
}

async function readIncidents(dataset: string): Promise<ListedIncident[]> {
  const document = await readDataset(dataset);
  if (!document.marts.some((mart) => mart.series)) return [];
  const rows = await readAnomalies(dataset);
  return incidentsOf(rows).map((incident) => ({
    dataset,
    incident,
    mart: document.marts.find((mart) => mart.name === incident.mart),
  }));
}
