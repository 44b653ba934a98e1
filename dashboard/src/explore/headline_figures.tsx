import { change, type Rows, select, timeSeries, total } from "../analysis/aggregate";
import { formatName, formatShort, formatFigure } from "../analysis/format";
import type { Measure } from "../analysis/mart_shape";
import { ChangeNote } from "../components/change_note";
import { Sparkline } from "../components/sparkline";
import { choose, type Scope } from "./scope";

const MOST = 6;

/** The figures of what is chosen, each beside the period before. */
export function HeadlineFigures({ scope, rows }: { scope: Scope; rows: Rows }) {
  const { shape, measure, window, before, period, choice } = scope;
  const selected = select(rows, window, choice.filters);
  const earlier = before ? select(rows, before, choice.filters) : [];
  const loaded = shape.measures.filter((other) => other.column === null || rows.columns.has(other.column));
  // An average is shown when it was chosen; what adds up always.
  const shown = loaded.filter((other) => other === measure || other.putting !== "mean").slice(0, MOST);
  return (
    <section aria-label="Figures" class="figures">
      {shown.map((other) => {
        const now = total(rows, selected, other, period);
        const was = before ? total(rows, earlier, other, period) : null;
        return (
          <button
            key={other.name}
            type="button"
            class="figure-tile card"
            aria-pressed={other === measure}
            title={other.description ?? undefined}
            onClick={() => choose(scope, { measure: other.name })}
          >
            <span class="figure-name">
              {formatName(other.name)}
              <span class="muted">{putting(other, period)}</span>
            </span>
            <strong class="figure-value numeric" title={formatFigure(now, other)}>
              {formatShort(now, other)}
            </strong>
            {window && <ChangeNote change={change(now, was)} against={before ? "to the period before" : "-"} />}
            {window && <Sparkline points={timeSeries(rows, selected, other, period, window, 0)} />}
          </button>
        );
      })}
    </section>
  );
}

/** How rows were put together, where that is not adding up. */
function putting(measure: Measure, period: string): string {
  if (measure.putting === "level") return ` average of a ${period}`;
  return measure.putting === "mean" ? " average of rows" : "";
}
