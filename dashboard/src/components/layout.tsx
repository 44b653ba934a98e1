import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { hrefOf, type Route } from "../route";
import { Icon } from "./icon";

const LINKS: { route: Route; label: string; pages: Route["page"][] }[] = [
  { route: { page: "overview" }, label: "Overview", pages: ["overview", "dataset", "anomaly"] },
  { route: { page: "models" }, label: "Models", pages: ["models"] },
  { route: { page: "runs" }, label: "Runs and uploads", pages: ["runs"] },
];

/** What is around every page. */
export function Layout({ route, children }: { route: Route; children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null);
  const path = hrefOf(route);
  const isFirst = useRef(true);
  // The inputs are not all that is used: a new path is a new page.
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    // A new page: a screen reader reads from its beginning.
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <>
      <button type="button" class="skip-link" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <div class="top-inner">
          <a class="brand" href={hrefOf({ page: "overview" })}>
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <rect width="32" height="32" rx="9" />
              <path d="M7 17c3.200-6.500 6-6.500 9 0s5.800 6.500 9 0" />
            </svg>
            smelt
          </a>
          <nav aria-label="Pages">
            {LINKS.map(({ route: to, label, pages }) => (
              <a key={label} href={hrefOf(to)} aria-current={pages.includes(route.page) ? "page" : undefined}>
                {label}
              </a>
            ))}
          </nav>
          <ThemeButton />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const STORED = "smelt.theme";

function storedTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(STORED)) ?? "auto";
  } catch {
    // Storage may be switched off.
    return "auto";
  }
}

function storeTheme(theme: Theme) {
  try {
    localStorage.setItem(STORED, theme);
  } catch {
    // The choice then holds until the page is left.
  }
}

function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  // Before the first picture, so that the page is not seen in other colours.
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Colours: ${theme}. Change to ${next}.`}
      title={`Colours: ${theme}`}
      onClick={() => {
        // At once: who reloads right after the click keeps the choice.
        storeTheme(next);
        setTheme(next);
      }}
    >
      <Icon name="theme" />
      <span class="icon-button-text">{theme}</span>
    </button>
  );
}
