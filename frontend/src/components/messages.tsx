import { useTranslation } from "react-i18next";
import { Markdown } from "./markdown";
import classes from "./messages.module.css";

/** A turn of a conversation, from the platform or from a frozen file. */
interface Message {
  role: string;
  content: string;
}

/** A conversation, each turn with who speaks. */
export function Messages({ messages }: { messages: Message[] }) {
  const { t } = useTranslation();
  return (
    <div className={classes.messages}>
      {messages.map(({ role, content }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: turns have no other identity.
        <div key={i} className={classes.message}>
          <span className={classes.role}>
            {role === "user" || role === "assistant" || role === "system"
              ? t(`conversation.${role}`)
              : role}
          </span>
          <Markdown text={content} />
        </div>
      ))}
    </div>
  );
}

/** The last thing the user said, on one line, to name a prompt in a list. */
export function promptLine(messages: Message[]): string {
  const last = messages.findLast((message) => message.role === "user") ?? messages.at(-1);
  return last?.content ?? "";
}
