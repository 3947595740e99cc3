import { memo, Suspense } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import i18n from "~/i18n";
import { later } from "./later";
import classes from "./markdown.module.css";

/** Formulas and code need large libraries, tables a small one; texts without them load neither. */
const Rich = later(() => import("./markdown-rich"));
const RICH = /```|~~~|\$[^\s$]|\\\(|\\\[/;
const Gfm = later(() => import("./markdown-gfm"));
const GFM = /\||~|\[[ xX]\]|\[\^|https?:|www\.|@/;

export const components: Components = {
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  // A remote image would tell its host who is reading. The reader decides.
  img: ({ src, alt }) => (
    <SafeLink href={typeof src === "string" ? src : undefined}>
      {i18n.t("image", { name: alt || i18n.t("image_unnamed") })}
    </SafeLink>
  ),
  // A heading inside a response is not a heading of this page.
  h1: ({ children }) => <p className={classes.heading}>{children}</p>,
  h2: ({ children }) => <p className={classes.heading}>{children}</p>,
  h3: ({ children }) => <p className={classes.heading}>{children}</p>,
  h4: ({ children }) => <p className={classes.heading}>{children}</p>,
  h5: ({ children }) => <p className={classes.heading}>{children}</p>,
  h6: ({ children }) => <p className={classes.heading}>{children}</p>,
};

function SafeLink({ href, children }: { href: string | undefined; children: React.ReactNode }) {
  if (!href || !/^(https?:|mailto:)/i.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={-1}>
      {children}
    </a>
  );
}

function Plain({ text }: { text: string }) {
  return <ReactMarkdown components={components}>{text}</ReactMarkdown>;
}

/** Text written by a person or a model. Raw HTML stays text, nothing remote is loaded. */
export const Markdown = memo(function Markdown({ text, lang }: { text: string; lang?: string }) {
  if (!text.trim()) return <p className={classes.blank}>{i18n.t("blank")}</p>;
  const Whole = RICH.test(text) ? Rich : GFM.test(text) ? Gfm : Plain;
  return (
    <div className={classes.markdown} dir="auto" lang={lang || undefined}>
      <Suspense fallback={<Plain text={text} />}>
        <Whole text={text} />
      </Suspense>
    </div>
  );
});
