import { useState } from "preact/hooks";
import { change, type Part } from "../analysis/aggregate";
import { formatPercent, formatShort, formatValue } from "../analysis/format";
import type { Measure } from "../analysis/mart_shape";
import type { Value } from "../lake/table";
import { ChangeNote } from "./change_note";

const FIRST = 8;
const MOST = 100;

interface BarListProps {
  parts: Part[];
  measure: Measure;
  /** Where a click on a part leads; null where parts cannot be chosen. */
  onChoose: ((value: Value) => void) | null;
  chosen: Value | undefined;
  /** Whether there is an earlier period that parts are compared with. */
  isCompared: boolean;
}

/** The largest parts of a figure, with bars. */
export function BarList({ parts, measure, onChoose, chosen, isCompared }: BarListProps) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = parts.slice(0, showsAll ? MOST : FIRST);
  const largest = Math.max(...parts.map((part) => Math.abs(part.figure)), 0);
  return (
    <>
      <ol class="bars">
        {shown.map((part) => {
          const name = formatValue(part.value);
          const isChosen = chosen !== undefined && String(chosen) === String(part.value);
          const content = (
            <>
              <span class="bar-name">{name}</span>
              <span class="bar-figure numeric">{formatShort(part.figure, measure)}</span>
              <span class="bar-share numeric muted">
                {part.share === null ? "" : formatPercent(part.share)}
              </span>
              {isCompared && (
                <span class="bar-change">
                  <ChangeNote change={change(part.figure, part.before)} />
                </span>
              )}
              <span class="bar-track" aria-hidden="true">
                <span
                  class="bar"
                  style={{ width: `${largest ? (100 * Math.abs(part.figure)) / largest : 0}%` }}
                />
              </span>
            </>
          );
          return (
            <li key={name}>
              {onChoose ? (
                <button
                  type="button"
                  class="bar-row"
                  aria-pressed={isChosen}
                  onClick={() => onChoose(part.value)}
                >
                  {content}
                </button>
              ) : (
                <div class="bar-row">{content}</div>
              )}
            </li>
          );
        })}
      </ol>
      {parts.length > FIRST && (
        <button
          type="button"
          class="link-button"
          aria-expanded={showsAll}
          onClick={() => setShowsAll(!showsAll)}
        >
          {showsAll
            ? "Show fewer"
            : `Show ${parts.length > MOST ? `the first ${MOST} of ${parts.length}` : `all ${parts.length}`}`}
        </button>
      )}
    </>
  );
}
