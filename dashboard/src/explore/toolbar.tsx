import { distinct, type Rows } from "../analysis/aggregate";
import { periodsBetween } from "../analysis/calendar";
import { formatName, formatValue } from "../analysis/format";
import { daysOf, presetsFor } from "../analysis/time_window";
import { Icon } from "../components/icon";
import type { Value } from "../lake/table";
import { choose, type Scope } from "./scope";

// More values than this are not offered in a list; they can be chosen where they are shown.
const MOST_OPTIONS = 400;

/** Everything that can be chosen on a dataset's page. */
export function Toolbar({ scope, rows }: { scope: Scope; rows: Rows | null }) {
  const { dataset, mart, shape, measure, choice, available, window, period } = scope;
  const presets = available ? presetsFor(period, available) : [];
  // One period leaves nothing to choose.
  const hasPeriods = available !== null && periodsBetween(period, available.from, available.to) > 1;
  const days = window && daysOf(window);
  return (
    <section class="toolbar" aria-label="What is shown">
      {dataset.marts.length > 1 && (
        <div class="segmented marts" role="group" aria-label="Mart">
          {dataset.marts.map((other) => (
            <button
              key={other.name}
              type="button"
              title={other.description}
              aria-pressed={other.name === mart.name}
              onClick={() =>
                choose(scope, {
                  mart: other.name,
                  measure: null,
                  range: null,
                  from: null,
                  to: null,
                  filters: new Map(),
                  sort: null,
                })
              }
            >
              {formatName(other.name)}
            </button>
          ))}
        </div>
      )}
      <div class="toolbar-row">
        {shape.measures.length > 1 && (
          <label class="field">
            <span>Figure</span>
            <select
              value={measure.name}
              onChange={(event) => choose(scope, { measure: event.currentTarget.value })}
            >
              {shape.measures.map((other) => (
                <option key={other.name} value={other.name}>
                  {formatName(other.name)}
                </option>
              ))}
            </select>
          </label>
        )}
        {shape.dimensions.map((dimension) => (
          <DimensionField key={dimension.name} scope={scope} column={dimension.name} rows={rows} />
        ))}
        {hasPeriods && (
          <div class="field">
            <span id="range-label">Period</span>
            <div class="segmented" role="group" aria-labelledby="range-label">
              {presets.map((preset) => (
                <button
                  key={preset.name}
                  type="button"
                  aria-pressed={window?.preset === preset.name}
                  onClick={() => choose(scope, { range: preset.name, from: null, to: null })}
                >
                  {preset.label}
                </button>
              ))}
            </div>
          </div>
        )}
        {hasPeriods && days && period !== "year" && (
          <div class="field-pair">
            <label class="field">
              <span>From</span>
              <input
                type="date"
                value={days.from}
                onChange={(event) =>
                  choose(scope, { range: null, from: event.currentTarget.value, to: days.to })
                }
              />
            </label>
            <label class="field">
              <span>To</span>
              <input
                type="date"
                value={days.to}
                onChange={(event) =>
                  choose(scope, { range: null, from: days.from, to: event.currentTarget.value })
                }
              />
            </label>
          </div>
        )}
      </div>
      {choice.filters.size > 0 && (
        <ul class="chips" aria-label="Chosen">
          {[...choice.filters].map(([column, value]) => (
            <li key={column}>
              <button
                type="button"
                class="chip"
                onClick={() => choose(scope, { filters: without(choice.filters, column) })}
              >
                <span class="muted">{formatName(column)}</span> {formatValue(value)}
                <Icon name="close" />
                <span class="visually-hidden">Remove</span>
              </button>
            </li>
          ))}
          <li>
            <button type="button" class="link-button" onClick={() => choose(scope, { filters: new Map() })}>
              Show everything
            </button>
          </li>
        </ul>
      )}
    </section>
  );
}

// No value begins with this character, so it can stand for "no choice" in a list.
const EVERY = "\u0000";

function DimensionField({ scope, column, rows }: { scope: Scope; column: string; rows: Rows | null }) {
  const { filters } = scope.choice;
  const values = rows ? distinct(rows, column) : [];
  if (values.length > MOST_OPTIONS) return null;
  const chosen = filters.has(column) ? String(filters.get(column) ?? "") : EVERY;
  const options: string[] = values.map((value) => String(value ?? ""));
  // What is chosen may have no rows in this period.
  if (chosen !== EVERY && !options.includes(chosen)) options.push(chosen);
  return (
    <label class="field">
      <span>{formatName(column)}</span>
      <select
        value={chosen}
        disabled={!rows}
        onChange={(event) => {
          const next = without(filters, column);
          const { value } = event.currentTarget;
          if (value !== EVERY) next.set(column, value === "" ? null : value);
          choose(scope, { filters: next });
        }}
      >
        <option value={EVERY}>All</option>
        {options.map((value) => (
          <option key={value} value={value}>
            {formatValue(value)}
          </option>
        ))}
      </select>
    </label>
  );
}

function without(filters: Map<string, Value>, column: string): Map<string, Value> {
  return new Map([...filters].filter(([name]) => name !== column));
}
