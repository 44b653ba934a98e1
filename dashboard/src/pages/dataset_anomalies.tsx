import { useState } from "preact/hooks";
import { formatName, plural } from "../analysis/format";
import { incidentsOf } from "../analysis/incidents";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { IncidentList } from "../components/incident_list";
import type { DatasetDocument } from "../lake/contract";
import { readAnomalies } from "../lake/published";
import { Load, useLoaded } from "../loading";

/** Everything in a dataset that was not as expected. */
export function AnomaliesTab({ dataset }: { dataset: DatasetDocument }) {
  const anomalies = useLoaded(() => readAnomalies(dataset.name), [dataset], `published/${dataset.name}/`);
  const [status, setStatus] = useState("all");
  if (!dataset.marts.some((mart) => mart.series)) {
    return (
      <EmptyNote title="Nobody looks for anomalies here">
        A mart with a <code>series</code> in its definition is forecast, and looked at.
      </EmptyNote>
    );
  }
  return (
    <Load of={anomalies} height="page">
      {(rows) => {
        const incidents = incidentsOf(rows);
        const statuses = [...new Set(incidents.map((incident) => incident.status))];
        const shown = incidents.filter((incident) => status === "all" || incident.status === status);
        if (incidents.length === 0) {
          return (
            <EmptyNote title="All as expected">
              No value of any series was far from what was expected.
            </EmptyNote>
          );
        }
        return (
          <Card
            title={plural(shown.length, "incident")}
            subtitle="Newest first. Values that are unusual together are one incident."
            actions={
              statuses.length > 1 && (
                <label class="field">
                  <span>Status</span>
                  <select value={status} onChange={(event) => setStatus(event.currentTarget.value)}>
                    <option value="all">All</option>
                    {statuses.map((name) => (
                      <option key={name} value={name}>
                        {formatName(name)}
                      </option>
                    ))}
                  </select>
                </label>
              )
            }
          >
            <IncidentList
              incidents={shown.map((incident) => ({
                dataset: dataset.name,
                incident,
                mart: dataset.marts.find((mart) => mart.name === incident.mart),
              }))}
            />
          </Card>
        );
      }}
    </Load>
  );
}
