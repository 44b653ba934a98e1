import { useId, useState } from "preact/hooks";
import type { HeatMap } from "../analysis/aggregate";
import { formatFigure } from "../analysis/format";
import type { Measure } from "../analysis/mart_shape";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LEVELS = 9;
const hourText = (hour: number) => `${String(hour).padStart(2, "0")}:00`;

/** Hours against weekdays. It is a table, so that it can be read without seeing the colours. */
export function HeatTable({
  cells,
  measure,
  caption,
}: {
  cells: HeatMap;
  measure: Measure;
  caption: string;
}) {
  const id = useId();
  const [pointed, setPointed] = useState<{ day: number; hour: number } | null>(null);
  const values = cells.flat().filter((value): value is number => value !== null);
  const largest = Math.max(...values, 0);
  const level = (value: number | null) =>
    value === null ? "none" : largest === 0 ? 0 : Math.round((Math.max(0, value) / largest) * LEVELS);
  const peak = peakOf(cells);
  const shown = pointed ?? peak;
  return (
    <div class="heat">
      <table aria-describedby={id} onPointerLeave={() => setPointed(null)}>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <td />
            {Array.from({ length: 24 }, (_, hour) => (
              <th scope="col" key={hour}>
                <span class="visually-hidden">{hourText(hour)}</span>
                {hour % 6 === 0 && <span aria-hidden="true">{String(hour).padStart(2, "0")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cells.map((hours, day) => (
            <tr key={DAYS[day]}>
              <th scope="row">{DAYS[day]}</th>
              {hours.map((value, hour) => (
                <td
                  key={hour}
                  class={`heat-${level(value)}`}
                  onPointerEnter={() => setPointed({ day, hour })}
                >
                  <span class="visually-hidden">{formatFigure(value, measure)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="heat-note" id={id}>
        {shown && (
          <>
            <span class="muted">{pointed ? "" : "Most: "}</span>
            {DAYS[shown.day]} {hourText(shown.hour)}{" "}
            <strong class="numeric">{formatFigure(cells[shown.day]?.[shown.hour] ?? null, measure)}</strong>
          </>
        )}
      </p>
    </div>
  );
}

function peakOf(cells: HeatMap): { day: number; hour: number } | null {
  let peak: { day: number; hour: number; value: number } | null = null;
  cells.forEach((hours, day) => {
    hours.forEach((value, hour) => {
      if (value !== null && (!peak || value > peak.value)) peak = { day, hour, value };
    });
  });
  return peak;
}
