/** The name that a file had where it came from: an upload's key has a number of its own before it. */
export function fileNameOf(key: string): string {
  const name = key.split("/").at(-1) ?? key;
  return name.replace(/^[0-9a-f]{32}-(?=.)/, "");
}
