import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface PageHeaderProps {
  title: string;
  /** Above the title: where this page belongs. */
  trail?: { label: string; href: string }[];
  children?: ComponentChildren;
}

/** The title of a page, in it and in the browser's tab. */
export function PageHeader({ title, trail = [], children }: PageHeaderProps) {
  useEffect(() => {
    document.title = title === "smelt" ? title : `${title} · smelt`;
  }, [title]);
  return (
    <header class="page-header">
      {trail.length > 0 && (
        <nav class="trail" aria-label="Where this page is">
          {trail.map(({ label, href }) => (
            <a key={href} href={href}>
              {label}
            </a>
          ))}
        </nav>
      )}
      <h1>{title}</h1>
      {children && <div class="lead">{children}</div>}
    </header>
  );
}
