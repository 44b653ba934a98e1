import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Skeleton } from "./skeleton";

/** Begins a little before its place comes into view. */
const MARGIN = "300px";

/** What is further down the page, and is not loaded before somebody comes near it. */
export function WhenSeen({ children }: { children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setIsSeen] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setIsSeen(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  if (isSeen) return <>{children}</>;
  return (
    <div ref={place}>
      <Skeleton height="chart" isSlow={false} />
    </div>
  );
}
