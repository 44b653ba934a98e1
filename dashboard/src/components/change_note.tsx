import { formatChange } from "../analysis/format";
import { Icon } from "./icon";

interface ChangeNoteProps {
  /** As a part of what was before; null where there is nothing to compare with. */
  change: number | null;
  /** Said behind the change. */
  against?: string;
}

/** How far a figure went up or down. Neither is good or bad as such, so neither has a colour. */
export function ChangeNote({ change, against }: ChangeNoteProps) {
  if (change === null) return against ? <span class="change muted">no earlier period to compare</span> : null;
  const direction = Math.abs(change) < 0.0005 ? "flat" : change > 0 ? "up" : "down";
  return (
    <span class="change">
      <Icon name={direction} />
      <span class="visually-hidden">{direction === "flat" ? "about the same:" : direction}</span>
      <span class="numeric">{formatChange(change)}</span>
      {against && <span class="muted"> {against}</span>}
    </span>
  );
}
