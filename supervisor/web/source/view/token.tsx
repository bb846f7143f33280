// supervisor/web/source/view/token.tsx: asks once for the token that the listener wants.
import { useEffect, useRef } from "preact/hooks";
import { giveToken } from "../api/client";
import { refresh, tokenWanted } from "../model/live";
import { Logo } from "./icons";

export function TokenView() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = field.current?.value.trim() ?? "";
    if (token === "") return;
    giveToken(token);
    tokenWanted.value = "";
    refresh();
  };
  const wrong = tokenWanted.value === "wrong";
  return (
    <main class="token">
      <form class="card" onSubmit={submit}>
        <Logo />
        <h1>This supervisor asks for a token</h1>
        <p class="faint" id="token-help">
          It is in the file that the listener's configuration names. It stays in this tab and is forgotten with it.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-describedby="token-help token-error"
          aria-invalid={wrong}
        />
        <p class="error" id="token-error" role="alert">
          {wrong ? "The supervisor did not accept this token." : ""}
        </p>
        <button type="submit" class="button primary">
          Open
        </button>
      </form>
    </main>
  );
}
