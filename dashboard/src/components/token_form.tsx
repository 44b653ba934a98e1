import { useEffect, useState } from "preact/hooks";
import { readConfig } from "../api/client";
import { giveCredential, readCredential } from "../credential";
import { forgetDocuments } from "../lake/published";
import { Icon } from "./icon";

/** Asks who is there. What was refused, by the API or by the host of the files, is then asked for anew. */
export function TokenForm({ message }: { message: string }) {
  const [text, setText] = useState(readCredential() ?? "");
  const [hint, setHint] = useState<string | undefined>();
  useEffect(() => {
    readConfig().then((config) => setHint(config.token_hint));
  }, []);
  return (
    <form
      class="note"
      onSubmit={(event) => {
        event.preventDefault();
        forgetDocuments();
        giveCredential(text.trim());
      }}
    >
      <Icon name="warning" />
      <div>
        <div role="alert">
          <p class="note-title">
            {readCredential() ? "Another token or API key is needed" : "A token or an API key is needed"}
          </p>
          <p>{message}</p>
        </div>
        {hint && <p class="muted">{hint}</p>}
        <label class="field">
          <span>Token or API key</span>
          <input
            type="password"
            autocomplete="off"
            // A header takes no other signs.
            pattern="\s*[!-~]+\s*"
            title="Letters, digits and signs, without spaces in between"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Go on
        </button>
      </div>
    </form>
  );
}
