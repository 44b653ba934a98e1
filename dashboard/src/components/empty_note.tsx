import type { ComponentChildren } from "preact";

/** What is said where there is nothing: why, and what would change that. */
export function EmptyNote({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg class="empty-drawing" viewBox="0 0 64 32" aria-hidden="true">
        <path d="M2 22c8-14 14-14 20 0s12 14 20 0 14-14 20 0" />
      </svg>
      <p class="empty-title">{title}</p>
      {children && <p class="muted">{children}</p>}
    </div>
  );
}
