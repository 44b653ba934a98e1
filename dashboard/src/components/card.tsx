import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface CardProps {
  title: string;
  /** Beneath the title: which period, which unit. */
  subtitle?: ComponentChildren;
  /** To the right of the title. */
  actions?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

/** A part of a page with a title of its own. */
export function Card({ title, subtitle, actions, class: extra = "", children }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${extra}`} aria-labelledby={id}>
      <header class="card-header">
        <div>
          <h2 id={id}>{title}</h2>
          {subtitle && <p class="muted">{subtitle}</p>}
        </div>
        {actions && <div class="card-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
