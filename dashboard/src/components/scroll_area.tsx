import type { ComponentChildren } from "preact";

/** A part of the page that scrolls by itself, also by keyboard. */
export function ScrollArea({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll-area" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
