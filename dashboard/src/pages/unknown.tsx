import { EmptyNote } from "../components/empty_note";
import { PageHeader } from "../components/page_header";
import { hrefOf } from "../route";

/** For an address that names no page. */
export function UnknownPage({ path }: { path: string }) {
  return (
    <>
      <PageHeader title="No such page" />
      <EmptyNote title={`There is nothing at ${path}`}>
        <a href={hrefOf({ page: "overview" })}>The overview</a> lists all datasets.
      </EmptyNote>
    </>
  );
}
