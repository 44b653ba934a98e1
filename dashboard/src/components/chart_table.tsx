import { useState } from "preact/hooks";
import type { Point } from "../analysis/aggregate";
import type { Period } from "../analysis/calendar";
import { formatFigure, formatPeriod } from "../analysis/format";
import type { Measure } from "../analysis/mart_shape";
import type { ForecastPoint } from "../analysis/series";
import { ScrollArea } from "./scroll_area";

interface ChartTableProps {
  label: string;
  stops: {
    time: number;
    point: Point | undefined;
    expected: ForecastPoint | undefined;
    marks: { label: string }[];
  }[];
  measure: Measure;
  period: Period;
}

/** The numbers of a chart, for who does not see it or wants them exactly. */
export function ChartTable({ label, stops, measure, period }: ChartTableProps) {
  const [isOpen, setIsOpen] = useState(false);
  const hasExpected = stops.some((stop) => stop.expected);
  const hasBand = stops.some((stop) => stop.expected?.band95);
  return (
    <details class="chart-table" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Show the numbers</summary>
      {isOpen && (
        <ScrollArea label={label}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col" class="numeric">
                  Actual
                </th>
                {hasExpected && (
                  <th scope="col" class="numeric">
                    Expected
                  </th>
                )}
                {hasBand && (
                  <th scope="col" class="numeric">
                    95 % between
                  </th>
                )}
                <th scope="col">Anomaly</th>
              </tr>
            </thead>
            <tbody>
              {stops.map(({ time, point, expected, marks }) => (
                <tr key={time}>
                  <th scope="row">{formatPeriod(period, time)}</th>
                  <td class="numeric">{formatFigure(point?.value ?? null, measure)}</td>
                  {hasExpected && <td class="numeric">{formatFigure(expected?.mean ?? null, measure)}</td>}
                  {hasBand && (
                    <td class="numeric">
                      {expected?.band95 &&
                        `${formatFigure(expected.band95[0], measure)} – ${formatFigure(expected.band95[1], measure)}`}
                    </td>
                  )}
                  <td>{marks.map((mark) => mark.label).join("; ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </details>
  );
}
