import type { ComponentChildren } from "preact";
import { Icon } from "./icon";

export type Tone = "good" | "attention" | "bad" | "quiet";

const ICONS = { good: "check", attention: "warning", bad: "warning", quiet: "dot" } as const;

/** A state in words, with a sign that does not depend on colour alone. */
export function StatusNote({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`status status-${tone}`}>
      <Icon name={ICONS[tone]} />
      <span>{children}</span>
    </span>
  );
}
