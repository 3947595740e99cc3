import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { components } from "./markdown";

const PLUGINS = [remarkGfm];

/** Markdown with tables, task lists, footnotes, struck text and bare addresses. */
export default function GfmMarkdown({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={components}>
      {text}
    </ReactMarkdown>
  );
}
