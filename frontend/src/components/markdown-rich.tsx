import "katex/dist/katex.min.css";
import "./highlight.css";
import ReactMarkdown from "react-markdown";
import rehypeHighlight from "rehype-highlight";
import rehypeKatex from "rehype-katex";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { components } from "./markdown";

/** `\(x\)` and `\[x\]`, which models write, as the dollars that remark-math reads. */
function dollars(text: string): string {
  return text
    .replace(/\\\[([\s\S]+?)\\\]/g, (_, formula: string) => `\n$$\n${formula.trim()}\n$$\n`)
    .replace(/\\\((.+?)\\\)/g, (_, formula: string) => `$${formula}$`);
}

export default function RichMarkdown({ text }: { text: string }) {
  return (
    <ReactMarkdown
      remarkPlugins={[remarkGfm, remarkMath]}
      rehypePlugins={[[rehypeKatex, { throwOnError: false }], rehypeHighlight]}
      components={components}
    >
      {dollars(text)}
    </ReactMarkdown>
  );
}
