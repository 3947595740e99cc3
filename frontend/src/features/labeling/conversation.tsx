import { Button } from "@mantine/core";
import type { TFunction } from "i18next";
import { useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Assignment } from "~/api/types";
import { Markdown } from "~/components/markdown";
import classes from "./conversation.module.css";

/** What the responses answer. A long conversation shows its end first. */
export function Conversation({
  prompt,
  whole,
  onToggle,
}: {
  prompt: Assignment["prompt"];
  whole: boolean;
  onToggle: () => void;
}) {
  const { t } = useTranslation();
  const body = useRef<HTMLDivElement>(null);
  const [long, setLong] = useState(false);

  useLayoutEffect(() => {
    const element = body.current;
    if (!element || whole) return;
    setLong(element.scrollHeight > element.clientHeight + 4);
    // The last turn is the one to be answered.
    element.scrollTop = element.scrollHeight;
  }, [whole]);

  return (
    <section aria-label={t("labeling.prompt")}>
      <div ref={body} className={classes.messages} data-whole={whole || undefined}>
        {prompt.messages.map((message, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: turns have no other identity.
          <div key={i} className={classes.message}>
            <span className={classes.role}>{speaker(message.role, t)}</span>
            <Markdown text={message.content} lang={prompt.language} />
          </div>
        ))}
      </div>
      {(long || whole) && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={onToggle}
          aria-expanded={whole}
          rightSection={<kbd aria-hidden>P</kbd>}
        >
          {whole ? t("labeling.promptLess") : t("labeling.promptMore")}
        </Button>
      )}
    </section>
  );
}

function speaker(role: string, t: TFunction): string {
  return role === "user" || role === "assistant" || role === "system"
    ? t(`conversation.${role}`)
    : role;
}
